"""A password, a token, a key to sign with: used where it is needed, shown nowhere."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final, NoReturn, final

#: What is shown in its place.
MASK: Final = "***"


@final
class Secret:
    """
    A text that never shows itself: printed, formatted, logged or written as JSON it is `***`.

    `reveal()` is the one way to the text. Equal secrets compare equal in constant time. A secret is neither
    pickled nor changed.

    >>> token = Secret("hunter2")
    >>> f"{token} {token!r} {[token]}"
    "*** Secret('***') [Secret('***')]"
    >>> token.reveal()
    'hunter2'
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        if type(text) is not str:
            raise TypeError("A secret is a text. Give a str.")
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """Give the text itself. Ask for it where it is used, and keep the secret instead."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(_octets(self), _octets(other))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A secret cannot be changed. Make a new one.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("A secret cannot be changed. Make a new one.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __getstate__(self) -> NoReturn:
        raise TypeError(_UNPICKLED)

    def __reduce__(self) -> NoReturn:
        raise TypeError(_UNPICKLED)


_UNPICKLED = "A secret is not pickled. Hand over its reference, and read it again on the other side."


def _octets(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
