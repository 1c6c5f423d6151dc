"""What every room of records has: the same shape, and the same answers to the same questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crmkit import CRM, Evidence, ids
from crmkit.domain.records import Record, noun
from crmkit.errors import Invalid, NotFound
from crmkit.fields import F
from crmkit.ids import ClientId
from crmkit.ports import Test
from crmkit.storage.held import held_in
from crmkit.testing import a_client, a_deal, a_purchase, new_id
from crmkit.testing.builders import a_record

MANY = 53
#: Rooms with lists, and what else tells their records apart.
ROOMS = (
    "calls", "clients", "consents", "contact_points", "contacts", "deals", "documents", "messages", "notes", "notices", "pipelines",
    "purchases", "shares", "tasks", "teams", "tickets", "touchpoints", "users",
)  # fmt: skip


def test_every_room_is_asked_here(crm: CRM) -> None:
    """A new room must join."""
    with crm.read() as tx:
        public = [name for name in dir(tx) if name[0] != "_"]
        assert list(ROOMS) == sorted(name for name in public if hasattr(getattr(tx, name), "stream"))


@pytest.fixture
def ask(crm: CRM) -> Iterator[Callable[[str], tuple[Any, list[Any]]]]:
    """Fill a room, and give it with its records in the order of the room's list."""
    with crm.begin() as tx:

        def filled(name: str) -> tuple[Any, list[Any]]:
            room = getattr(tx, name)
            for record in _records(room._kind):
                tx._unit.store.insert(record)
            return room, list(room.stream())

        yield filled


def _records(kind: type[Any]) -> Iterator[Record]:
    client = a_client()
    deal, purchase = a_deal(client), a_purchase(client)
    around: dict[str, Any] = {"client_id": client, "deal_id": deal, "purchase_id": purchase}
    held = held_in(kind)
    yield from (one for name, one in around.items() if name in held)
    told: dict[str, Any] = {name: one.id for name, one in around.items() if name in held}
    for number in range(MANY):
        own: dict[str, Any] = {} if held["id"].type is not str else {"id": f"k{number:02}"}
        own |= {"seq": number + 1, "orig_subject": client.id} if kind.__name__ == "Consent" else {}
        yield a_record(kind, **told, **own)


@pytest.mark.parametrize("name", ROOMS)
def test_pages_come_to_the_stream_and_the_count(ask: Callable[[str], tuple[Any, list[Any]]], name: str) -> None:
    """Fifty on a page unless told, none twice, none left out; backwards it is the same the other way round."""
    room, rows = ask(name)
    assert MANY <= len(rows) == room.count() == len({one.id for one in rows})
    first = room.list(after="")
    second = room.list(after=first.next)
    assert (50, None) == (len(first), second.next)
    assert rows == [*first, *second]
    assert rows[10:13] == list(room.list(limit=3, after=room.list(limit=10).next))
    assert rows[:7] == list(room.list(limit=7))
    order = next(one for one in room._orders if one[0] != "-")
    assert list(room.stream(order_by=f"-{order}")) == list(room.stream(order_by=order))[::-1]
    assert list(room.list(order_by=f"-{order}", limit=5)) == list(room.stream(order_by=f"-{order}"))[:5]


@pytest.mark.parametrize("name", ROOMS)
def test_a_condition_holds_for_pages_streams_and_counts(ask: Callable[[str], tuple[Any, list[Any]]], name: str) -> None:
    """Only whom it lets through."""
    room, rows = ask(name)
    some = [one.id for one in rows[3:6] if one.id != "standard"]
    where = Test("id", "in", tuple(some))
    assert some == [one.id for one in room.list(where=where)] == [one.id for one in room.stream(where=where)]
    assert len(some) == room.count(where=where)


