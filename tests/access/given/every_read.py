"""Every public way to read, each with arguments drawn by lot from everything there is, seen or not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import attrs

from crmkit import Audited, Evidence, Transaction
from crmkit.domain.collection import Collection
from crmkit.domain.ids import ClientId
from crmkit.errors import CRMError, Forbidden
from crmkit.fields import F
from crmkit.services.data import Data
from crmkit.services.room import cursor


@attrs.frozen
class Points:
    """A plugin's own record of a client."""

    client_id: ClientId
    points: int


POINTS = Collection(Points, key="client_id", client="client_id", index=("points",), plugin="loyalty")


class Lot:
    """Draws ids and words from all that was ever stored."""

    def __init__(self, random: Random, ids: Mapping[str, list[Any]], words: list[str], phones: list[str]) -> None:
        self.random, self.ids, self.words, self.phones = random, ids, words, phones

    def of(self, kind: str) -> Any:
        """The id of one record of a kind."""
        return self.random.choice(self.ids[kind])

    def some(self, kind: str) -> list[Any]:
        """The ids of some of them."""
        return self.random.sample(self.ids[kind], min(6, len(self.ids[kind])))

    def page(self, kind: str) -> dict[str, Any]:
        """A short page, perhaps one that begins after a record that is hidden."""
        after = None
        if self.random.random() < 0.3:
            after = self.of(kind) if kind == "Event" else cursor(self.of(kind))
        return {"limit": self.random.choice((1, 3, 50)), "after": after}


Read = Callable[[Transaction, Lot], object]
#: The rooms of records, by the kind that a lot knows them as.
ROOMS = {
    "users": "User", "teams": "Team", "clients": "Client", "shares": "Share", "contacts": "Contact",
    "contact_points": "ContactPoint", "deals": "Deal", "purchases": "Purchase", "touchpoints": "Touchpoint",
    "calls": "Call", "consents": "Consent", "messages": "Message", "tasks": "Task", "notes": "Note", "tickets": "Ticket",
    "documents": "Document",
}  # fmt: skip


def _of_room(room: str, kind: str) -> Iterator[tuple[str, Read]]:
    """What every room of records has."""
    yield f"{room}.get", lambda tx, lot: getattr(tx, room).get(lot.of(kind))
    yield f"{room}.get_many", lambda tx, lot: sorted(getattr(tx, room).get_many(lot.some(kind)).items())
    yield f"{room}.list", lambda tx, lot: _paged(getattr(tx, room).list(**lot.page(kind)))
    yield f"{room}.count", lambda tx, _: getattr(tx, room).count()
    yield f"{room}.stream", lambda tx, _: list(getattr(tx, room).stream())


def _verified(tx: Transaction, client_id: Any) -> Any:
    """What is proven, where the proofs are seen: whose evidence is hidden here lies without it in the other store."""
    hidden = [one for one in tx.consents.stream(client_id=client_id) if one.evidence == Evidence()]
    return hidden or tx.consents.verify(client_id)


def _paged(page: Any) -> object:
    return list(page), page.next


def _search(tx: Transaction, lot: Lot) -> object:
    text, random = lot.random.choice((*lot.words, *lot.phones)), lot.random
    asked: dict[str, Any] = {
        "text": text,
        "where": random.choice((None, F.client.owner.is_empty(), F.client.tags.has("vip"))),
    }
    page = tx.clients.list(
        order_by=random.choice(("created_at", "-name", "-last_touched_at")), **lot.page("Client"), **asked
    )
    return _paged(page), tx.clients.count(**asked), list(tx.clients.stream(**asked))


def _of_client(tx: Transaction, lot: Lot) -> object:
    """What lists say of one client."""
    rooms: list[Any] = [tx.contacts, tx.contact_points, tx.deals, tx.purchases, tx.touchpoints, tx.tasks, tx.consents]
    room, client_id = lot.random.choice(rooms), lot.of("Client")
    return list(room.list(client_id=client_id)), room.count(client_id=client_id)


def _audit_of(tx: Transaction, lot: Lot) -> tuple[list[Audited], str | None]:
    """Of whom one sees without evidence one is told that, and nothing else."""
    try:
        page = tx.audit.list(client_id=lot.of("Client"), limit=lot.random.choice((1, 3, 50)))
    except Forbidden:
        return [], None
    return list(page), page.next


def _exposure_naming(tx: Transaction, lot: Lot) -> object:
    """By the id of any record: what it happened to is told of those who are reached."""
    kind = lot.random.choice(("Deal", "Note", "Task", "Call", "Touchpoint", "Merge", "Client"))
    return tx.audit.exposure(since=tx._unit.now - timedelta(days=400), naming=lot.of(kind))


