"""Which entries somebody must still hear of: state decides, never how far somebody has read."""

from __future__ import annotations

from functools import partial

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.scope import EVERYONE
from crmkit.ports import Entry, Storage
from crmkit.testing.builders import HARD, a_client, an_entry
from crmkit.testing.suite.opened import OnAStorage, reading, writing
from crmkit.testing.suite.threads import together

WRITERS, EACH = 3, 12


class Outbox(OnAStorage):
    """Pending until settled, and found by its position for ever."""

    def test_what_has_subscribers_is_pending_until_it_is_settled(self, storage: Storage) -> None:
        """The oldest first, at most as many as asked for; what nobody must hear of is not among it."""
        entries = [an_entry(a_client(), *(["mail:send"] if number % 3 else [])) for number in range(9)]
        _append(storage, *entries)
        wanted = [entry for entry in entries if entry.subscribers]
        with writing(storage) as tx:
            assert wanted == [entry for _, entry in tx.pending(100)]
            some = tx.pending(4)
            assert (wanted[:4], []) == ([entry for _, entry in some], tx.pending(0))
            tx.settle([position for position, _ in some])
            assert wanted[4:] == [entry for _, entry in tx.pending(100)]
        with reading(storage) as tx:
            assert wanted[4:] == [entry for _, entry in tx.pending(100)]
            assert entries == list(tx.journal())

    def test_an_entry_left_behind_stays_pending(self, storage: Storage) -> None:
        """Whoever settles a later one says nothing of those before it: a slow commit may come after a quick one."""
        _append(storage, *(an_entry(a_client(), "mail:send") for _ in range(4)))
        with writing(storage) as tx:
            first, second, third, last = tx.pending(4)
            tx.settle({second[0], last[0]})
        with writing(storage) as tx:
            assert [first, third] == tx.pending(4)
            tx.settle([third[0], last[0]])
        with reading(storage) as tx:
            assert [first] == tx.pending(4)

    def test_a_position_names_an_entry_for_ever(self, storage: Storage) -> None:
        """Settled or not, before the commit and long after it; what is nowhere is left out."""
        entries = [an_entry(a_client(), "mail:send") for _ in range(3)]
        with writing(storage) as tx:
            for entry in entries:
                tx.append(entry)
            known = dict(tx.pending(10))
            assert (entries, known) == (list(known.values()), tx.entries(known.keys()))
        _append(storage, an_entry(a_client()))
        with writing(storage) as tx:
            assert list(known.items()) == tx.pending(10)
            tx.settle(list(known)[:2])
        with reading(storage) as tx:
            assert known == tx.entries([*known, max(known) + 1000, *known, -1])
            assert (list(known.items())[2:], {}) == (tx.pending(10), tx.entries([]))

    def test_an_entry_says_who_hears_what_and_how_deep_it_stands(self, storage: Storage) -> None:
        """The places of each one's events, whatever the names look like."""
        events = an_entry(a_client(), events=4).events
        heard = FrozenMap({"mail.send": (0, 3), HARD: (1,), "log.all": (0, 1, 2, 3)})
        entries = [Entry(events, heard), Entry(events, heard, 16), Entry(events, FrozenMap[str, tuple[int, ...]](), 3)]
        _append(storage, *entries)
        with reading(storage) as tx:
            assert (entries[:2], entries) == ([entry for _, entry in tx.pending(9)], list(tx.journal()))

    def test_settling_is_part_of_the_commit(self, storage: Storage) -> None:
        """Rolled back, everything is pending as before; nobody else sees it earlier than that."""
        _append(storage, an_entry(a_client(), "mail:send"))
        tx = storage.begin(write=True, scope=EVERYONE)
        (known,) = tx.pending(1)
        tx.settle([known[0]])
        assert [] == tx.pending(1)
        with reading(storage) as beside:
            assert [known] == beside.pending(1)
        tx.rollback()
        with reading(storage) as after:
            assert [known] == after.pending(1)

    def test_a_reader_keeps_what_was_pending(self, storage: Storage) -> None:
        """A snapshot shows the outbox of its instant, too."""
        _append(storage, *(an_entry(a_client(), "mail:send") for _ in range(3)))
        with reading(storage) as before:
            known = before.pending(9)
            with writing(storage) as tx:
                tx.append(an_entry(a_client(), "mail:send"))
                tx.settle([known[1][0]])
            assert known == before.pending(9)
        with reading(storage) as after:
            assert [known[0], known[2]] == after.pending(2)

    def test_settling_twice_or_nothing_is_harmless(self, storage: Storage) -> None:
        """Two who expand one after the other need not agree first."""
        _append(storage, an_entry(a_client(), "mail:send"), an_entry(a_client()))
        with writing(storage) as tx:
            ((position, _),) = tx.pending(9)
            for some in ([position], [position], [], [position + 1, position + 1000]):
                tx.settle(some)
        with reading(storage) as tx:
            assert ([], 2) == (tx.pending(9), tx.journal_length())

    def test_a_long_outbox_is_worked_off(self, storage: Storage) -> None:
        """However many entries wait, and however many are settled at once."""
        entries = [an_entry(a_client(), "mail:send") for _ in range(1300)]
        with writing(storage) as tx:
            for entry in entries:
                tx.append(entry)
        with writing(storage) as tx:
            known = tx.pending(1100)
            assert entries[:1100] == [entry for _, entry in known]
            assert dict(known) == tx.entries([position for position, _ in known])
            tx.settle([position for position, _ in known])
        with reading(storage) as tx:
            assert entries[1100:] == [entry for _, entry in tx.pending(1100)]

    def test_of_many_writers_at_once_every_entry_is_settled_once(self, storage: Storage) -> None:
        """Two who settle under one name's lock miss nothing, whichever commit comes first."""
        entries = [an_entry(a_client(), "mail:send") for _ in range(WRITERS * EACH)]
        settled = list[Entry]()

        def work_off() -> None:
            while len(settled) < len(entries):
                with writing(storage) as tx:
                    tx.lock(["outbox"])
                    known = tx.pending(5)
                    tx.settle([position for position, _ in known])
                settled.extend(entry for _, entry in known)

        writers = [
            partial(_append_each, storage, entries[first : first + EACH]) for first in range(0, len(entries), EACH)
        ]
        assert [None] * (WRITERS + 2) == together(*writers, work_off, work_off)
        by_id = sorted(settled, key=lambda entry: entry.events[0].id)
        assert sorted(entries, key=lambda entry: entry.events[0].id) == by_id


def _append(storage: Storage, *entries: Entry) -> None:
    with writing(storage) as tx:
        for entry in entries:
            tx.append(entry)


def _append_each(storage: Storage, entries: list[Entry]) -> None:
    for entry in entries:
        _append(storage, entry)
