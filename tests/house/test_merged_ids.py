"""Every verb and every read that is given a client's id takes that of a merged one for whom it was merged into."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any, get_type_hints

import attrs
import pytest

from crmkit import CRM, Client, Evidence, Money, Transaction
from crmkit.crm.system import TimeOrderedIds
from crmkit.domain.ids import ClientId
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILTERED = ("list", "count", "stream")
#: What a verb needs besides the client's id; `deal`, `contact`, `purchase` and `other` stand for ids.
NEEDS: dict[str, dict[str, Any]] = {
    "clients.get": {},
    "clients.get_many": {},
    "clients.card": {},
    "clients.decision_makers": {},
    "clients.update": {"name": "Zoe"},
    "clients.assign": {"owner": "9"},
    "clients.lose": {"reason": "moved"},
    "clients.archive": {},
    "clients.restore": {},
    "clients.merge": {"into": "other"},
    "clients.merge into": {"id": "other"},
    "clients.keep_apart": {"other": "other"},
    "clients.keep_apart other": {"id": "other"},
    "contacts.add": {"name": "Boss"},
    "contact_points.add": {"phone": "030 901820", "contact_id": "contact"},
    "deals.open": {"title": "Order"},
    "purchases.record": {"amount": Money(1, "EUR"), "deal_id": "deal"},
    "purchases.months": {},
    "purchases.totals": {},
    "touchpoints.record": {
        "channel": "email", "direction": "inbound", "contact_id": "contact", "deal_id": "deal", "reply_to": "touchpoint",
    },
    "touchpoints.timeline": {},
    "touchpoints.journey": {},
    "calls.dial": {"purpose": "service"},
    "consents.grant": {"purpose": "marketing", "channel": "email"},
    "consents.request": {"purpose": "marketing", "channel": "email"},
    "consents.refuse": {},
    "consents.withdraw": {},
    "consents.object_to": {"purpose": "profiling"},
    "consents.invalidate": {},
    "consents.suppress": {},
    "consents.unsuppress": {"evidence": Evidence(document="letter")},
    "consents.may_contact": {"purpose": "service", "channel": "voice"},
    "messages.send": {"channel": "sms", "purpose": "service", "text": "Hello"},
    "consents.verify": {},
    "tasks.plan": {"title": "Call", "due": NOON, "deal_id": "deal"},
    "notes.add": {"text": "Note", "deal_id": "deal"},
    "documents.add client_id": {"name": "Contract", "content": b"Sign here.", "deal_id": "deal", "touchpoint_id": "touchpoint"},
    "shares.grant": {"user": "17"},
    "tickets.open": {"subject": "Late", "purchase_id": "purchase"},
}  # fmt: skip
#: What means the very id: whose merge to undo, and under which subject a watermark counts.
EXACT = {"clients.unmerge", "consents.watermark"}


class Again:
    """Ids that come again, so that two tries can be compared."""

    def __init__(self) -> None:
        self.source, self.given, self.next = TimeOrderedIds(), list[Any](), 0

    def new(self) -> Any:
        if self.next == len(self.given):
            self.given.append(self.source.new())
        self.next += 1
        return self.given[self.next - 1]


@attrs.frozen
class World:
    """A survivor with one of everything, most of it from the client merged into them."""

    crm: CRM
    again: Again
    ids: Mapping[str, Any]

    def tried(self, name: str, id: ClientId) -> Any:
        """What a verb or a read answers and tells, and what it leaves stored; nothing of it stays."""
        verb, _, _ = name.partition(" ")
        room, _, method = verb.partition(".")
        needs = {
            key: self.ids.get(value, value) if isinstance(value, str) else value for key, value in _needs(name).items()
        }
        start, told = self.again.next, list[Any]()
        try:
            with self.crm.begin() as tx:
                given: Any = [id] if method == "get_many" else id
                call = getattr(getattr(tx, room), method)
                answer = call(**{_parameter(name, call): given}, **needs)
                told += [_said(method, answer), tx.clients.card(self.ids["survivor"]), list(tx._unit.events)]
                raise InterruptedError  # noqa: TRY301  # rolls back
        except InterruptedError:
            self.again.next = start
        return told


def _said(method: str, answer: Any) -> Any:
    """An answer that can be compared: a stream read to its end, records without the ids that were asked for."""
    if method == "get_many":
        return list(answer.values())
    return list(answer) if method == "stream" else answer


@pytest.fixture(params=["memory", "sqlite"], scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("merged")
    url = "memory://" if request.param == "memory" else f"sqlite:///{folder}/crm.db"
    again = Again()
    told: dict[str, Any] = {"region": "RU", "blobs": folder / "blobs", "consent": "permissive"}
    with CRM(open_storage(url), ids=again, clock=FrozenClock(), **told) as crm:
        with crm.begin() as tx:
            ids = _merged(tx)
        yield World(crm, again, ids)


def _merged(tx: Transaction) -> dict[str, Any]:
    old = tx.clients.add(name="Ana", phone="+79120000001")
    new = tx.clients.add(name="Anna", region="DE")
    ids: dict[str, Any] = {"old": old.id, "survivor": new.id, "other": tx.clients.add(name="Eve").id}
    ids["contact"] = tx.contacts.add(old.id, name="Boss", roles=["decision_maker"]).id
    ids["deal"] = tx.deals.open(old.id, title="Order").id
    ids["purchase"] = tx.purchases.record(old.id, amount=Money(9, "EUR")).id
    ids["touchpoint"] = tx.touchpoints.record(old.id, channel="email", direction="outbound").id
    tx.calls.start(number="+79120000001")
    tx.consents.grant(old.id, purpose="service", channel="voice")
    tx.messages.send(old.id, channel="sms", purpose="service", text="Hello")
    tx.tasks.plan(old.id, title="Do", due=NOON)
    tx.notes.add(old.id, text="Note")
    tx.tickets.open(old.id, subject="Help")
    tx.documents.add(client_id=old.id, name="Contract", content=b"Sign here.")
    for user in ("17", "18"):
        tx.users.put(user, name="Seller")
    tx.shares.grant(old.id, user="18")
    tx.clients.merge(old.id, into=new.id)
    return ids


def _needs(name: str) -> dict[str, Any]:
    return NEEDS.get(name, {})


def _parameter(name: str, call: Any) -> str:
    """The keyword a client's id is given by."""
    _, _, keyword = name.partition(" ")
    return keyword or (
        "client_id" if name.rpartition(".")[2] in FILTERED else next(iter(inspect.signature(call).parameters))
    )


