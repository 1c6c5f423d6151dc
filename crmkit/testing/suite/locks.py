"""Named locks: whoever holds a name is alone with it, from `lock` to the end of the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Barrier, Event

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.errors import CRMError
from crmkit.ports import Storage
from crmkit.testing.builders import a_client, a_contact_point
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing
from crmkit.testing.suite.threads import SOON, Aside, meet, together

WRITERS = 4
NAME = "phone:+4930901820"


class Locks(OnAStorage):
    """What `ensure`, consent heads and merging stand on."""

    def test_locks_are_given_again_after_the_end(self, storage: Storage) -> None:
        """Names held by one transaction are free for the next, in whatever order they are asked for."""
        for names in (["b", "a"], ["a", "b"], ["b", "b"], []):
            with writing(storage) as tx:
                tx.lock(names)
                tx.lock(names)

    def test_who_holds_a_name_is_alone(self, storage: Storage) -> None:
        """From the lock to the end of the transaction nobody else holds it."""
        gate, inside, crowds = Barrier(WRITERS), list[int](), list[int]()

        def work(writer: int) -> None:
            with writing(storage) as tx:
                tx.lock([NAME])
                inside.append(writer)
                tx.insert(a_client(f"{writer}"))
                meet(gate)
                crowds.append(len(inside))
                inside.remove(writer)

        answers = together(*[partial(work, writer) for writer in range(WRITERS)])
        assert [None] * WRITERS == answers
        assert [1] * WRITERS == crowds, (
            "Several transactions held one name at once: `lock` must exclude others until commit or rollback."
        )

    def test_finding_and_then_adding_under_a_lock_adds_once(self, storage: Storage) -> None:
        """Two processes that both find nobody cannot both add: the second looks after the first is through."""
        gate = Barrier(WRITERS)

        def ensure() -> None:
            with writing(storage) as tx:
                tx.lock([NAME])
                found = tx.find("phone", "+4930901820")
                meet(gate)
                if not found:
                    ada = a_client()
                    tx.insert(ada)
                    tx.insert(a_contact_point(ada))

        answers = together(*[ensure] * WRITERS)
        assert [None] * WRITERS == answers, (
            "Each waits for its turn: a writer whose database lets one write at a time begins as a writer at once."
        )
        with reading(storage) as tx:
            assert 1 == len(tx.select(Query(Client))), (
                "One client was added twice: who waited for a name must see what its last holder committed."
            )

    def test_what_the_last_holder_wrote_is_seen(self, storage: Storage) -> None:
        """A writer that has read before it waited for a name still sees what the holder committed meanwhile."""
        ada, bob, has_read = a_client("Ada"), a_client("Bob"), Event()
        commit(storage, ada)

        def second() -> list[Client]:
            with writing(storage) as tx:
                tx.select(Query(Client))
                has_read.set()
                tx.lock([NAME])
                return tx.select(Query(Client))

        with writing(storage) as tx:
            tx.lock([NAME])
            waiting = Aside(second)
            has_read.wait(SOON)
            tx.insert(bob)
        assert [ada, bob] == waiting.answer(), (
            "After a lock a writer reads what was committed before it got it. A snapshot from before the wait "
            "(REPEATABLE READ) does not do: let writers see what is committed at each statement."
        )

    def test_names_asked_for_in_opposite_orders_never_block(self, storage: Storage) -> None:
        """Callers need not sort: two who want both names get them one after the other."""
        gate = Barrier(2)

        def hesitating(names: str) -> Iterator[str]:
            """The second name is told when the other thread has told its first: the worst moment there is."""
            yield names[0]
            meet(gate)
            yield names[1]

        def work(names: str) -> None:
            with writing(storage) as tx:
                tx.lock(hesitating(names))
                tx.insert(a_client(names))
            for _ in range(25):
                with writing(storage) as tx:
                    tx.lock(list(names))

        assert [None, None] == together(lambda: work("ab"), lambda: work("ba")), (
            "Two transactions waited for each other: `lock` sorts the names before it takes the first."
        )

    def test_two_merges_into_each_other_end_in_one(self, storage: Storage) -> None:
        """A into B and B into A at once: one is left, with everything, and nothing hangs on nobody."""
        ada, bob, gate = a_client("Ada"), a_client("Bob"), Barrier(2)
        commit(storage, ada, bob, *(a_contact_point(one, f"+49{number}") for one in (ada, bob) for number in "12"))

        def merge(gone: Client, kept: Client) -> None:
            with writing(storage) as tx:
                meet(gate)
                tx.lock([f"client:{gone.id}", f"client:{kept.id}"])
                if len(tx.get_many(Client, [gone.id, kept.id])) < 2:
                    return
                for point in tx.select(Query(ContactPoint, Test("client_id", "eq", gone.id))):
                    tx.replace(attrs.evolve(point, client_id=kept.id, version=point.version + 1), point.version)
                tx.delete(Client, gone.id)

        assert [None, None] == together(lambda: merge(ada, bob), lambda: merge(bob, ada))
        with reading(storage) as tx:
            (left,) = tx.select(Query(Client))
            assert [left.id] * 4 == [point.client_id for point in tx.select(Query(ContactPoint))]

    def test_a_lock_is_free_after_every_end(self, storage: Storage) -> None:
        """A commit, a rollback, a conflict and an error in the middle all let go of it."""
        ada = a_client()
        commit(storage, ada)

        def failing() -> None:
            with writing(storage) as tx:
                tx.lock([NAME])
                tx.replace(attrs.evolve(ada, version=9), 8)

        def raising() -> None:
            with writing(storage) as tx:
                tx.lock([NAME])
                raise LookupError

        def done() -> None:
            with writing(storage) as tx:
                tx.lock([NAME])

        for end, error in ((failing, CRMError), (raising, LookupError), (done, type(None))):
            (answer,) = together(end)
            assert isinstance(answer, error), "A change of another version than is stored is Conflict."
            assert [None] == together(done), "A transaction that ended still holds a name."
