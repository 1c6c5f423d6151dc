"""
A storage in memory that lets several writers in, as PostgreSQL and MariaDB do; its locks are real.

A writer notes what it does and shows it to itself at once; at the commit all of it is done again, on what is committed
by then, with nobody else in. So it is no copy of the one-writer adapter: clashes show at the end, and locks matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from threading import Lock
from typing import Any

from crmkit.domain.client import Client, Kept
from crmkit.domain.ids import ClientId, RecordId
from crmkit.domain.records import Record, Versioned
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.errors import CRMError, StorageBusy, TransactionOver
from crmkit.ports import Accelerators, Entry
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.memory.transaction import MemoryTransaction

PATIENCE = 5.0
Deed = Callable[[MemoryTransaction], object]


class WriterAmongOthers(MemoryTransaction):
    """One of several writers."""

    __slots__ = ("deeds", "held", "shared")

    shared: SeveralWriters
    deeds: list[Deed]
    held: dict[str, Lock]

    def insert(self, value: Record) -> None:
        super().insert(value)
        self.deeds.append(lambda tx: tx.insert(value))

    def replace(self, value: Versioned, expected_version: int) -> None:
        super().replace(value, expected_version)
        self.deeds.append(lambda tx: tx.replace(value, expected_version))

    def put_back(self, client: Client) -> None:
        super().put_back(client)
        self.deeds.append(lambda tx: tx.put_back(client))

    def keep(self, client_id: ClientId, field: Kept, at: datetime, under: Scope | None = None) -> bool:
        seen = super().keep(client_id, field, at, under)
        if seen:
            self.deeds.append(lambda tx: tx.keep(client_id, field, at))
        return seen

    def delete(self, kind: type[Record], id: RecordId) -> None:
        super().delete(kind, id)
        self.deeds.append(lambda tx: tx.delete(kind, id))

    def append(self, entry: Entry) -> None:
        super().append(entry)
        self.deeds.append(lambda tx: tx.append(entry))

    def settle(self, positions: Collection[int]) -> None:
        super().settle(positions)
        self.deeds.append(lambda tx: tx.settle(positions))

    def remember(self, key: str, text: str) -> None:
        super().remember(key, text)
        self.deeds.append(lambda tx: tx.remember(key, text))

    def lock(self, names: Iterable[str]) -> None:
        for name in sorted({*names} - self.held.keys()):
            lock = self.shared.lock_of(name)
            if not lock.acquire(timeout=PATIENCE):
                raise self._noted(StorageBusy())
            self.held[name] = lock

    def commit(self) -> None:
        if self.ended:
            raise TransactionOver
        try:
            if self._failure is not None:
                raise self._failure
            self.shared.done_again(self.deeds)
        finally:
            self.rollback()

    def rollback(self) -> None:
        self.ended = True
        while self.held:
            self.held.popitem()[1].release()


class SeveralWriters(MemoryStorage):
    """Writers do not wait for each other at the door."""

    writer: type[WriterAmongOthers] = WriterAmongOthers

    def __init__(self) -> None:
        super().__init__()
        self._locks: dict[str, Lock] = {}

    def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
        if not write:
            return super().begin(write=False, scope=scope)
        super().begin(write=False, scope=scope).rollback()  # which says so if it is closed
        tx = self.writer(self, scope, write=True)
        tx.shared, tx.deeds, tx.held = self, [], {}
        return tx

    def lock_of(self, name: str) -> Lock:
        """The one lock of this name."""
        return self._locks.setdefault(name, Lock())

    def done_again(self, deeds: Iterable[Deed]) -> None:
        """Do everything on what is committed by now, and commit it, with nobody else in."""
        tx: Any = super().begin(write=True, scope=EVERYONE)
        try:
            for deed in deeds:
                deed(tx)
            tx.commit()
        except CRMError:
            tx.rollback()
            raise


class PlainWriter(WriterAmongOthers):
    """Only the contract, with the plain forms of the rest."""

    __slots__ = ()
    keep = Accelerators.keep
    consent_head = Accelerators.consent_head


class PlainSeveralWriters(SeveralWriters):
    writer = PlainWriter
