"""Who acts when no person does."""

from __future__ import annotations

from typing import Self


class System(str):
    """
    A program of ours as an actor, told from the host's people by its prefix.

    >>> System("nightly")
    'system:nightly'
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Self:
        """Name the program."""
        return super().__new__(cls, f"system:{name}")
