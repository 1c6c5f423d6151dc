"""The journal, which is the outbox; and the keys under which work is done once."""

from __future__ import annotations

import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.source import Source
from crmkit.errors import Conflict
from crmkit.ports import Entry, Storage
from crmkit.testing.builders import HARD, a_client, an_entry
from crmkit.testing.suite.opened import OnAStorage, reading, writing


class Journal(OnAStorage):
    """What is written beside the records, in their commit."""

    def test_the_journal_keeps_order_and_subscribers(self, storage: Storage) -> None:
        """Entries come back equal, the oldest commit first, each with who must hear of it."""
        entries = [
            an_entry(a_client(), "mail:send", "log: all"),
            an_entry(a_client(), events=3, actor=None, correlation_id="Ё-1"),
            an_entry(a_client(), "log: all"),
            an_entry(a_client(), HARD, HARD.lower(), source=Source("web", HARD, HARD, HARD), correlation_id=HARD),
        ]
        for entry in entries:
            with writing(storage) as tx:
                tx.append(entry)
                assert entry == list(tx.journal())[-1]
        with reading(storage) as tx:
            assert (entries, 4) == (list(tx.journal()), tx.journal_length())

    def test_the_entries_of_one_transaction_keep_their_order(self, storage: Storage) -> None:
        """A batch may append several; the later one comes later, before the commit and after."""
        entries = [an_entry(a_client(), correlation_id=f"{number}") for number in range(12)]
        with writing(storage) as tx:
            for entry in entries:
                tx.append(entry)
            assert entries == list(tx.journal())
        with reading(storage) as tx:
            assert entries == list(tx.journal())

    def test_a_long_journal_is_read_to_its_end(self, storage: Storage) -> None:
        """However many entries there are, and whatever is read in between."""
        entries = [an_entry(a_client(), correlation_id=f"{number}") for number in range(1200)]
        with writing(storage) as tx:
            for entry in entries:
                tx.append(entry)
        with reading(storage) as tx:
            seen = list[Entry]()
            for number, entry in enumerate(tx.journal()):
                seen.append(entry)
                if number % 100 == 0:
                    assert [] == tx.select(Query(Client, limit=1))
            assert entries == seen

    def test_an_entry_without_events_is_nothing(self, storage: Storage) -> None:
        """A transaction in which nothing happened leaves no row."""
        with writing(storage) as tx:
            tx.append(Entry(()))
            assert (0, []) == (tx.journal_length(), list(tx.journal()))

    def test_a_rolled_back_entry_leaves_no_gap_in_what_is_read(self, storage: Storage) -> None:
        """What was never committed is not in the journal, and what comes after it is."""
        first, second = an_entry(a_client()), an_entry(a_client())
        for entry, end in ((first, "commit"), (an_entry(a_client()), "rollback"), (second, "commit")):
            tx = storage.begin(write=True, scope=EVERYONE)
            tx.append(entry)
            getattr(tx, end)()
        with reading(storage) as after:
            assert ([first, second], 2) == (list(after.journal()), after.journal_length())

    def test_a_key_is_remembered_once(self, storage: Storage) -> None:
        """What was done under a key is found again by it, and by no other."""
        with writing(storage) as tx:
            tx.remember("order-1", "ёжик")
            assert "ёжик" == tx.recall("order-1")
        with reading(storage) as tx:
            assert ["ёжик", None, None] == [tx.recall(key) for key in ("order-1", "ORDER-1", "order-1 ")]
        with pytest.raises(Conflict), writing(storage) as tx:
            tx.remember("order-1", "other")
        with pytest.raises(Conflict), writing(storage) as tx:
            tx.remember("order-2", "one")
            tx.remember("order-2", "other")
        with reading(storage) as tx:
            assert ["ёжик", None] == [tx.recall("order-1"), tx.recall("order-2")]

    def test_keys_are_told_apart_letter_by_letter(self, storage: Storage) -> None:
        """Neither case, nor accents, nor a space at the end make two keys one."""
        keys = ("abc", "ABC", "abc ", "äbc", "ё", "е", "Ё", "🙂", "🙃", "")
        for key in keys:
            with writing(storage) as tx:
                tx.remember(key, f"<{key}>")
        with reading(storage) as tx:
            assert [f"<{key}>" for key in keys] == [tx.recall(key) for key in keys]
