"""Everything or nothing; snapshots; what must be unique."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.consent import Consent
from crmkit.domain.message import Attempt
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.scope import EVERYONE
from crmkit.domain.where import Test
from crmkit.errors import Conflict, CRMError
from crmkit.ports import Storage
from crmkit.testing.builders import (
    a_call,
    a_client,
    a_consent,
    a_contact_point,
    a_deal,
    a_deal_step,
    a_document,
    a_message,
    a_purchase,
    a_touchpoint,
    an_attempt,
    an_entry,
    an_external_id,
)
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

#: For each unique constraint a maker of records that share the key; None for a part of it is an empty key.
SHARING: dict[str, Callable[[Client, str | None], Record]] = {
    "external id": lambda client, value: an_external_id(client, value=value or "other"),
    "touchpoint": lambda client, value: a_touchpoint(client, external_id=value),
    "call": lambda client, value: a_call(client, external_id=value),
    "document": lambda client, value: a_document(client, origin="mail", external_id=value),
    "purchase": lambda client, value: a_purchase(client, origin="till", external_id=value),
}


class Transactions(OnAStorage):
    """Several writes, several transactions."""

    def test_a_rollback_leaves_nothing(self, storage: Storage) -> None:
        """Records, journal and keys vanish together, even after a read has written them out."""
        ada = a_client()
        tx = storage.begin(write=True, scope=EVERYONE)
        tx.insert(ada)
        tx.append(an_entry(ada))
        tx.remember("order-1", "done")
        assert [ada] == tx.select(Query(Client))
        tx.rollback()
        tx.rollback()
        with reading(storage) as after:
            assert ([], [], None) == (after.select(Query(Client)), list(after.journal()), after.recall("order-1"))

    def test_a_snapshot_stays_as_it_was(self, storage: Storage) -> None:
        """A reader does not see what is committed after its first read, and nobody waits for it."""
        ada, bob = a_client("Ada"), a_client("Bob")
        commit(storage, ada)
        with reading(storage) as reader:
            assert ([ada], []) == (reader.select(Query(Client)), list(reader.journal()))
            with writing(storage) as tx:
                tx.insert(bob)
                tx.insert(a_contact_point(ada))
                tx.replace(attrs.evolve(ada, name="Ada King", owner="17", version=2), 1)
                tx.append(an_entry(bob))
                tx.remember("order-1", "done")
            assert [ada] == reader.select(Query(Client))
            assert [ada] == reader.select(Query(Client, Test("owner", "eq", None)))
            assert [] == reader.get_many(Client, [bob.id]) == reader.find("phone", "+4930901820")
            assert ([], 0, None) == (list(reader.journal()), reader.journal_length(), reader.recall("order-1"))

    def test_the_same_id_twice_conflicts(self, storage: Storage) -> None:
        """In one transaction as in two."""
        ada = a_client()
        with pytest.raises(Conflict), writing(storage) as tx:
            tx.insert(ada)
            tx.insert(attrs.evolve(ada, name="Eve"))
        commit(storage, ada)
        with pytest.raises(Conflict):
            commit(storage, attrs.evolve(ada, name="Eve"))

    @pytest.mark.parametrize("what", SHARING)
    def test_the_same_external_id_twice_conflicts(self, storage: Storage, what: str) -> None:
        """A provider that delivers twice is caught by the storage itself, in one transaction as in two."""
        ada, make = a_client(), SHARING[what]
        commit(storage, ada, make(ada, "abc"))
        with pytest.raises(Conflict):
            commit(storage, make(ada, "abc"))
        with pytest.raises(Conflict):
            commit(storage, make(ada, "new"), make(ada, "new"))

    @pytest.mark.parametrize("what", SHARING)
    def test_external_ids_are_told_apart_letter_by_letter(self, storage: Storage, what: str) -> None:
        """Neither case, nor accents, nor a space at the end make two ids one."""
        ada, make = a_client(), SHARING[what]
        commit(storage, ada, *(make(ada, value) for value in ("abc", "ABC", "abc ", "äbc", "ё", "е")))

    def test_an_empty_external_id_never_clashes(self, storage: Storage) -> None:
        """What has no name elsewhere is only itself; the same name of two origins is two."""
        ada = a_client()
        commit(
            storage, ada, *(make(ada, None) for name, make in SHARING.items() for _ in "12" if name != "external id")
        )
        commit(storage, a_purchase(ada, origin="till", external_id="1"), a_purchase(ada, origin="web", external_id="1"))

    def test_a_taken_number_in_a_row_conflicts(self, storage: Storage) -> None:
        """A subject's consents and a deal's steps have one each of a number."""
        ada, bob = a_client(), a_client("Bob")
        deal, other = a_deal(ada), a_deal(ada)
        commit(storage, ada, bob, deal, other, a_consent(ada), a_consent(bob), a_deal_step(deal), a_deal_step(other))
        commit(storage, a_consent(ada, 2), a_deal_step(deal, 2), a_consent(ada, 3, client_id=bob.id))
        for one in (a_consent(ada, 2), a_deal_step(deal, 2), a_consent(ada, 3)):
            with pytest.raises(Conflict):
                commit(storage, one)

    def test_a_changed_key_is_taken_and_the_old_one_free(self, storage: Storage) -> None:
        """Changing what must be unique is held to it too."""
        ada = a_client()
        first, second = a_call(ada, external_id="1"), a_call(ada, external_id="2")
        commit(storage, ada, first, second)
        with pytest.raises(Conflict), writing(storage) as tx:
            tx.replace(attrs.evolve(first, external_id="2", version=2), 1)
        with writing(storage) as tx:
            tx.replace(attrs.evolve(first, external_id="3", version=2), 1)
            tx.insert(a_call(ada, external_id="1"))

    def test_after_a_conflict_nothing_is_committed(self, storage: Storage) -> None:
        """Whoever catches it and commits all the same is told again: half a transaction would be worse."""
        ada, bob = a_client(), a_client("Bob")
        commit(storage, ada)
        tx = storage.begin(write=True, scope=EVERYONE)
        tx.insert(bob)
        with pytest.raises(Conflict):
            tx.replace(attrs.evolve(ada, version=8), 7)
        with pytest.raises(CRMError):
            tx.commit()
        tx.rollback()
        with reading(storage) as after:
            assert [ada] == after.select(Query(Client))

    def test_the_head_of_a_subject_counts_what_was_just_said(self, storage: Storage) -> None:
        """The next number is known whether the client or the consent before it is committed or not."""
        ada, bob = a_client(), a_client("Bob")
        commit(storage, ada, a_consent(ada, 1))
        with writing(storage) as tx:
            tx.insert(bob)
            assert [1, 0] == [tx.consent_head(one.id) for one in (ada, bob)]
            tx.insert(a_consent(ada, 2))
            tx.insert(a_consent(bob, 1))
            assert [2, 1] == [tx.consent_head(one.id) for one in (ada, bob)]
            for one in (ada, bob):
                tx.insert(told := a_message(one))
                tx.insert(an_attempt(told, 3))
            assert [3, 3] == [tx.consent_head(one.id) for one in (ada, bob)]
            for attempt in tx.select(Query(Attempt)):
                tx.delete(Attempt, attempt.id)
            last = tx.select(Query(Consent, Test("client_id", "eq", bob.id)))[0]
            assert [2, 1] == [tx.consent_head(one.id) for one in (ada, bob)]
            tx.delete(Consent, last.id)
            assert 0 == tx.consent_head(bob.id)