def _given_a_client(room: type[Any], verb: str) -> bool:
    """Say whether a verb's parameters or filters take a client's id."""
    method = getattr(room, verb)
    hints = {name: hint for name, hint in get_type_hints(method).items() if name != "return"}
    generic = getattr(room, "_kind", None) is Client and verb in {"get", "get_many"}
    filtered = verb in FILTERED and "client_id" in getattr(room, "_filters", ())
    return generic or filtered or any(hint in (ClientId, ClientId | None) for hint in hints.values())


def _found(rooms: Mapping[str, type[Any]]) -> set[str]:
    return {
        f"{name}.{verb}"
        for name, room in rooms.items()
        for verb, _ in inspect.getmembers(room, inspect.isfunction)
        if not verb.startswith("_") and _given_a_client(room, verb)
    }


def test_every_verb_that_is_given_a_client_is_tried_here(rooms: Mapping[str, type[Any]]) -> None:
    """A new one must join the table, or say that it means the very id."""
    listed = {name for name in _found(rooms) if name.rpartition(".")[2] in FILTERED}
    assert len(listed) >= 3 * len(FILTERED)
    assert _found(rooms) == EXACT | listed | {name.partition(" ")[0] for name in NEEDS}


@pytest.mark.parametrize("name", NEEDS)
def test_a_verb_takes_an_old_id_for_the_new_one(world: World, name: str) -> None:
    """The same answer, the same events, the same records as by the survivor's own id."""
    expected = world.tried(name, world.ids["survivor"])
    assert expected == world.tried(name, world.ids["old"])


def test_a_list_takes_an_old_id_for_the_new_one(world: World, rooms: Mapping[str, type[Any]]) -> None:
    """Every room that can be asked for one client's records; none of them is empty here."""
    for name in sorted(name for name in _found(rooms) if name.rpartition(".")[2] in FILTERED):
        answer = world.tried(name, world.ids["survivor"])[0]
        assert answer if isinstance(answer, int) else list(answer), name
        assert answer == world.tried(name, world.ids["old"])[0], name
