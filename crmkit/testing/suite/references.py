"""What one record says of another holds: nothing points to what is not there, and nothing is deleted under others."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.scope import EVERYONE
from crmkit.errors import Conflict
from crmkit.ports import Storage
from crmkit.ports.constraints import POINTS_TO
from crmkit.storage.held import held_in
from crmkit.testing.builders import a_client, a_deal, a_message, a_purchase, a_record, new_id
from crmkit.testing.suite.opened import OnAStorage, commit, reading, refused, writing

#: What is told of a storage that takes a pointer to nothing.
DANGLING = (
    "Each pointer of `crmkit.ports.POINTS_TO` leads to a record at the commit, or that is Conflict. A database does it by "
    "foreign keys; SQLite only after PRAGMA foreign_keys = ON, on each connection."
)
POINTERS = [(kind, field) for kind, fields in POINTS_TO.items() for field in fields]


def _hanging(kind: type[Any], client: Client) -> tuple[list[Record], Any]:
    """A record of this kind, and what it points to."""
    deal, purchase, message = a_deal(client), a_purchase(client), a_message(client)
    given: dict[str, Any] = {
        "client_id": client.id, "deal_id": deal.id, "purchase_id": purchase.id, "message_id": message.id,
    }  # fmt: skip
    around: list[Record] = [deal] if "deal_id" in held_in(kind) else []
    around += [purchase] if "purchase_id" in held_in(kind) else []
    around += [message] if "message_id" in held_in(kind) else []
    return around, a_record(kind, **{name: id for name, id in given.items() if name in held_in(kind)})


#: A test for each of them.
EACH = pytest.mark.parametrize(
    ("kind", "field"), POINTERS, ids=lambda one: one if isinstance(one, str) else one.__name__
)


class References(OnAStorage):
    """Each field that must point to something there is."""

    @EACH
    def test_a_record_of_somebody_unknown_conflicts(self, storage: Storage, kind: type[Any], field: str) -> None:
        """Here or at the commit, whether it is new or was changed to it; nothing of it is kept."""
        ada = a_client()
        around, record = _hanging(kind, ada)
        commit(storage, ada, *around)
        with refused(DANGLING):
            commit(storage, attrs.evolve(record, **{field: new_id()}))
        with reading(storage) as tx:
            assert [] == tx.select(Query(kind, limit=1)) or kind in {type(one) for one in around}
        commit(storage, record)
        if "version" in held_in(kind):
            with refused(DANGLING), writing(storage) as tx:
                tx.replace(attrs.evolve(record, **{field: new_id()}, version=2), 1)
            with reading(storage) as tx:
                assert [record] == tx.get_many(kind, [record.id])

    @EACH
    def test_what_others_hang_on_is_not_deleted(self, storage: Storage, kind: type[Any], field: str) -> None:
        """Not before they are gone; then it is, in the same transaction if need be."""
        ada = a_client()
        around, record = _hanging(kind, ada)
        target: Record = next(one for one in (ada, *around) if one.id == getattr(record, field))
        everything: list[Record] = [record, *reversed(around), ada]
        commit(storage, *everything)
        tx = storage.begin(write=True, scope=EVERYONE)
        with pytest.raises(Conflict):
            tx.delete(type(target), target.id)
            tx.commit()
        tx.rollback()
        with reading(storage) as after:
            assert [target] == after.get_many(type(target), [target.id])
        with writing(storage) as tx:
            for one in everything:
                tx.delete(type(one), one.id)
        with reading(storage) as after:
            assert ([], []) == (after.select(Query(kind)), after.select(Query(Client)))

    def test_a_transaction_may_write_in_any_order(self, storage: Storage) -> None:
        """Who adds a deal before its client, or empties a reference before the delete, is not held to an order."""
        ada = a_client()
        deal = a_deal(ada)
        purchase = a_purchase(ada, deal_id=deal.id)
        commit(storage, purchase, deal, ada)
        with writing(storage) as tx:
            tx.replace(attrs.evolve(purchase, deal_id=None, version=2), 1)
            tx.delete(Deal, deal.id)
        with reading(storage) as tx:
            assert ([], [None]) == (tx.select(Query(Deal)), [one.deal_id for one in tx.select(Query(type(purchase)))])
