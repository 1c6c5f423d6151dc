"""Order, pages, conditions: every storage answers as a condition on the values themselves would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.custom import Custom
from crmkit.domain.deal import Deal
from crmkit.domain.money import Money
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, NOTHING, Test, Where, holds
from crmkit.errors import Invalid
from crmkit.fields import F
from crmkit.ports import Storage, StorageTransaction
from crmkit.testing.builders import NOON, a_client, a_contact_point, a_deal, a_touchpoint, new_id
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

LATER = NOON + timedelta(microseconds=1)
PEOPLE = (
    a_client("Ada", owner="17", last_touched_at=NOON, tags=frozenset({"vip"}), custom=Custom({"n": 5, "s": "5"})),
    a_client("ada", owner="4", last_touched_at=LATER, tags=frozenset({"vip", "new"}), custom=Custom({"n": -7})),
    a_client("Ада", tags=frozenset({"VIP", "vipera"}), custom=Custom({"n": "5", "s": 5, "set": "\x1fa\x1fb\x1f"})),
    a_client("Ёж 100% _\\", owner="17 ", last_touched_at=NOON, custom=Custom({"n": 2**62, "s": "ёж"})),
    a_client("🙂", owner="ёж", lifecycle="active", last_touched_at=NOON - timedelta(days=9000)),
    a_client("Ada", custom=Custom({"s": "Ё"})),
)
CONDITIONS: dict[str, tuple[Where, ...]] = {
    "everything and nothing": (EVERYTHING, NOTHING),
    "ids": (F.client.id.eq(PEOPLE[0].id), F.client.id.gt(PEOPLE[2].id), F.client.id.in_([PEOPLE[1].id, new_id()])),
    "text": (
        F.client.name.eq("Ada"),
        F.client.name.eq(""),
        F.client.name.lt("B"),
        F.client.name.ge("Ада"),
        F.client.lifecycle.eq("active"),
    ),
    "beginnings": tuple(F.client.name.starts_with(start) for start in ("Ёж 100%", "A", "%", "")),
    "lists": (
        F.client.name.in_(["Ada", "🙂", "Nobody"]),
        F.client.name.in_([]),
        F.client.name.in_([str(number) for number in range(1000)]),
        F.client.owner.in_(["17", "4", "ёж"]),
    ),
    "emptiness": (
        F.client.owner.is_empty(),
        F.client.owner.eq("17"),
        F.client.owner.ne("17"),
        F.client.owner.le("4"),
        F.client.name.is_empty(),
    ),
    "instants": (
        F.client.last_touched_at.eq(NOON),
        F.client.last_touched_at.lt(NOON),
        F.client.last_touched_at.le(NOON),
        F.client.last_touched_at.gt(NOON),
        F.client.last_touched_at.ge(LATER),
    ),
    "sets": (*(F.client.tags.has(tag) for tag in ("vip", "new", "", "VIP")), F.client.tags.is_empty()),
    "values of another type": (
        Test("name", "eq", 5),
        Test("name", "in", (5, "Ada", None)),
        Test("owner", "lt", 17),
        Test("last_touched_at", "lt", "2026"),
        Test("version", "le", 1),
        Test("version", "starts_with", "1"),
        Test("id", "eq", "1"),
    ),
    "custom values compared": tuple(
        Test(f"custom.{key}", op, value)
        for key in "ns"
        for op in ("eq", "lt", "le", "gt", "ge")
        for value in (5, "5", "", "я", -(2**62))
    ),
    "custom values": (
        Test("custom.n", "in", (5, "5", 2**62)),
        Test("custom.n", "in", (-7,)),
        Test("custom.s", "starts_with", "ё"),
        Test("custom.n", "starts_with", "5"),
        Test("custom.n", "eq", None),
        Test("custom.missing", "eq", None),
        Test("custom.missing", "lt", 9),
        Test("custom.set", "has", "a"),
        Test("custom.set", "has", "c"),
        Test("custom.s", "has", "5"),
    ),
}
REFUSED: dict[str, Query[Any]] = {
    "no such field": Query(Client, Test("salary", "eq", 1)),
    "no such custom field": Query(ContactPoint, Test("custom.a", "eq", 1)),
    "a key that is none": Query(Client, Test("custom.a b", "eq", 1)),
    "a set compared": Query(Client, Test("tags", "eq", "vip")),
    "half a letter": Query(Client, Test("name", "eq", "\ud800")),
    "an end of text within": Query(Client, Test("name", "eq", "a\x00b")),
    "a number too large": Query(Client, Test("version", "eq", 2**63)),
    "a fraction": Query(Client, Test("version", "lt", 0.5)),
    "too many values": Query(Client, Test("name", "in", tuple(map(str, range(20_000))))),
    "order by no field": Query(Client, order_by="salary"),
    "order by a set": Query(Client, order_by="tags"),
}


def _place(client: Client, field: str) -> tuple[bool, Any, Any]:
    value = getattr(client, field)
    return value is not None, value, client.id


def _paged(tx: StorageTransaction, query: Query[Any]) -> list[Any]:
    """Every page, one after the other."""
    seen, page = list[Any](), tx.select(query)
    while page and len(seen) < 100:  # a page that begins where the last one ended would go on for ever
        seen += page
        page = tx.select(attrs.evolve(query, after=(getattr(seen[-1], query.order_by), seen[-1].id)))
    return seen


class Questions(OnAStorage):
    """What `select` and `count` are asked."""

    @pytest.mark.parametrize("group", CONDITIONS)
    def test_a_condition_means_what_it_means_in_memory(self, storage: Storage, group: str) -> None:
        """Two-valued: a test on an empty field or one of another type is false, and its opposite is true."""
        commit(storage, *PEOPLE)
        with reading(storage) as tx:
            for where in CONDITIONS[group]:
                for asked in (where, ~where, where | F.client.owner.eq("4"), ~(where & F.client.owner.eq("17"))):
                    assert [one for one in PEOPLE if holds(asked, one)] == tx.select(Query(Client, asked)), asked
                    assert sum(holds(asked, one) for one in PEOPLE) == tx.count(Client, asked)

    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    @pytest.mark.parametrize("field", ["id", "name", "owner", "last_touched_at", "version", "updated_at"])
    def test_pages_are_in_order_and_lose_nothing(self, storage: Storage, field: str, descending: bool) -> None:
        """Empty is smaller than everything, text is ordered letter by letter, ties are told apart by id."""
        more = [attrs.evolve(one, id=new_id()) for one in PEOPLE]
        commit(storage, *PEOPLE, *more)
        ordered = sorted([*PEOPLE, *more], key=lambda one: _place(one, field), reverse=descending)
        with reading(storage) as tx:
            assert ordered == tx.select(Query(Client, order_by=field, descending=descending))
            for limit in (1, 5):
                assert ordered == _paged(tx, Query(Client, EVERYTHING, field, descending, limit))

    def test_a_page_ends_where_the_condition_does(self, storage: Storage) -> None:
        """Condition, order, limit and starting point work together."""
        ada, eve = a_client(), a_client("Eve")
        touches = [a_touchpoint(ada, minutes=minutes) for minutes in (0, 5, 5, 2, 9)]
        commit(storage, ada, eve, *touches, a_touchpoint(eve, minutes=4), a_touchpoint(minutes=3))
        query = Query(Touchpoint, Test("client_id", "eq", ada.id), "occurred_at", descending=True, limit=2)
        newest_first = sorted(touches, key=lambda touch: (touch.occurred_at, touch.id), reverse=True)
        with reading(storage) as tx:
            assert newest_first == _paged(tx, query)

    def test_of_nobody_is_a_question_too(self, storage: Storage) -> None:
        """Touchpoints of unknown callers are those whose client is empty."""
        ada = a_client()
        known, unknown = a_touchpoint(ada), a_touchpoint()
        commit(storage, ada, known, unknown)
        with reading(storage) as tx:
            assert [unknown] == tx.select(Query(Touchpoint, F.touchpoint.client_id.is_empty()))
            assert [known] == tx.select(Query(Touchpoint, ~F.touchpoint.client_id.is_empty()))
            assert [known] == tx.select(Query(Touchpoint, F.touchpoint.client_id.in_([ada.id, new_id()])))

    def test_a_truth_value_can_be_asked_for(self, storage: Storage) -> None:
        """Flags are compared as what they are."""
        ada = a_client()
        first, second = a_contact_point(ada, primary=True), a_contact_point(ada, primary=False)
        commit(storage, ada, first, second)
        with reading(storage) as tx:
            assert [first] == tx.select(Query(ContactPoint, Test("primary", "eq", True)))
            assert [second] == tx.select(Query(ContactPoint, Test("primary", "eq", False)))

    def test_emptiness_of_money_can_be_asked_for(self, storage: Storage) -> None:
        """Deals without an amount are found."""
        ada = a_client()
        free, dear = a_deal(ada), a_deal(ada, amount=Money(1, "EUR"))
        commit(storage, ada, free, dear)
        with reading(storage) as tx:
            assert [free] == tx.select(Query(Deal, Test("amount", "eq", None)))
            assert [dear] == tx.select(Query(Deal, ~Test("amount", "eq", None)))

    def test_a_question_sees_what_this_transaction_changed(self, storage: Storage) -> None:
        """Lookups follow a change: the old value finds nothing, the new one does."""
        ada = a_client(owner="17")
        commit(storage, ada)
        tx = storage.begin(write=True, scope=EVERYONE)
        changed = attrs.evolve(ada, owner="4", version=2)
        tx.replace(changed, 1)
        assert [] == tx.select(Query(Client, F.client.owner.eq("17")))
        assert [changed] == tx.select(Query(Client, F.client.owner.eq("4")))
        tx.rollback()

    @pytest.mark.parametrize(("before", "after"), [("17", "4"), ("17", None), (None, "4")])
    def test_a_question_follows_a_change_that_was_committed(
        self, storage: Storage, before: str | None, after: str | None
    ) -> None:
        """Once it is committed, too, and whether a value came, went or became another."""
        ada = a_client(owner=before)
        changed = attrs.evolve(ada, owner=after, version=2)
        commit(storage, ada)
        with writing(storage) as tx:
            tx.replace(changed, 1)
        with reading(storage) as tx:
            for owner in ("17", "4", None):
                found = tx.select(Query(Client, Test("owner", "eq", owner)))
                assert ([changed] if owner == after else []) == found

    @pytest.mark.parametrize("what", REFUSED)
    def test_a_question_that_cannot_be_asked_is_refused(self, storage: Storage, what: str) -> None:
        """With a sentence instead of a driver's error, and on every storage the same ones."""
        with pytest.raises(Invalid), reading(storage) as tx:
            tx.select(REFUSED[what])
