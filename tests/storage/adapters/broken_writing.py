"""Broken promises about writing: atomicity, versions, references, kept instants, the journal, the keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from threading import get_ident
from typing import Any

import attrs
from mutants import breaks

from crmkit.domain.client import KEPT, Client, Kept
from crmkit.domain.ids import ClientId, RecordId
from crmkit.domain.records import RECORDS, Record, Versioned
from crmkit.domain.scope import Scope
from crmkit.errors import Conflict, CRMError, StorageUnreachable
from crmkit.ports import Entry
from crmkit.storage.memory.table import number_of
from crmkit.storage.memory.transaction import MemoryTransaction


@breaks(
    "A rollback forgets everything.",
    "test_a_rollback_leaves_nothing",
    "test_an_error_in_the_middle_leaves_nothing",
    "test_a_rolled_back_entry_leaves_no_gap_in_what_is_read",
)
class NoRollback(MemoryTransaction):
    __slots__ = ()

    def rollback(self) -> None:
        if not self.ended:
            self._storage.commit(self)


@breaks(
    "After an error a transaction is over.",
    "test_after_a_conflict_nothing_is_committed",
    "test_a_commit_that_fails_has_written_nothing_at_all",
)
class CommitsWhatIsLeft(MemoryTransaction):
    __slots__ = ()

    def _noted(self, failure: CRMError) -> CRMError:
        return failure


@breaks(
    "The journal is in the commit of what it tells.",
    "test_a_rollback_leaves_nothing",
    "test_a_commit_that_fails_has_written_nothing_at_all",
    "test_every_entry_reaches_the_journal_once",
)
class JournalBesideTheCommit(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        self._storage.entries.append(entry)
        self._entries_seen += 1


@breaks(
    "Keys are in the commit of what was done under them.",
    "test_a_rollback_leaves_nothing",
    "test_a_commit_that_fails_has_written_nothing_at_all",
)
class KeysBesideTheCommit(MemoryTransaction):
    __slots__ = ()

    def remember(self, key: str, text: str) -> None:
        super().remember(key, text)
        self._storage.keys[key] = len(self._storage.keys), text


@breaks(
    "What was committed is there.", "test_a_transaction_may_end_in_another_thread", "test_every_record_comes_back_equal"
)
class RecordsLost(MemoryTransaction):
    __slots__ = ()

    def _complete(self) -> None:
        super()._complete()
        self.overlays = {}


@breaks("A second commit says that it is one.", "test_what_is_over_is_not_committed_again")
class CommitsTwice(MemoryTransaction):
    __slots__ = ()

    def commit(self) -> None:
        if not self.ended:
            super().commit()


@breaks("A rollback after the end is harmless.", "test_a_late_rollback_does_not_touch_the_next_transaction")
class EndsTheNext(MemoryTransaction):
    __slots__ = ()

    def rollback(self) -> None:
        if self.ended and (writer := self._storage._writer) is not None:
            writer.overlays = {}
        super().rollback()


@breaks("A transaction may end in another thread.", "test_a_transaction_may_end_in_another_thread")
class BoundToItsThread(MemoryTransaction):
    __slots__ = ()

    def insert(self, value: Record) -> None:
        super().insert(value)
        self._taken["thread",] = get_ident()

    def commit(self) -> None:
        if self._taken.get(("thread",), get_ident()) != get_ident():
            raise StorageUnreachable("another thread")
        super().commit()


@breaks("Who only reads writes nothing.", "test_a_transaction_that_only_reads_writes_nothing")
class ReadersWrite(MemoryTransaction):
    __slots__ = ()

    def commit(self) -> None:
        if not self.write:
            for kind, overlay in self.overlays.items():
                self._storage._put(kind, overlay)
        super().commit()


@breaks("An id is taken once.", "test_the_same_id_twice_conflicts")
class TakesIdsTwice(MemoryTransaction):
    __slots__ = ()

    def insert(self, value: Record) -> None:
        self.overlay(type(value)).put(number_of(value.id), value)


@breaks("A unique key is taken once.", "test_the_same_external_id_twice_conflicts", "test_two_writers_meet",
        "test_a_taken_number_in_a_row_conflicts")  # fmt: skip
class TakesKeysTwice(MemoryTransaction):
    __slots__ = ()

    def _claim(self, kind: Any, number: Any, before: Any | None, after: Any | None) -> None:
        """Nobody asks."""


@breaks("A key given up is free.", "test_a_changed_key_is_taken_and_the_old_one_free")
class KeysStayTaken(MemoryTransaction):
    __slots__ = ()

    def _claim(self, kind: Any, number: Any, before: Any | None, after: Any | None) -> None:
        super()._claim(kind, number, None if after is not None else before, after)


@breaks("A changed key is held to it too.", "test_a_changed_key_is_taken_and_the_old_one_free")
class ChangedKeysUnchecked(MemoryTransaction):
    __slots__ = ()

    def _claim(self, kind: Any, number: Any, before: Any | None, after: Any | None) -> None:
        if before is None:
            super()._claim(kind, number, before, after)


@breaks("A change names the version it replaces.", "test_a_change_of_another_version_conflicts",
        "test_every_ending_gives_everything_back")  # fmt: skip
class StaleChangesPass(MemoryTransaction):
    __slots__ = ()

    def replace(self, value: Versioned, expected_version: int) -> None:
        stored = self._record(type(value), number_of(value.id))
        super().replace(value, expected_version if stored is None else stored.version)


@breaks("The version of a record that waits counts too.", "test_a_change_of_another_version_conflicts")
class WaitingVersionsUnchecked(MemoryTransaction):
    __slots__ = ()

    def replace(self, value: Versioned, expected_version: int) -> None:
        number = number_of(value.id)
        if number not in self._storage.tables[type(value)].rows and (stored := self._record(type(value), number)):
            expected_version = stored.version
        super().replace(value, expected_version)


@breaks("What is gone is not made anew by changing it.", "test_a_change_of_nothing_stored_conflicts")
class ChangesMakeAnew(MemoryTransaction):
    __slots__ = ()

    def replace(self, value: Versioned, expected_version: int) -> None:
        if self._record(type(value), number_of(value.id)) is None:
            self.insert(value)
        else:
            super().replace(value, expected_version)


@breaks("A change replaces every field.", "test_a_change_replaces_every_field")
class EmptiedFieldsStay(MemoryTransaction):
    __slots__ = ()

    def replace(self, value: Versioned, expected_version: int) -> None:
        stored = self._record(type(value), number_of(value.id))
        given: Any = value
        said = {name: one for name, one in attrs.asdict(given, recurse=False).items() if one is not None}
        super().replace(given if stored is None else attrs.evolve(stored, **said), expected_version)


@breaks("Nothing points to what is not there.", "test_a_record_of_somebody_unknown_conflicts",
        "test_a_commit_that_fails_has_written_nothing_at_all")  # fmt: skip
class PointsIntoTheVoid(MemoryTransaction):
    __slots__ = ()

    def _complete(self) -> None:
        if self._failure is not None or self.ended:
            super()._complete()


@breaks("What others hang on is not deleted.", "test_what_others_hang_on_is_not_deleted")
class DeletesUnderOthers(MemoryTransaction):
    __slots__ = ()

    def delete(self, kind: type[Record], id: RecordId) -> None:
        self.overlay(kind).put(number_of(id), None)


@breaks("What is deleted is gone.", "test_what_is_deleted_is_gone")
class DeletedComesBack(MemoryTransaction):
    __slots__ = ()

    def _complete(self) -> None:
        super()._complete()
        for overlay in self.overlays.values():
            overlay.rows = {number: row for number, row in overlay.rows.items() if row is not None}


@breaks("An id is free once its record is gone.", "test_what_is_deleted_can_be_added_again")
class IdsUsedUp(MemoryTransaction):
    __slots__ = ()

    def insert(self, value: Record) -> None:
        if (overlay := self.overlays.get(type(value))) and number_of(value.id) in overlay.rows:
            raise self._noted(Conflict("record", value.id))
        super().insert(value)


@breaks("A long import is kept whole.", "test_more_can_be_written_than_fits_a_buffer")
class BufferOverflows(MemoryTransaction):
    __slots__ = ()

    def insert(self, value: Record) -> None:
        if len(self.overlay(type(value)).rows) < 2000:
            super().insert(value)


@breaks("A kept instant is only raised.", "test_a_change_does_not_turn_kept_instants_back",
        "test_keeping_an_instant_only_raises_it")  # fmt: skip
class KeepsTheLast(MemoryTransaction):
    __slots__ = ()

    def keep(self, client_id: ClientId, field: Kept, at: datetime, under: Scope | None = None) -> bool:
        for client in self.get_many(Client, [client_id]):
            changed: dict[str, Any] = {field: at}
            self.put_back(attrs.evolve(client, **changed))
            return True
        return False


@breaks("Keeping an instant counts no version.", "test_the_latest_kept_instant_stays",
        "test_a_change_does_not_turn_kept_instants_back")  # fmt: skip
class KeepingCountsAVersion(MemoryTransaction):
    __slots__ = ()

    def keep(self, client_id: ClientId, field: Kept, at: datetime, under: Scope | None = None) -> bool:
        seen = super().keep(client_id, field, at, under)
        for client in self.get_many(Client, [client_id]):
            self.overlay(Client).put(client.id.int, attrs.evolve(client, version=client.version + 1))
        return seen


@breaks("A change leaves kept instants alone.", "test_a_change_does_not_turn_kept_instants_back")
class ChangesTurnInstantsBack(MemoryTransaction):
    __slots__ = ()

    def replace(self, value: Versioned, expected_version: int) -> None:
        super().replace(value, expected_version)
        self.overlay(type(value)).put(number_of(value.id), value)


@breaks("Putting instants back changes nothing else.", "test_kept_instants_can_be_put_back")
class PutsEverythingBack(MemoryTransaction):
    __slots__ = ()

    def put_back(self, client: Client) -> None:
        self.overlay(Client).put(client.id.int, client)


@breaks("Putting instants back lowers them too.", "test_kept_instants_can_be_put_back")
class PutsBackOnlyHigher(MemoryTransaction):
    __slots__ = ()

    def put_back(self, client: Client) -> None:
        for field in KEPT:
            if (at := getattr(client, field)) is not None:
                self.keep(client.id, field, at)


@breaks("The oldest commit comes first.", "test_the_journal_keeps_order_and_subscribers",
        "test_every_entry_reaches_the_journal_once")  # fmt: skip
class JournalReversed(MemoryTransaction):
    __slots__ = ()

    def journal(self) -> Iterator[Entry]:
        yield from reversed(list(super().journal()))


@breaks("The entries of one transaction keep their order.", "test_the_entries_of_one_transaction_keep_their_order")
class BatchReversed(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        if entry.events:
            self.appended.insert(0, entry)


@breaks("An entry names who must hear of it.", "test_the_journal_keeps_order_and_subscribers")
class SubscribersLost(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        super().append(Entry(entry.events))


@breaks("An entry is written once.", "test_every_entry_reaches_the_journal_once",
        "test_the_journal_keeps_order_and_subscribers")  # fmt: skip
class EntriesTwice(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        super().append(entry)
        super().append(entry)


@breaks("An entry without events is not written.", "test_an_entry_without_events_is_nothing")
class EmptyEntriesKept(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        self.appended.append(entry)


@breaks("The journal is read to its end.", "test_a_long_journal_is_read_to_its_end")
class JournalCut(MemoryTransaction):
    __slots__ = ()

    def journal(self) -> Iterator[Entry]:
        yield from list(super().journal())[:1000]


@breaks("A key is remembered once.", "test_a_key_is_remembered_once")
class KeysTwice(MemoryTransaction):
    __slots__ = ()

    def remember(self, key: str, text: str) -> None:
        self.keys[key] = text


@breaks("Keys are told apart letter by letter.", "test_keys_are_told_apart_letter_by_letter",
        "test_a_key_is_remembered_once")  # fmt: skip
class KeysFolded(MemoryTransaction):
    __slots__ = ()

    def recall(self, key: str) -> str | None:
        return super().recall(key.casefold().rstrip())

    def remember(self, key: str, text: str) -> None:
        super().remember(key.casefold().rstrip(), text)


@breaks("Every kind of record is kept.", "test_every_record_comes_back_equal")
class LastKindForgotten(MemoryTransaction):
    __slots__ = ()

    def insert(self, value: Record) -> None:
        if type(value) is not RECORDS[-1]:
            super().insert(value)