@pytest.mark.parametrize("name", ROOMS)
def test_records_are_fetched_by_their_ids(ask: Callable[[str], tuple[Any, list[Any]]], name: str) -> None:
    """One or many, from any iterable; who is nobody is told by kind and id."""
    room, rows = ask(name)
    assert rows[4] == room.get(rows[4].id)
    unknown = "nobody" if isinstance(rows[4].id, str) else new_id()
    assert {rows[1].id: rows[1], rows[2].id: rows[2]} == room.get_many(iter([rows[1].id, unknown, rows[2].id]))
    with pytest.raises(NotFound) as caught:
        room.get(unknown)
    assert (noun(room._kind), unknown) == (caught.value.kind, caught.value.key)
    for wrong in ("", 17):
        with pytest.raises(Invalid) as refused:
            room.get(wrong)
        assert ["id"] == [fault.path for fault in refused.value.faults]
    for wrong in ("abc", 17):
        with pytest.raises(Invalid) as refused:
            room.get_many(wrong)
        assert ["ids"] == [fault.path for fault in refused.value.faults]


@pytest.mark.parametrize("name", ROOMS)
def test_a_page_that_cannot_be_is_refused(ask: Callable[[str], tuple[Any, list[Any]]], name: str) -> None:
    """Limits are 1 to 1,000, orders those there are; all faults at once."""
    room, rows = ask(name)
    for limit in (0, 1001, "5", True):
        with pytest.raises(Invalid) as caught:
            room.list(limit=limit, order_by="colour")
        assert ["limit", "order_by"] == [fault.path for fault in caught.value.faults]
    assert len(rows) == len(room.list(limit=1000))
    with pytest.raises(Invalid, match="after"):
        room.list(after="nowhere")


WORDS = {name[:-3]: name[:-3].replace("_", " ") for name in dir(ids) if name.islower() and name.endswith("_id")}


@pytest.mark.parametrize("name", WORDS)
def test_an_id_is_read_from_a_text_and_junk_is_nobodys(name: str) -> None:
    """So that a URL with junk in it is a 404, told in the record's own words."""
    read, id = getattr(ids, f"{name}_id"), new_id()
    assert id == read(str(id)) == read(id.hex)
    for junk in ("", "17", f"{id}0", None, 17):
        with pytest.raises(NotFound) as caught:
            read(junk)
        assert (WORDS[name], junk) == (caught.value.kind, caught.value.key)


def test_a_text_is_no_list_of_values() -> None:
    """Its letters would be looked for."""
    with pytest.raises(Invalid) as caught:
        F.client.owner.in_("17")
    (fault,) = caught.value.faults
    assert ("owner", "not_a_list", "Give a list of values, such as ['17'].") == (fault.path, fault.code, fault.message)


NUMBER: Any = 7
GRANT: dict[str, Any] = {"purpose": "service", "channel": "email"}


@pytest.mark.parametrize(
    ("room", "verb", "given", "path"),
    [("deals", "board", {"limit": 1001}, "limit"), ("deals", "board", {"limit": -1}, "limit"),
     ("touchpoints", "journey", {"gap": 30}, "gap"), ("touchpoints", "journey", {"gap": None}, "gap"),
     ("consents", "grant", {**GRANT, "evidence": Evidence(note=NUMBER)}, "evidence.note"),
     ("consents", "grant", {**GRANT, "evidence": Evidence(notice="")}, "evidence.notice"),
     ("consents", "grant", {**GRANT, "evidence": Evidence(document="")}, "evidence.document")],
)  # fmt: skip
def test_what_some_rooms_alone_ask_is_checked_too(
    crm: CRM, room: str, verb: str, given: dict[str, Any], path: str
) -> None:
    """By the keyword, and by what stands in it."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        with pytest.raises(Invalid) as caught:
            getattr(getattr(tx, room), verb)(*([] if room == "deals" else [anna.id]), **given)
        assert [path] == [fault.path for fault in caught.value.faults]


def test_a_card_of_nobody_is_told_as_a_clients(crm: CRM) -> None:
    """By the kind and the id."""
    with crm.read() as tx, pytest.raises(NotFound) as caught:
        tx.clients.card(ClientId(new_id()))
    assert "client" == caught.value.kind
