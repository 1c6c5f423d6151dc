"""Broken promises about several at once: snapshots, locks, doors, connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock, Semaphore
from typing import TypeVar

from mutants import breaks, opens
from several_writers import SeveralWriters, WriterAmongOthers

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.records import Record, Versioned
from crmkit.domain.scope import Scope
from crmkit.errors import Conflict, StorageBusy
from crmkit.ports import Entry, Storage
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.memory.table import number_of
from crmkit.storage.memory.transaction import MemoryTransaction

R = TypeVar("R", bound=Record)
ALONE, ONCE = "test_who_holds_a_name_is_alone", "test_finding_and_then_adding_under_a_lock_adds_once"
#: How long these wait before they give up; so a test that hangs them takes no longer.
BRIEFLY = 0.3


@opens("A reader keeps the snapshot of its first read.", "test_a_snapshot_stays_as_it_was",
       "test_pages_of_a_snapshot_stand_still", "test_a_writer_is_not_held_up_by_a_reader")  # fmt: skip
def readers_see_later_commits(_: Path) -> Storage:
    class Storage(MemoryStorage):
        def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
            tx = super().begin(write=write, scope=scope)
            self._readers.clear()
            return tx

    return Storage()


@breaks("The journal is part of a snapshot.", "test_a_snapshot_stays_as_it_was")
class JournalOfNow(MemoryTransaction):
    __slots__ = ()

    def journal(self) -> Iterator[Entry]:
        yield from [*self._storage.entries, *self.appended]


@breaks("Keys are part of a snapshot.", "test_a_snapshot_stays_as_it_was")
class KeysOfNow(MemoryTransaction):
    __slots__ = ()

    def recall(self, key: str) -> str | None:
        return self.keys.get(key) or self._storage.keys.get(key, (0, None))[1]


@breaks("Nobody reads what is not committed.", "test_a_reader_is_not_held_up_by_a_writer")
class DirtyReads(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        writer = self._storage._writer
        return super().select(query) if self.write or writer is None else MemoryTransaction.select(writer, query)


@opens("A reader waits for no writer.", "test_a_reader_is_not_held_up_by_a_writer", "test_a_snapshot_stays_as_it_was",
       "test_a_writer_is_not_held_up_by_a_reader")  # fmt: skip
def one_at_a_time(_: Path) -> Storage:
    class Storage(MemoryStorage):
        def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
            if not self._writing.acquire(timeout=BRIEFLY):
                raise StorageBusy
            if write:
                self._writing.release()
                return super().begin(write=True, scope=scope)
            tx = super().begin(write=False, scope=scope)
            tx.__class__ = Holding
            return tx

    class Holding(MemoryTransaction):
        __slots__ = ()

        def rollback(self) -> None:
            if not self.ended:
                self._storage._writing.release()
            super().rollback()

    return Storage()


def _of(kind: type[WriterAmongOthers], base: type[SeveralWriters] = SeveralWriters) -> Storage:
    made: type[SeveralWriters] = type(kind.__name__, (base,), {"writer": kind})
    return made()


@opens("A lock excludes others.", ALONE, ONCE, "test_what_the_last_holder_wrote_is_seen")
def locks_that_do_not_lock(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def lock(self, names: Iterable[str]) -> None:
            list(names)

    return _of(Writer)


@opens("A lock is held to the end of the transaction.", ALONE, ONCE)
def locks_let_go_at_once(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def lock(self, names: Iterable[str]) -> None:
            super().lock(names)
            while self.held:
                self.held.popitem()[1].release()

    return _of(Writer)


@opens("A lock holds against other transactions, whoever asks.", ALONE, ONCE)
def locks_of_one_transaction_each(_: Path) -> Storage:
    class Storage(SeveralWriters):
        def lock_of(self, name: str) -> Lock:
            return Lock()

    return Storage()


@opens("Names are taken in sorted order.", "test_names_asked_for_in_opposite_orders_never_block")
def locks_in_the_order_given(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def lock(self, names: Iterable[str]) -> None:
            for name in names:
                if name not in self.held:
                    lock = self.shared.lock_of(name)
                    if not lock.acquire(timeout=BRIEFLY):
                        raise self._noted(StorageBusy())
                    self.held[name] = lock

    return _of(Writer)


@opens("A name held is held once.", "test_locks_are_given_again_after_the_end")
def locks_taken_twice(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def lock(self, names: Iterable[str]) -> None:
            for name in sorted(names):
                lock = self.shared.lock_of(name)
                if not lock.acquire(timeout=BRIEFLY):
                    raise self._noted(StorageBusy())
                self.held[name] = lock

    return _of(Writer)


@opens("Every end lets go of the locks.", "test_a_lock_is_free_after_every_end")
def locks_kept_after_a_conflict(_: Path) -> Storage:
    class Storage(SeveralWriters):
        def lock_of(self, name: str) -> Lock:
            lock = super().lock_of(name)
            if lock.locked():
                raise StorageBusy
            return lock

    class Writer(WriterAmongOthers):
        __slots__ = ()

        def rollback(self) -> None:
            if self._failure is not None:
                self.held = {}
            super().rollback()

    return _of(Writer, Storage)


@opens("Who waited for a name sees what its last holder wrote.", "test_what_the_last_holder_wrote_is_seen")
def writers_on_their_first_snapshot(_: Path) -> Storage:
    """REPEATABLE READ for writers: the second look shows what the first did."""

    class Writer(WriterAmongOthers):
        __slots__ = ()

        def select(self, query: Query[R]) -> list[R]:
            rows = super().select(query)
            if query.kind is not Client or self.deeds:
                return rows
            first = self._taken.setdefault(("first look",), ",".join(str(row.id) for row in rows))
            return [row for row in rows if str(row.id) in str(first)]

    return _of(Writer)


@opens("A version is compared when the change is written.", "test_a_change_overtaken_by_another_conflicts")
def the_last_writer_wins(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def replace(self, value: Versioned, expected_version: int) -> None:
            MemoryTransaction.replace(self, value, expected_version)
            self.deeds.append(lambda tx: tx.overlay(type(value)).put(number_of(value.id), value))

    return _of(Writer)


@opens("A unique key is held at the commit, not only at a look.", "test_two_writers_meet")
def keys_looked_up_before(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def insert(self, value: Record) -> None:
            MemoryTransaction.insert(self, value)
            self.deeds.append(lambda tx: tx.overlay(type(value)).put(number_of(value.id), value))

    return _of(Writer)


@opens("Of two who remember one key one is told.", "test_a_key_is_remembered_by_one_of_two")
def keys_overwritten(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def remember(self, key: str, text: str) -> None:
            MemoryTransaction.remember(self, key, text)
            self.deeds.append(lambda tx: tx.keys.update({key: text}))

    return _of(Writer)


@opens("No committed entry is lost.", "test_every_entry_reaches_the_journal_once")
def journal_written_as_it_was_read(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def append(self, entry: Entry) -> None:
            read = list(self.journal())
            super().append(entry)
            self.deeds.append(lambda tx: tx._storage.entries.__setitem__(slice(None), read))

    return _of(Writer)


@opens("A kept instant is compared when it is written.", "test_the_latest_kept_instant_stays")
def instants_compared_before(_: Path) -> Storage:
    class Writer(WriterAmongOthers):
        __slots__ = ()

        def keep(self, client_id: object, field: object, at: object, under: Scope | None = None) -> bool:
            seen = MemoryTransaction.keep(self, client_id, field, at, under)  # type: ignore[arg-type]
            (client,) = self.get_many(Client, [client_id])  # type: ignore[list-item]
            self.deeds.append(lambda tx: tx.put_back(client))
            return seen

    return _of(Writer)


@opens("Every end lets the next writer in.", "test_every_ending_gives_everything_back",
       "test_a_lock_is_free_after_every_end")  # fmt: skip
def door_closed_after_a_conflict(_: Path) -> Storage:
    class Storage(MemoryStorage):
        def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
            if write and self._writing.locked():
                raise StorageBusy
            return super().begin(write=write, scope=scope)

        def end(self, tx: MemoryTransaction) -> None:
            if not isinstance(tx._failure, Conflict):
                super().end(tx)

    return Storage()


@opens("Every end gives its connection back.", "test_every_ending_gives_everything_back")
def readers_keep_connections(_: Path) -> Storage:
    """A pool of twenty, to which a reader's commit gives nothing back."""
    pool = Semaphore(20)

    class Storage(MemoryStorage):
        def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
            if not pool.acquire(blocking=False):
                raise StorageBusy
            return super().begin(write=write, scope=scope)

        def end(self, tx: MemoryTransaction) -> None:
            if not tx.ended and (tx.write or not tx._entries_seen):
                pool.release()
            super().end(tx)

    return Storage()


@opens("A closed storage says so.", "test_a_closed_storage_says_so")
def open_for_ever(_: Path) -> Storage:
    class Storage(MemoryStorage):
        def close(self) -> None:
            """Nothing to let go of."""

    return Storage()


@opens("A name is one word.", "test_a_storage_says_what_it_is")
def two_names(_: Path) -> Storage:
    class Storage(MemoryStorage):
        name = "My storage"

    return Storage()


@opens("A waiting writer is let in at the end.", "test_a_waiting_writer_is_let_in_at_the_end", "test_two_writers_meet")
def nobody_waits(_: Path) -> Storage:
    """The second writer is turned away at once."""

    class Storage(MemoryStorage):
        def begin(self, *, write: bool, scope: Scope) -> MemoryTransaction:
            if write and self._writing.locked():
                raise StorageBusy
            return super().begin(write=write, scope=scope)

    return Storage()