#: More about reads that differ by what they are asked.
READS: dict[str, Read] = {
    **{name: read for room, kind in ROOMS.items() for name, read in _of_room(room, kind)},
    "clients.list text": _search,
    "clients.list owner": lambda tx, lot: _paged(tx.clients.list(owner=lot.random.choice((None, *lot.ids["User"])))),
    "rooms of a client": _of_client,
    "clients.duplicates": lambda tx, lot: _paged(tx.clients.duplicates(**lot.page("ContactPoint"))),
    "clients.card": lambda tx, lot: tx.clients.card(lot.of("Client")),
    "clients.decision_makers": lambda tx, lot: tx.clients.decision_makers(lot.of("Client")),
    "clients.find": lambda tx, lot: tx.clients.find(phone=lot.random.choice(lot.phones)),
    "clients.matches": lambda tx, lot: tx.clients.matches(
        phone=lot.random.choice(lot.phones), external_id=("shop", lot.random.choice(lot.words))
    ),
    "deals.history": lambda tx, lot: tx.deals.history(lot.of("Deal")),
    "deals.board": lambda tx, lot: tx.deals.board(limit=lot.random.choice((0, 1, 50))),
    "deals.board owner": lambda tx, lot: tx.deals.board(owner=lot.of("User")),
    "purchases.refunds": lambda tx, lot: tx.purchases.refunds(lot.of("Purchase")),
    "purchases.months": lambda tx, lot: tx.purchases.months(lot.of("Client")),
    "purchases.totals": lambda tx, lot: tx.purchases.totals(lot.of("Client")),
    "touchpoints.timeline": lambda tx, lot: _paged(tx.touchpoints.timeline(lot.of("Client"), **lot.page("Touchpoint"))),
    "touchpoints.journey": lambda tx, lot: tx.touchpoints.journey(lot.of("Client")),
    "consents.may_contact": lambda tx, lot: tx.consents.may_contact(
        lot.of("Client"), purpose="marketing", channel="email"
    ),
    "consents.confirmation": lambda tx, lot: tx.consents.confirmation(lot.of("Consent")).reveal(),
    "consents.receipt": lambda tx, lot: tx.consents.receipt(lot.of("Consent")),
    "consents.receipt kantara": lambda tx, lot: tx.consents.receipt(lot.of("Consent"), form="kantara"),
    "consents.verify": lambda tx, lot: _verified(tx, lot.of("Client")),
    "consents.watermark": lambda tx, lot: tx.consents.watermark(lot.of("Client")),
    "messages.attempts": lambda tx, lot: tx.messages.attempts(lot.of("Message")),
    "tasks.agenda": lambda tx, lot: _paged(tx.tasks.agenda(**lot.page("Task"))),
    "tasks.agenda assignee": lambda tx, lot: _paged(tx.tasks.agenda(assignee=lot.of("User"))),
    "documents.open": lambda tx, lot: tx.documents.open(lot.of("Document")).read(),
    "documents.content": lambda tx, lot: tx.documents.content(lot.of("Document")),
    "documents.verify": lambda tx, lot: tx.documents.verify(lot.of("Document")),
    "outcomes.since": lambda tx, lot: tx.outcomes.since(tx._unit.now - timedelta(days=lot.random.choice((1, 400)))),
    "audit.list": lambda tx, lot: _paged(tx.audit.list(**lot.page("Event"))),
    "audit.list client": _audit_of,
    "audit.list actor": lambda tx, lot: _paged(tx.audit.list(actor="system:house", **lot.page("Event"))),
    "audit.exposure": lambda tx, lot: tx.audit.exposure(
        since=tx._unit.now - timedelta(days=lot.random.choice((0, 1, 400))),
        actor=lot.random.choice((None, "system:house")),
    ),
    "audit.exposure naming": _exposure_naming,
    "notices.get": lambda tx, _: tx.notices.get("none"),
    "notices.get_many": lambda tx, _: tx.notices.get_many(["none"]),
    "notices.list": lambda tx, _: _paged(tx.notices.list()),
    "notices.count": lambda tx, _: tx.notices.count(),
    "notices.stream": lambda tx, _: list(tx.notices.stream()),
    "pipelines.get": lambda tx, _: tx.pipelines.get("standard"),
    "pipelines.get_many": lambda tx, _: tx.pipelines.get_many(["standard"]),
    "pipelines.list": lambda tx, _: _paged(tx.pipelines.list()),
    "pipelines.count": lambda tx, _: tx.pipelines.count(),
    "pipelines.stream": lambda tx, _: list(tx.pipelines.stream()),
    "data.get": lambda tx, lot: tx.data(POINTS).get(lot.of("Client")),
    "data.find": lambda tx, lot: tx.data(POINTS).find(lot.of("Client")),
    "data.get_many": lambda tx, lot: sorted(tx.data(POINTS).get_many(lot.some("Client")).items()),
    "data.version_of": lambda tx, lot: tx.data(POINTS).version_of(lot.of("Client")),
    "data.list": lambda tx, _: _paged(tx.data(POINTS).list(order_by="points")),
    "data.count": lambda tx, lot: tx.data(POINTS).count(points=lot.random.randrange(5)),
    "data.stream": lambda tx, _: list(tx.data(POINTS).stream()),
}


def public_reads() -> set[str]:
    """Every public method of every room that is no command, found by looking."""
    rooms: dict[str, Any] = {"data": Data}
    for name, made in vars(Transaction).items():
        if hasattr(made, "_make"):
            rooms[name] = made._make
    return {
        f"{room}.{name}"
        for room, kind in rooms.items()
        for name, method in inspect.getmembers(kind, callable)
        if name[0] != "_" and not hasattr(method, "__crm_command__") and name not in ("put", "remove")
    }


def answer(tx: Transaction, name: str, lot: Lot) -> object:
    """What a read says, or the error with all its words."""
    try:
        return READS[name](tx, lot)
    except CRMError as error:
        return type(error), str(error), error.args
