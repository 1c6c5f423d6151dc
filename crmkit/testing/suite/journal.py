"""The journal, which is the outbox; and the keys under which work is done once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.domain.source import Source
from crmkit.errors import Conflict
from crmkit.ports import Accelerators, Entry, Storage, Traced
from crmkit.testing.builders import HARD, NOON, a_client, an_entry, new_id
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

    def test_what_is_written_is_read_in_order_and_piece_by_piece(self, storage: Storage) -> None:
        """Each entry once, by its position; own entries before the commit, with the text they have after it."""
        entries = [an_entry(a_client(), *(["mail:send"] if number % 2 else [])) for number in range(23)]
        with writing(storage) as tx:
            for entry in entries[:20]:
                tx.append(entry)
            own = tx.written(-1, 1000)
        with writing(storage) as tx:
            for entry in entries[20:]:
                tx.append(entry)
        with reading(storage) as tx:
            written = tx.written(-1, 1000)
            assert (own, []) == (written[:20], tx.written(written[-1][0], 1000))
            assert entries == [tx.entries([position])[position] for position, _ in written]
            after, pieces = -(2**63), list[tuple[int, str]]()
            while some := tx.written(after, 7):
                pieces += some
                after = some[-1][0]
            assert (written, written[5:8], []) == (pieces, tx.written(written[4][0], 3), tx.written(-1, 0))

    def test_what_differs_is_written_differently(self, storage: Storage) -> None:
        """No two entries have one text, however little tells them apart; of what has no value and an empty one neither."""
        (one,) = an_entry(a_client(), source=Source("web")).events
        changes: list[dict[str, Any]] = [
            *[{"actor": actor} for actor in (None, "", "null", "a", "a b", 'a" "b', "A", "a ")],
            *[{"correlation_id": text} for text in ("", "null", HARD, HARD.lower())],
            {"actor": "a", "correlation_id": "b"},
            *[
                {"source": Source("web", *parts)}
                for parts in (("x",), (None, "x"), (None, None, "x"), ("x", "x"), ("",))
            ],
            {"source": Source("we", "b")},
            {"source": Source("webx")},
            {"id": new_id()},
            {"at": one.at + timedelta(microseconds=1)},
            {"version": 2},
            {"owner": "17"},
            {"owner": ""},
        ]
        said = [one, *[attrs.evolve(one, **change) for change in changes]]
        with writing(storage) as tx:
            for entry in (*[Entry((event,)) for event in said], Entry((one, one))):
                tx.append(entry)
        with reading(storage) as tx:
            texts = [text for _, text in tx.written(-1, 1000)]
        assert (len(said) + 1, len(said) + 1) == (len(texts), len(set(texts)))

    def test_what_becomes_of_an_entry_does_not_change_its_text(self, storage: Storage) -> None:
        """Neither who must hear of it nor that they did: a seal upon it holds for ever."""
        entry = an_entry(a_client())
        for said in (entry, Entry(entry.events, an_entry(a_client(), "mail:send").subscribers, 3)):
            with writing(storage) as tx:
                tx.append(said)
        with writing(storage) as tx:
            before = tx.written(-1, 10)
            ((position, _),) = tx.pending(9)
            tx.settle([position])
            assert before == tx.written(-1, 10)
        with reading(storage) as tx:
            (_, one), (_, same) = tx.written(-1, 10)
            assert (before, one) == (tx.written(-1, 10), same)

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

    @pytest.mark.parametrize("form", ["faster", "plain"])
    @pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
    def test_the_journal_is_asked_by_instant_actor_and_id(
        self, storage: Storage, form: str, newest_first: bool
    ) -> None:
        """Page by page each entry that is asked for once, in one order or the other, whoever may see it."""
        clients = [a_client(owner="17") for _ in range(4)]
        entries = [
            an_entry(
                clients[number % 4], events=1 + number % 3, actor=("17", "18", "Ё", None)[number // 4 % 4],
                at=NOON + timedelta(minutes=number // 2),
            )
            for number in range(48)
        ]  # fmt: skip
        for some in (entries[:20], entries[20:]):
            commit_entries(storage, some)
        hour: dict[str, Any] = {"since": NOON + timedelta(minutes=3), "until": NOON + timedelta(minutes=17)}
        with reading(storage, Scope.own("18")) as tx:
            trace: Any = Accelerators.trace if form == "plain" else type(tx).trace
            asks: tuple[dict[str, Any], ...] = (
                {}, hour, {"actor": "17"}, {"actor": "ё"}, {"actor": "Ё", **hour}, {"ids": frozenset({clients[1].id})},
                {"ids": frozenset(one.id for one in clients[1:]), "actor": "18", **hour},
                {"ids": frozenset({entries[7].events[-1].id, *(new_id() for _ in range(70))})},
                {"ids": frozenset({new_id()})},
            )  # fmt: skip
            for said in asks:
                asked = Traced(newest_first=newest_first, **said)
                found, beyond = list[Entry](), None
                while page := trace(tx, asked, 5, beyond):
                    assert len(page) <= 5
                    found, beyond = [*found, *(entry for _, entry in page)], page[-1][0]
                wanted = [entry for entry in entries if asked.asks_for(entry.events)]
                assert (wanted[::-1] if newest_first else wanted) == found, said

    def test_what_a_transaction_appends_is_traced_in_it(self, storage: Storage) -> None:
        """Before the commit, as everything it writes."""
        first, second = an_entry(a_client()), an_entry(a_client())
        commit_entries(storage, [first])
        with writing(storage) as tx:
            tx.append(second)
            assert [second, first] == [entry for _, entry in tx.trace(Traced(), 5)]
            assert [second] == [entry for _, entry in tx.trace(Traced(), 1)]


def commit_entries(storage: Storage, entries: list[Entry]) -> None:
    """Append them in one transaction."""
    with writing(storage) as tx:
        for entry in entries:
            tx.append(entry)
