"""Where secrets come from: the environment, a file, or the host's own keeper. Nothing is kept here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import cast

import attrs

from crmkit.domain.secret import Secret

_LONGEST = 65_536
_LITERAL = 'Write a reference, {env = "NAME"} or {file = "PATH"}, not the value.'


@attrs.frozen
class Refusal:
    """Why there is no secret: a rule's code, and what to do. Neither tells anything that was given."""

    code: str
    message: str


@attrs.frozen
class References:
    """What secrets are looked up in: *environ*, files, and *secrets*, which is asked for a setting's path."""

    environ: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    secrets: Callable[[str], str | None] | None = attrs.field(default=None, repr=False)

    def followed(self, given: object) -> Secret | Refusal:
        """Look up what a file of settings refers to."""
        if isinstance(given, Secret):  # a host's own program has made it
            return given
        if not isinstance(given, Mapping):
            return Refusal("literal_secret", _LITERAL)
        match dict(cast(Mapping[object, object], given)):
            case {"env": str(name), **rest} if name and not rest:
                return self._from_environment(name)
            case {"file": str(path), **rest} if path and not rest:
                return _from_file(path)
            case _:
                return Refusal("literal_secret", _LITERAL)

    def asked(self, path: str) -> Secret | Refusal | None:
        """Ask the host for the secret at *path*; None if it has none."""
        if self.secrets is None:
            return None
        try:
            text = cast(object, self.secrets(path))
        except Exception as error:  # noqa: BLE001 - whatever a host's keeper raises, and it may hold a secret
            return Refusal("unavailable", f"The host's secrets raised {type(error).__name__}. Look into its own log.")
        if text is None:
            return None
        return (
            Secret(text) if type(text) is str and text else Refusal("empty_secret", "The host gave no text. Mend it.")
        )

    def _from_environment(self, name: str) -> Secret | Refusal:
        environ = os.environ if self.environ is None else self.environ
        try:
            text = environ.get(name)
        except ValueError:  # half a character in the name
            text = None
        if not text:
            return Refusal(
                "missing_variable", "The environment variable named here is not set. Set it, or name another."
            )
        return Secret(text)


def _from_file(path: str) -> Secret | Refusal:
    """One newline at the end belongs to the file, not to the secret."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path would refuse other names than open does
            octets = file.read(_LONGEST + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return Refusal(
            "missing_file", f"The file named here cannot be read ({why}). Make it readable, or name another."
        )
    except ValueError:
        return Refusal("missing_file", "This is no name of a file. Name the file that holds the secret.")
    try:
        text = octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return Refusal("not_text", "The file named here is no UTF-8 text. Write the secret into it as text.")
    if not text or len(octets) > _LONGEST:
        return Refusal(
            "empty_secret", f"The file named here is empty, or over {_LONGEST} bytes. Write the secret into it."
        )
    return Secret(text)
