"""Several threads at once: what each may count on. It holds where writers wait at the door, and where they meet inside."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from threading import Barrier, Event
from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING
from crmkit.errors import Conflict
from crmkit.ports import Entry, Storage
from crmkit.testing.builders import NOON, a_client, a_touchpoint, an_entry
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing
from crmkit.testing.suite.threads import SOON, Aside, again, meet, together

WRITERS = 4


class Races(OnAStorage):
    """Writers among each other, and readers beside them."""

    def test_two_writers_meet(self, storage: Storage) -> None:
        """One of them has the key and the other is told: two of them cannot both have it."""
        ada, said = a_client(), list[Any]()
        commit(storage, ada)
        first = storage.begin(write=True, scope=EVERYONE)
        first.insert(a_touchpoint(ada, external_id="1"))
        assert 1 == len(first.select(Query(Touchpoint)))  # written, not only waiting
        second = Aside(lambda: commit(storage, a_touchpoint(ada, external_id="1")))
        try:
            first.commit()
        except Conflict as error:  # where clashes show at the commit, the second may have been quicker
            said.append(type(error))
        finally:
            first.rollback()
        if (answer := second.answer()) is not None:
            said.append(type(answer))
        with reading(storage) as tx:
            assert ([Conflict], 1) == (said, tx.count(Touchpoint, EVERYTHING)), (
                "Of two writers with one unique key exactly one gets Conflict, and one record is kept. "
                "Let the database hold the key unique, and translate what its driver says then."
            )

    def test_a_change_overtaken_by_another_conflicts(self, storage: Storage) -> None:
        """Two read one version and both change it: as many versions are counted as changes were made."""
        ada, gate = a_client(), Barrier(2)
        commit(storage, ada)

        def change(name: str) -> None:
            with writing(storage) as tx:
                (now,) = tx.get_many(Client, [ada.id])
                meet(gate)
                tx.replace(attrs.evolve(now, name=name, version=now.version + 1), now.version)
                meet(gate)

        answers = together(lambda: change("Eve"), lambda: change("Zoë"))
        assert {type(None)} <= {type(one) for one in answers} <= {type(None), Conflict}, (
            "One change succeeds and the other conflicts: the version is compared by the statement that writes, and "
            "writers do not begin as readers who then find the storage locked."
        )
        self._counted(storage, ada, answers.count(None))

    def test_no_update_is_lost(self, storage: Storage) -> None:
        """Threads that count one version up, each again after a conflict, lose none of their steps."""
        ada, steps = a_client(), 10
        commit(storage, ada)

        def step() -> None:
            with writing(storage) as tx:
                (now,) = tx.get_many(Client, [ada.id])
                tx.replace(attrs.evolve(now, name=f"{now.version}", version=now.version + 1), now.version)

        def work() -> None:
            for _ in range(steps):
                again(step)

        assert [None] * WRITERS == together(*[work] * WRITERS)
        self._counted(storage, ada, WRITERS * steps)

    @staticmethod
    def _counted(storage: Storage, before: Client, changes: int) -> None:
        with reading(storage) as tx:
            (now,) = tx.get_many(Client, [before.id])
        assert before.version + changes == now.version, (
            "A change was lost: `replace` went through under a version that was no longer the stored one. "
            "Compare the version in the statement that writes, not in a read before it."
        )

    def test_the_latest_kept_instant_stays(self, storage: Storage) -> None:
        """Two raise one instant at once; whoever comes last does not turn it back, and no version is counted."""
        ada, first_look, both_kept, later_done = a_client(), Barrier(2), Barrier(2), Event()
        later, earlier = NOON.replace(hour=20), NOON.replace(hour=16)
        commit(storage, ada)

        def keep(at: datetime) -> None:
            with writing(storage) as tx:
                assert [ada.id] == [client.id for client in tx.get_many(Client, [ada.id])]
                meet(first_look)
                assert tx.keep(ada.id, "last_touched_at", at)
                meet(both_kept)
                if at == earlier:
                    later_done.wait(SOON)

        def keep_later() -> None:
            again(partial(keep, later))
            later_done.set()

        assert [None, None] == together(keep_later, partial(again, partial(keep, earlier)))
        with reading(storage) as tx:
            assert [attrs.evolve(ada, last_touched_at=later)] == tx.get_many(Client, [ada.id]), (
                "An instant was turned back: compare and raise it in one statement, or under a lock."
            )

    def test_a_key_is_remembered_by_one_of_two(self, storage: Storage) -> None:
        """Two runs of one job find nothing under its key; one remembers, the other is told and keeps nothing."""
        gate, clients = Barrier(2), {"first": a_client("first"), "second": a_client("second")}

        def work(text: str) -> None:
            with writing(storage) as tx:
                if tx.recall("order-1") is None:
                    meet(gate)
                    tx.insert(clients[text])
                    tx.remember("order-1", text)

        answers = together(lambda: work("first"), lambda: work("second"))
        with reading(storage) as tx:
            winner = tx.recall("order-1")
            assert winner is not None
            assert [clients[winner]] == tx.select(Query(Client)), "Who did not get the key has written all the same."
        assert {type(one) for one in answers} <= {type(None), Conflict}

    def test_every_entry_reaches_the_journal_once(self, storage: Storage) -> None:
        """With several writers too: none lost, none twice, none of a rollback, and each writer's own in its order."""
        rounds, gate = 8, Barrier(WRITERS)

        def append(said: Entry, number: int) -> None:
            with writing(storage) as tx:
                tx.append(said)
                if number == 0:
                    meet(gate)

        def work(writer: int) -> None:
            for number in range(rounds):
                said = an_entry(a_client(), f"{writer}", correlation_id=f"{writer}-{number}")
                undone = storage.begin(write=True, scope=EVERYONE)
                undone.append(an_entry(a_client(), "undone"))
                undone.rollback()
                again(partial(append, said, number))

        answers = together(*[partial(work, writer) for writer in range(WRITERS)])
        assert [None] * WRITERS == answers
        with reading(storage) as tx:
            told = [entry.events[0].correlation_id for entry in tx.journal()]
            assert len(told) == tx.journal_length()
        for writer in range(WRITERS):
            own = [one for one in told if one and one.startswith(f"{writer}-")]
            assert [f"{writer}-{number}" for number in range(rounds)] == own, (
                "The journal has every committed entry exactly once, the oldest commit first: number entries in the "
                "transaction that commits them, and never read on from the highest number seen."
            )
        assert WRITERS * rounds == len(told)

    def test_a_reader_is_not_held_up_by_a_writer(self, storage: Storage) -> None:
        """It sees what was there before the writer came, all the while the writer is at work."""
        ada, bob = a_client("Ada"), a_client("Bob")
        commit(storage, ada)

        def read() -> tuple[list[Client], int, str | None]:
            with reading(storage) as tx:
                return tx.select(Query(Client)), tx.journal_length(), tx.recall("order-1")

        with writing(storage) as tx:
            tx.replace(attrs.evolve(ada, name="Ada King", version=2), 1)
            tx.insert(bob)
            tx.append(an_entry(bob))
            tx.remember("order-1", "done")
            assert 2 == len(tx.select(Query(Client)))  # written, not only waiting
            assert [([ada], 0, None)] == together(read), "A reader waits for no writer, and sees nothing uncommitted."

    def test_a_writer_is_not_held_up_by_a_reader(self, storage: Storage) -> None:
        """A long report stops nobody's work, and goes on as it began."""
        ada, bob = a_client("Ada"), a_client("Bob")
        commit(storage, ada)
        with reading(storage) as tx:
            assert [ada] == tx.select(Query(Client))
            assert [None] == together(lambda: commit(storage, bob)), "A writer waits for no reader."
            assert [ada] == tx.select(Query(Client)), "A reader keeps the snapshot of its first read."
        with reading(storage) as tx:
            assert [ada, bob] == tx.select(Query(Client))

    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    def test_pages_of_a_snapshot_stand_still(self, storage: Storage, descending: bool) -> None:
        """While others add, change and delete between two pages, none is lost and none comes twice."""
        ada = a_client()
        touches = [a_touchpoint(ada, minutes=number // 3) for number in range(40)]
        commit(storage, ada, *touches)
        order = sorted(touches, key=lambda one: (one.occurred_at, one.id), reverse=descending)
        query, seen = Query(Touchpoint, EVERYTHING, "occurred_at", descending, limit=6), list[Touchpoint]()
        with reading(storage) as tx:
            while page := tx.select(
                query if not seen else attrs.evolve(query, after=(seen[-1].occurred_at, seen[-1].id))
            ):
                seen += page
                assert len(seen) <= len(order), (
                    "A page begins after the record that `after` names, and readers have one snapshot from their first read."
                )
                victim = order[len(seen) % len(order)]
                assert [None] == together(partial(self._disturb, storage, ada, victim))
        assert order == seen, "Pages of one snapshot show exactly what was there at its first read."

    @staticmethod
    def _disturb(storage: Storage, client: Client, victim: Touchpoint) -> None:
        with writing(storage) as tx:
            tx.delete(Touchpoint, victim.id)
            for minutes in (-1, 5, 99):
                tx.insert(a_touchpoint(client, minutes=minutes))

    def test_a_transaction_may_end_in_another_thread(self, storage: Storage) -> None:
        """Web frameworks enter a block in one thread and leave it in another."""
        ada = a_client()
        tx = storage.begin(write=True, scope=EVERYONE)
        tx.insert(ada)
        assert [None] == together(tx.commit)
        with reading(storage) as after:
            assert [ada] == after.select(Query(Client))

    def test_a_waiting_writer_is_let_in_at_the_end(self, storage: Storage) -> None:
        """However the first one ended, the second goes on at once and is done."""
        for end in ("commit", "rollback"):
            first = storage.begin(write=True, scope=EVERYONE)
            first.insert(a_client())
            begun = Event()

            def second(begun: Event = begun) -> None:
                with writing(storage) as tx:
                    begun.set()
                    tx.insert(a_client())

            waiting = Aside(second)
            begun.wait(SOON)
            getattr(first, end)()
            assert waiting.answer() is None
        with reading(storage) as tx:
            assert 3 == tx.count(Client, EVERYTHING)
