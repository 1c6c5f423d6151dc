"""Who acts when no person does."""

from __future__ import annotations

from typing import Final, Self

PREFIX: Final = "system:"


class System(str):
    """
    A program of ours as an actor, told from the host's people by its prefix.

    >>> System("nightly")
    'system:nightly'
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Self:
        """Name the program."""
        return super().__new__(cls, f"{PREFIX}{name}")


def is_system(actor: str | None) -> bool:
    """
    Whether a program acts: said with `System`, or read from a journal.

    >>> is_system(System("nightly")), is_system("17")
    (True, False)
    """
    return actor is not None and actor.startswith(PREFIX)
