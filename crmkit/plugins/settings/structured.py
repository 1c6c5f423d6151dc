"""A table of settings becomes an instance of the plugin's class, or one error that names every fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import attrs

from crmkit.errors import Fault, Invalid
from crmkit.plugins.settings.checking import checked_class
from crmkit.plugins.settings.references import References

T = TypeVar("T")


def structured(
    settings_class: type[T],
    given: Mapping[str, object],
    *,
    plugin: str,
    source: str = "",
    environ: Mapping[str, str] | None = None,
    secrets: Callable[[str], str | None] | None = None,
) -> T:
    """
    Read a plugin's settings strictly: nothing is guessed, nothing unknown is passed over.

    Whatever is wrong raises one `Invalid` with every fault: its path is the setting's, such as `plugins.slack.token`,
    its message says what to do, and where (*source*), and never what was given.
    A `Secret` is given as a reference, `{env = "NAME"}` or `{file = "PATH"}`; *environ* is `os.environ` unless given.
    One that is not given is asked of *secrets*, by its path; None means that the host has none.
    A class that no settings can be made of is `Invalid` before anything is read; see `checked_class`.

    >>> @attrs.frozen
    ... class SlackSettings:
    ...     channel: str
    ...     attempts: int = 5
    >>> structured(SlackSettings, {"channel": "#sales"}, plugin="slack")
    SlackSettings(channel='#sales', attempts=5)
    """
    if mistakes := checked_class(settings_class):
        raise Invalid(*[attrs.evolve(one, path=f"plugins.{plugin}.{one.path}", plugin=plugin) for one in mistakes])
    value, faults = _read(settings_class, given, f"plugins.{plugin}", References(environ, secrets))
    if faults:
        see = f" See {source}." if source else ""
        # Not inside an `except`: the error has no context, and so nothing that was given.
        raise Invalid(*[Fault(one.path, one.code, one.message + see, plugin) for one in faults])
    return cast(T, value)


def _read(kind: type[Any], given: object, path: str, references: References) -> tuple[Any, list[Fault]]:
    from crmkit.plugins.settings.converter import Reading

    reading = Reading(path, references)
    return reading.read(kind, given), reading.faults
