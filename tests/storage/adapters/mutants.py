"""Storages broken on purpose: each breaks one promise and names the tests of the suite that must notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import attrs

from crmkit.domain.scope import Scope
from crmkit.ports import Storage
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.memory.table import Table
from crmkit.storage.memory.transaction import MemoryTransaction

T = TypeVar("T", bound=type[MemoryTransaction])


@attrs.frozen
class Mutant:
    """What is broken, and who must see it."""

    promise: str
    noticed_by: tuple[str, ...]
    opened: Callable[[Path], Storage]


#: By name.
MUTANTS: dict[str, Mutant] = {}


class OneKind(MemoryStorage):
    """A storage in memory whose transactions are of one kind."""

    def __init__(self, kind: type[MemoryTransaction]) -> None:
        super().__init__()
        self._kind = kind

    def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
        tx = super().begin(write=write, scope=scope)
        tx.__class__ = self._kind
        return tx


def opens(promise: str, *noticed_by: str) -> Callable[[Callable[[Path], Storage]], Callable[[Path], Storage]]:
    """Enter a function that opens a broken storage in a folder."""

    def enter(opened: Callable[[Path], Storage]) -> Callable[[Path], Storage]:
        _enter(opened.__name__, Mutant(promise, noticed_by, opened))
        return opened

    return enter


def breaks(promise: str, *noticed_by: str) -> Callable[[T], T]:
    """Enter a broken transaction, on a storage in memory."""

    def enter(kind: T) -> T:
        _enter(kind.__name__, Mutant(promise, noticed_by, lambda _: OneKind(kind)))
        return kind

    return enter


def keyed(name: str, promise: str, noticed_by: str, changed: Callable[[Table, object], object]) -> None:
    """Enter a storage in memory that takes other unique keys for the same than it should."""

    class Confused(Table):
        __slots__ = ()

        def unique_key(self, record: object) -> tuple[object, ...] | None:
            key = super().unique_key(record)
            return None if key is None else tuple([changed(self, part) for part in key])

    def opened(_: Path) -> Storage:
        storage = MemoryStorage()
        storage.tables = {kind: Confused(kind) for kind in storage.tables}
        return storage

    _enter(name, Mutant(promise, (noticed_by,), opened))


def _enter(name: str, mutant: Mutant) -> None:
    assert name not in MUTANTS
    MUTANTS[name] = mutant
