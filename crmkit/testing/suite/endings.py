"""Every way a transaction ends, and that nothing of it is left: no half of it, no lock, no connection."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.where import EVERYTHING, Test
from crmkit.errors import Conflict, CRMError
from crmkit.ports import Storage, StorageTransaction
from crmkit.testing.builders import a_client, a_contact, a_touchpoint, an_entry
from crmkit.testing.suite.opened import OnAStorage, commit, reading, refused, writing
from crmkit.testing.suite.threads import together

#: More than a pool holds by default, anywhere.
OFTEN = 50


def _stale(storage: Storage, known: Client) -> None:
    with writing(storage) as tx:
        tx.replace(attrs.evolve(known, version=9), 8)


def _taken(storage: Storage, known: Client) -> None:
    commit(storage, attrs.evolve(known, name="Eve"))


def _dangling(storage: Storage, known: Client) -> None:
    commit(storage, a_contact(attrs.evolve(known, id=a_client().id)))


def _raising(storage: Storage, known: Client) -> None:
    with writing(storage) as tx:
        tx.lock(["a", "b"])
        assert [known] == tx.select(Query(Client))
        tx.insert(a_client())
        raise ZeroDivisionError


def _refused(storage: Storage, known: Client) -> None:
    with writing(storage) as tx:
        tx.insert(a_client())
        tx.select(Query(type(known), Test("salary", "eq", 1)))


def _half_read(storage: Storage, known: Client) -> None:
    with reading(storage) as tx:
        assert known.id == tx.select(Query(Client, limit=1))[0].id
        next(tx.journal())


def _read(storage: Storage, known: Client) -> None:
    tx = storage.begin(write=False, scope=EVERYONE)
    assert [known] == tx.get_many(Client, [known.id])
    tx.commit()


def _unused(storage: Storage, _: Client) -> None:
    for write in (True, False):
        storage.begin(write=write, scope=EVERYONE).rollback()
        storage.begin(write=write, scope=EVERYONE).commit()


def _committed(storage: Storage, known: Client) -> None:
    commit(storage, a_touchpoint(known))


ENDINGS: dict[str, tuple[Callable[[Storage, Client], None], type[Exception] | None]] = {
    "a commit": (_committed, None),
    "nothing done": (_unused, None),
    "a reader's commit": (_read, None),
    "a journal half read": (_half_read, None),
    "a stale version": (_stale, Conflict),
    "a taken id": (_taken, Conflict),
    "a dangling reference": (_dangling, Conflict),
    "a question refused": (_refused, CRMError),
    "an error of the caller's": (_raising, ZeroDivisionError),
}


class Endings(OnAStorage):
    """What is left when a transaction is over."""

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_every_ending_gives_everything_back(self, storage: Storage, ending: str) -> None:
        """After many of one kind there are as many connections as before, and a writer begins at once."""
        ada, (end, error) = a_client(), ENDINGS[ending]
        with writing(storage) as tx:
            tx.insert(ada)
            tx.append(an_entry(ada))
        for _ in range(OFTEN):
            with pytest.raises(error) if error else ExitStack():
                end(storage, ada)
        assert [None] == together(lambda: self._served(storage, ada)), (
            f"After {ending}, many times over, the storage no longer serves: a transaction that ended, however it "
            "ended, gives back its connection, its snapshot and its locks."
        )

    @staticmethod
    def _served(storage: Storage, known: Client) -> None:
        with ExitStack() as several:
            for _ in range(5):
                tx = several.enter_context(reading(storage))
                assert [known] == tx.get_many(Client, [known.id])
            commit(storage, a_client("Bob"))
        with reading(storage) as tx:
            assert 2 == tx.count(Client, EVERYTHING), "A transaction that failed has left something behind."

    @pytest.mark.parametrize("why", ["a stale version", "a dangling reference", "a taken id", "a taken key"])
    def test_a_commit_that_fails_has_written_nothing_at_all(self, storage: Storage, why: str) -> None:
        """Records, journal and keys are one: none of them is there without the others."""
        ada, bob = a_client("Ada"), a_client("Bob")
        with writing(storage) as tx:
            tx.insert(ada)
            tx.remember("order-1", "done")
        fail: dict[str, Callable[[StorageTransaction], None]] = {
            "a stale version": lambda tx: tx.replace(attrs.evolve(ada, version=9), 8),
            "a dangling reference": lambda tx: tx.insert(a_contact(a_client())),
            "a taken id": lambda tx: tx.insert(attrs.evolve(ada, name="Eve")),
            "a taken key": lambda tx: tx.remember("order-1", "again"),
        }
        tx = storage.begin(write=True, scope=EVERYONE)
        tx.insert(bob)
        tx.keep(ada.id, "last_touched_at", ada.created_at)
        tx.append(an_entry(bob))
        tx.remember("order-2", "done")
        with suppress(Conflict):
            fail[why](tx)
        with refused("After an error `commit` must raise: keep in mind what failed, whoever caught it.", CRMError):
            tx.commit()
        with reading(storage) as after:
            left = after.select(Query(Client)), list(after.journal()), after.recall("order-2")
            assert ([ada], [], None) == left, "A failed commit has written a part: put all of it into one commit."
        commit(storage, bob)

    def test_an_error_in_the_middle_leaves_nothing(self, storage: Storage) -> None:
        """What a caller's own error ended was never there, however much of it was already written."""
        ada = a_client()
        with pytest.raises(ZeroDivisionError), writing(storage) as tx:
            tx.insert(ada)
            tx.append(an_entry(ada))
            tx.remember("order-1", "done")
            assert [ada] == tx.select(Query(Client))
            raise ZeroDivisionError
        with reading(storage) as after:
            assert ([], 0, None) == (after.select(Query(Client)), after.journal_length(), after.recall("order-1"))

    def test_what_is_over_is_not_committed_again(self, storage: Storage) -> None:
        """A second commit says so, after a commit as after a rollback; a rollback after the end is harmless."""
        for end in ("commit", "rollback"):
            tx = storage.begin(write=True, scope=EVERYONE)
            tx.insert(a_client())
            getattr(tx, end)()
            with pytest.raises(CRMError):
                tx.commit()
            tx.rollback()
        with reading(storage) as after:
            assert 1 == after.count(Client, EVERYTHING)

    def test_a_late_rollback_does_not_touch_the_next_transaction(self, storage: Storage) -> None:
        """Whoever ends twice must not end what somebody else has begun on the same connection since."""
        ada = a_client()
        over = storage.begin(write=True, scope=EVERYONE)
        over.commit()
        with writing(storage) as tx:
            tx.insert(ada)
            assert [ada] == tx.select(Query(Client))
            over.rollback()
            assert [ada] == tx.select(Query(Client))
        with reading(storage) as after:
            assert [ada] == after.select(Query(Client))

    def test_a_transaction_that_only_reads_writes_nothing(self, storage: Storage) -> None:
        """Begun without `write`, it refuses to write, or what it was given is gone at its end."""
        ada = a_client()
        tx = storage.begin(write=False, scope=EVERYONE)
        with suppress(CRMError):
            tx.insert(ada)
            tx.append(an_entry(ada))
            tx.remember("order-1", "done")
            tx.commit()
        tx.rollback()
        with reading(storage) as after:
            left = after.select(Query(Client)), list(after.journal()), after.recall("order-1")
            assert ([], [], None) == left, "A transaction begun with write=False has written."

    def test_a_storage_says_what_it_is(self, storage: Storage) -> None:
        """Its name is one word for `health`; its revision is a text, or None where there is no schema."""
        assert [storage.name.lower()] == storage.name.split()
        revision = storage.revision()
        assert revision is None or (isinstance(revision, str) and revision)
        commit(storage, a_client())
        assert revision == storage.revision()

    def test_a_closed_storage_says_so(self, storage: Storage) -> None:
        """Nothing is begun after the end; closing twice harms nobody."""
        storage.close()
        storage.close()
        for write in (False, True):
            with pytest.raises(CRMError):
                storage.begin(write=write, scope=EVERYONE)
