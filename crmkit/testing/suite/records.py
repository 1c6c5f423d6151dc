"""Every kind of record is kept as it is, changed under its version, and gone when deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.domain.client import KEPT, Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.query import Query
from crmkit.domain.records import RECORDS, Record
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import User
from crmkit.ports import Storage
from crmkit.storage.held import held_in
from crmkit.testing.builders import (
    NOON,
    a_client,
    a_contact_point,
    a_deal,
    a_message,
    a_purchase,
    a_record,
    a_touchpoint,
    a_user,
    new_id,
)
from crmkit.testing.suite.opened import OnAStorage, commit, reading, refused, writing

#: What is told of a storage that changes whatever is there.
ANOTHER = "`replace` compares the stored version in the statement that writes, and takes no row changed for Conflict."


class Records(OnAStorage):
    """One record at a time."""

    @pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
    @pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
    def test_every_record_comes_back_equal(self, storage: Storage, kind: type[Record], filled: bool) -> None:
        """To the microsecond, the last letter and the smallest coin; with everything optional filled, or empty."""
        client = a_client()
        deal, purchase, message = a_deal(client), a_purchase(client), a_message(client)
        given: dict[str, Any] = {
            "client_id": client.id, "deal_id": deal.id, "purchase_id": purchase.id, "message_id": message.id,
        }  # fmt: skip
        optional = {name for name, held in held_in(kind).items() if held.optional and not filled}
        record = a_record(
            kind, filled=filled, **{name: id for name, id in given.items() if name in held_in(kind).keys() - optional}
        )
        commit(storage, client, deal, purchase, message, record)
        with reading(storage) as tx:
            assert [record] == tx.get_many(kind, [record.id])
            assert record in tx.select(Query(kind))

    def test_an_empty_storage_has_nothing_of_any_kind(self, storage: Storage) -> None:
        """It answers for each kind there is: one added later is no error of a driver's."""
        with reading(storage) as tx:
            assert [[]] * len(RECORDS) == [tx.select(Query(kind)) for kind in RECORDS]

    def test_a_record_is_seen_before_it_is_committed(self, storage: Storage) -> None:
        """A transaction reads its own writes, whether they wait or not."""
        ada = a_client()
        with writing(storage) as tx:
            tx.insert(ada)
            assert [ada] == tx.get_many(Client, [ada.id]) == tx.select(Query(Client)) == tx.get_many(Client, [ada.id])
            assert tx.count(Client, Query(Client).where) == 1

    def test_ids_may_be_the_host_s_own_texts(self, storage: Storage) -> None:
        """Users, teams and pipelines have the host's keys, told apart letter by letter."""
        users = [a_user(key) for key in ("17", "Ёж", "ёж", "ёж ", "🙂")]
        commit(storage, *users)
        with reading(storage) as tx:
            assert [users[2]] == tx.get_many(User, ["ёж"])
            assert users == sorted(tx.get_many(User, [user.id for user in users]), key=users.index)
            assert sorted(users, key=lambda user: user.id) == tx.select(Query(User))

    def test_get_many_gives_each_once_and_leaves_out_strangers(self, storage: Storage) -> None:
        """However many ids are asked for, and however often."""
        clients = [a_client(str(number)) for number in range(700)]
        commit(storage, *clients)
        with reading(storage) as tx:
            for count in (0, 1, 2, 3, 5, 700):
                ids = [client.id for client in clients[:count]]
                found = tx.get_many(Client, [*ids, new_id(), *ids])
                assert clients[:count] == sorted(found, key=lambda client: client.id)

    def test_get_many_sees_what_waits_and_what_was_there(self, storage: Storage) -> None:
        """A record written here and one committed before come in one answer."""
        old, new = a_client("Old"), a_client("New")
        commit(storage, old)
        with writing(storage) as tx:
            tx.insert(new)
            assert [old, new] == sorted(tx.get_many(Client, [new.id, old.id]), key=lambda one: one.id)

    def test_a_change_counts_from_the_stored_version(self, storage: Storage) -> None:
        """Replaced under its version a record is the new value, before the commit and after."""
        ada, bob = a_client(), a_client("Bob")
        commit(storage, ada)
        with writing(storage) as tx:
            tx.insert(bob)
            for one in (ada, bob):
                tx.replace(attrs.evolve(one, name="Eve", owner="4", version=2), 1)
                assert [attrs.evolve(one, name="Eve", owner="4", version=2)] == tx.get_many(Client, [one.id])
        with reading(storage) as tx:
            assert ["Eve", "Eve"] == [client.name for client in tx.select(Query(Client))]

    @pytest.mark.parametrize("waiting", [True, False], ids=["waiting", "stored"])
    def test_a_change_of_another_version_conflicts(self, storage: Storage, waiting: bool) -> None:
        """Whoever decides on an old value must look again."""
        ada = a_client()
        if not waiting:
            commit(storage, ada)
        with refused(ANOTHER), writing(storage) as tx:
            if waiting:
                tx.insert(ada)
            tx.replace(attrs.evolve(ada, version=8), 7)

    def test_a_change_of_nothing_stored_conflicts(self, storage: Storage) -> None:
        """A record deleted meanwhile is not made anew by changing it."""
        with refused(ANOTHER), writing(storage) as tx:
            tx.replace(attrs.evolve(a_client(), version=2), 1)

    @pytest.mark.parametrize("waiting", [True, False], ids=["waiting", "stored"])
    def test_a_change_does_not_turn_kept_instants_back(self, storage: Storage, waiting: bool) -> None:
        """`replace` leaves them alone; `keep` only raises them, and says if there is such a client."""
        ada = a_client()
        if not waiting:
            commit(storage, ada)
        with writing(storage) as tx:
            if waiting:
                tx.insert(ada)
            for field in KEPT:
                assert tx.keep(ada.id, field, NOON)
                assert tx.keep(ada.id, field, NOON - timedelta(microseconds=1))
            tx.replace(attrs.evolve(ada, name="Ada King", version=2), 1)
            assert not tx.keep(a_client().id, "last_touched_at", NOON)
        with reading(storage) as tx:
            (stored,) = tx.get_many(Client, [ada.id])
            assert [NOON] * len(KEPT) == [getattr(stored, field) for field in KEPT]
            assert (stored.name, stored.version) == ("Ada King", 2)

    @pytest.mark.parametrize("waiting", [True, False], ids=["waiting", "stored"])
    def test_kept_instants_can_be_put_back(self, storage: Storage, waiting: bool) -> None:
        """Whoever recomputes them stores what is right, whatever the version; nothing else changes."""
        ada = a_client(last_bought_at=NOON)
        if not waiting:
            commit(storage, ada)
        with writing(storage) as tx:
            if waiting:
                tx.insert(ada)
            tx.put_back(attrs.evolve(ada, name="?", version=9, last_bought_at=None, last_touched_at=NOON))
        with reading(storage) as tx:
            right = attrs.evolve(ada, last_bought_at=None, last_touched_at=NOON)
            assert [right] == tx.get_many(Client, [ada.id])

    def test_what_is_deleted_is_gone(self, storage: Storage) -> None:
        """At once, and for good; deleting what is not there does nothing."""
        ada = a_client()
        point, other, touch = a_contact_point(ada), a_contact_point(ada, "+4930"), a_touchpoint(ada)
        commit(storage, ada, point, touch)
        with writing(storage) as tx:
            tx.insert(other)
            for one in (point, other, point):
                tx.delete(ContactPoint, one.id)
            tx.delete(Touchpoint, touch.id)
            assert ([], []) == (tx.get_many(ContactPoint, [point.id, other.id]), tx.find("phone", "+4930901820"))
        with reading(storage) as tx:
            assert ([], []) == (tx.select(Query(ContactPoint)), tx.select(Query(Touchpoint)))
            assert [ada] == tx.select(Query(Client))

    def test_what_is_deleted_can_be_added_again(self, storage: Storage) -> None:
        """An id is free once its record is gone, in one transaction as in two."""
        ada = a_client()
        commit(storage, ada)
        with writing(storage) as tx:
            tx.delete(Client, ada.id)
            tx.insert(ada)
        with reading(storage) as tx:
            assert [ada] == tx.select(Query(Client))

    def test_more_can_be_written_than_fits_a_buffer(self, storage: Storage) -> None:
        """A long import is one transaction; nothing of it is lost or doubled on the way."""
        clients = [a_client(str(number)) for number in range(2500)]
        points = [a_contact_point(client, f"+49{number}") for number, client in enumerate(clients)]
        with writing(storage) as tx:
            for client, point in zip(clients, points, strict=True):
                tx.insert(point)
                tx.insert(client)
        with reading(storage) as tx:
            assert clients == tx.select(Query(Client))
            assert points == tx.select(Query(ContactPoint))
