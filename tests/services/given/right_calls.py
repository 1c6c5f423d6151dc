"""A small CRM with one of everything, and one right call of every changing verb."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from crmkit import CRM, Evidence, Field, Item, Money, Source, Stage, Transaction
from crmkit.consent import PERMISSIVE
from crmkit.domain.ids import NIL
from crmkit.domain.records import RECORDS
from crmkit.ports import Query
from crmkit.testing import a_message

CARD = Field("client", "card", str)
MARGIN = Field("deal", "margin", Decimal)
#: A consent by email has to be confirmed.
JUDGED = attrs.evolve(PERMISSIVE, confirmed=frozenset({"email"}))
Given = dict[str, Any]


@attrs.frozen
class World:
    """A small CRM with one of everything."""

    crm: CRM
    ids: Mapping[str, Any]
    now: datetime


def one_of_each(tx: Transaction) -> Iterator[tuple[str, Any]]:
    now = tx._unit.now
    tx.teams.put("t", name="Team")
    tx.users.put("u", name="User", team="t")
    yield "client", (client := tx.clients.add(name="Anna", phone="+79123456789", external_ids={"shop": "1"})).id
    yield "other", (other := tx.clients.add(name="Bob")).id
    archived = tx.clients.add(name="Put away")
    yield "archived", tx.clients.archive(archived.id).id
    survivor = tx.clients.add(name="Once")
    yield "survivor", survivor.id
    yield "merged", (merged := tx.clients.add(name="Twice")).id
    tx.clients.merge(merged.id, into=survivor.id)
    yield "contact", tx.contacts.add(client.id, name="Boss").id
    yield "point", tx.contact_points.list(client_id=client.id)[0].id
    tx.pipelines.define("p", stages=["a", "b"])
    yield "deal", tx.deals.open(client.id, title="Open", amount=Money(1, "EUR")).id
    closed = tx.deals.open(client.id, title="Closed")
    yield "closed", tx.deals.lose(closed.id, reason="price").id
    yield "foreign_deal", tx.deals.open(other.id, title="Bob's").id
    yield "purchase", tx.purchases.record(client.id, amount=Money(9, "EUR")).id
    yield "touchpoint", tx.touchpoints.record(client.id, channel="call", direction="inbound").id
    yield "call", tx.calls.start(number="+79123456789", external_id="c-1").id
    yield "task", tx.tasks.plan(client.id, title="Do", due=now).id
    yield "note", tx.notes.add(client.id, text="Note").id
    yield "document", tx.documents.add(client_id=client.id, name="Contract", content=b"Sign here.").id
    yield "share", tx.shares.grant(other.id, user="u").id
    yield "ticket", tx.tickets.open(client.id, subject="Help").id
    resolved = tx.tickets.open(client.id, subject="Helped")
    yield "resolved", tx.tickets.resolve(resolved.id).id
    yield "consent", tx.consents.grant(client.id, purpose="service", channel="voice").id
    pending = tx.consents.grant(client.id, purpose="service", channel="email", endpoint="anna@example.org")
    yield "token", tx.consents.confirmation(pending.id).reveal()
    tx.consents.suppress(other.id, endpoint="+79123456780", channel="sms")
    yield "message", tx._unit.insert(a_message(client, id=tx._unit.new_id())).id
    sent = a_message(client, id=tx._unit.new_id(), state="sent", touchpoint_id=NIL)
    yield "sent", tx._unit.insert(sent).id


AT = datetime(2025, 6, 1, tzinfo=UTC)
PROOF = Evidence(notice="n", method="form", network="192.0.2.0", agent="Mozilla")


def good_calls(ids: Mapping[str, Any]) -> dict[str, Given]:
    """One call of every changing verb with every keyword, each of them right."""
    client, version = ids["client"], 1  # every record was written once, but the client: its purchase activated it
    told: Given = {
        "kind": "person", "lifecycle": "prospect", "owner": "u", "region": "RU", "language": "ru",
        "time_zone": "Europe/Moscow", "market_level": "ours", "tags": ["vip"], "custom": [CARD.to("A")],
        "external_ids": {"mail": "1"}, "source": Source("web"),
    }  # fmt: skip
    return {
        "users.put": {"id": "u2", "name": "U", "email": "u@example.org", "team": "t", "active": True, "roles": ["seller"]},
        "teams.put": {"id": "t2", "name": "T", "parent": "t", "lead": "u"},
        "clients.add": {"name": "N", "phone": "+79120000001", "email": "n@example.org", **told},
        "clients.ensure": {
            "name": "N", "phone": "+79120000001", "email": "n@example.org", "external_id": ("shop", "2"), **told,
        },
        "clients.update": {
            "id": client, "version": 2, "name": "N", "kind": "person", "region": "RU", "language": "ru",
            "time_zone": "Europe/Moscow", "market_level": "ours", "tags": ["vip"], "custom": [CARD.to("A")],
            "external_ids": {"mail": "1"},
        },
        "clients.assign": {"id": client, "owner": "u", "reason": "holiday", "tasks": "stay", "version": 2},
        "shares.grant": {"client_id": client, "user": "u", "right": "write", "until": datetime(2100, 1, 1, tzinfo=UTC)},
        "shares.revoke": {"id": ids["share"]},
        "clients.lose": {"id": client, "reason": "moved", "version": 2},
        "clients.merge": {
            "id": client, "into": ids["survivor"], "reason": "double", "version": 2, "into_version": 2,
        },
        "clients.keep_apart": {"id": ids["client"], "other": ids["other"]},
        "clients.unmerge": {"id": ids["merged"]},
        "clients.archive": {"id": client, "reason": "double", "version": 2},
        "clients.restore": {"id": ids["archived"], "version": 2},
        "contacts.add": {"client_id": client, "name": "C", "position": "Boss", "roles": ["decision_maker"]},
        "contacts.update": {
            "id": ids["contact"], "version": version, "name": "C", "position": "Boss", "roles": ["decision_maker"],
        },
        "contacts.remove": {"id": ids["contact"]},
        "contact_points.add": {
            "client_id": client, "messenger": "telegram:anna", "network": "telegram", "contact_id": ids["contact"],
            "primary": True, "keep_unreadable": False,
        },
        "contact_points.replace": {"id": ids["point"], "version": version, "phone": "+79120000077", "keep_unreadable": False},
        "contact_points.update": {
            "id": ids["point"], "version": version, "primary": True, "contact_id": ids["contact"],
        },
        "contact_points.verify": {"id": ids["point"], "version": version},
        "contact_points.invalidate": {"id": ids["point"], "reason": "bounce", "version": version},
        "contact_points.remove": {"id": ids["point"]},
        "pipelines.define": {"id": "p", "stages": ["a", ("b", "B"), Stage("c", "C")], "name": "P", "version": version},
        "deals.open": {
            "client_id": client, "title": "D", "amount": Money(1, "EUR"), "pipeline": "p", "stage": "a", "owner": "u",
            "custom": [MARGIN.to(Decimal(1))], "source": Source("web"),
        },
        "deals.update": {
            "id": ids["deal"], "version": version, "title": "D", "amount": Money(1, "EUR"), "competitor": "C",
            "custom": [MARGIN.to(Decimal(1))],
        },
        "deals.assign": {"id": ids["deal"], "owner": "u", "version": version},
        "deals.move": {"id": ids["deal"], "to": "b", "pipeline": "p", "version": version},
        "deals.win": {"id": ids["deal"], "purchase": ids["purchase"], "version": version},
        "deals.lose": {"id": ids["deal"], "reason": "price", "competitor": "C", "version": version},
        "deals.cancel": {"id": ids["deal"], "reason": "double", "version": version},
        "deals.reopen": {"id": ids["closed"], "version": 2},
        "purchases.record": {
            "client_id": client, "amount": Money(1, "EUR"), "items": [Item("Tea", 1, Money(1, "EUR"), "Food")],
            "at": AT, "deal_id": ids["deal"], "channel": "web", "origin": "shop", "external_id": "9",
        },
        "purchases.refund": {
            "id": ids["purchase"], "amount": Money(1, "EUR"), "reason": "damaged", "at": AT, "version": version,
        },
        "touchpoints.record": {
            "client_id": client, "channel": "email", "direction": "inbound", "at": AT, "initiator": "client",
            "outcome": "liked", "summary": "S", "contact_id": ids["contact"], "deal_id": ids["deal"],
            "cost": Money(1, "EUR"), "minutes": 5, "origin": "mail", "external_id": "9", "reply_to": ids["touchpoint"],
        },
        "calls.dial": {"client_id": client, "purpose": "service", "contact_point_id": ids["point"]},
        "calls.start": {
            "number": "+79123456789", "direction": "inbound", "at": AT, "line": "1", "origin": "pbx",
            "external_id": "9",
        },
        "calls.answer": {"id": ids["call"], "by": "u", "at": AT},
        "calls.end": {"id": ids["call"], "disposition": "answered", "outcome": "talked", "at": AT},
        "calls.record": {
            "number": "+79123456789", "disposition": "answered", "at": AT, "seconds": 5, "direction": "inbound",
            "by": "u", "outcome": "talked", "line": "1", "origin": "pbx", "external_id": "9",
        },
        "consents.grant": {
            "client_id": client, "purpose": "marketing", "channel": "email", "basis": "consent",
            "evidence": PROOF, "seen": 0, "valid_until": AT + timedelta(days=999), "endpoint": "anna@example.org",
            "jurisdiction": "EU", "controller": "Anna & Sons", "claimed_at": AT,
        },
        "consents.request": {
            "client_id": client, "purpose": "marketing", "channel": "sms", "endpoint": "+79123456789", "evidence": PROOF,
        },
        "consents.confirm": {"token": ids["token"], "evidence": PROOF},
        "consents.refuse": {
            "client_id": client, "purpose": "marketing", "channel": "post", "endpoint": "main st. 1", "evidence": PROOF,
        },
        "consents.withdraw": {
            "client_id": client, "purpose": "marketing", "channel": "email", "endpoint": "anna@example.org",
            "evidence": PROOF, "complaint": True,
        },
        "consents.object_to": {
            "client_id": client, "purpose": "profiling", "channel": "email", "endpoint": "anna@example.org",
            "evidence": PROOF,
        },
        "consents.invalidate": {
            "client_id": client, "purpose": "sharing", "channel": "messenger:telegram", "endpoint": "telegram:anna",
            "evidence": PROOF,
        },
        "consents.suppress": {
            "client_id": client, "purpose": "*", "channel": "sms", "endpoint": "+79123456789", "evidence": PROOF,
        },
        "consents.unsuppress": {
            "client_id": ids["other"], "purpose": "marketing", "channel": "sms", "endpoint": "+79123456780",
            "evidence": PROOF,
        },
        "notices.add": {
            "name": "offers", "edition": "2", "language": "en", "text": "May we write?", "standalone": True,
        },
        "messages.send": {
            "client_id": client, "channel": "sms", "purpose": "mandatory", "text": "T", "subject": "S", "to": "+79123456789",
            "not_before": AT, "required": False, "ref": "9",
        },
        "messages.cancel": {"id": ids["message"], "version": version},
        "messages.receive": {
            "channel": "sms", "sender": "+79123456789", "text": "Thank you!", "subject": "Re: order", "at": AT,
            "origin": "gateway", "external_id": "in-1",
        },
        "messages.report": {"id": ids["sent"], "state": "bounced", "reason": "full"},
        "tasks.plan": {
            "client_id": client, "title": "T", "due": AT, "deal_id": ids["deal"], "assignee": "u", "rule": "mine",
        },
        "tasks.update": {"id": ids["task"], "version": version, "title": "T", "assignee": "u"},
        "tasks.start": {"id": ids["task"], "version": version},
        "tasks.complete": {"id": ids["task"], "version": version},
        "tasks.postpone": {"id": ids["task"], "due": AT, "version": version},
        "tasks.cancel": {"id": ids["task"], "reason": "double", "version": version},
        "notes.add": {"client_id": client, "text": "T", "kind": "doubt", "deal_id": ids["deal"]},
        "notes.update": {"id": ids["note"], "version": version, "text": "T", "kind": "doubt"},
        "documents.add": {
            "content": b"Sign here.", "name": "contract.pdf", "media_type": "application/pdf", "client_id": client,
            "deal_id": ids["deal"], "touchpoint_id": ids["touchpoint"], "kind": "contract", "origin": "mail",
            "external_id": "9", "source": Source("web"),
        },
        "documents.update": {
            "id": ids["document"], "version": version, "name": "N", "media_type": "text/plain", "kind": "contract",
            "deal_id": ids["deal"], "touchpoint_id": ids["touchpoint"],
        },
        "documents.remove": {"id": ids["document"], "version": version},
        "tickets.open": {
            "client_id": client, "subject": "S", "kind": "complaint", "description": "D", "priority": "high",
            "assignee": "u", "purchase_id": ids["purchase"], "at": AT,
        },
        "tickets.update": {
            "id": ids["ticket"], "version": version, "subject": "S", "description": "D", "priority": "low",
        },
        "tickets.assign": {"id": ids["ticket"], "assignee": "u", "version": version},
        "tickets.respond": {"id": ids["ticket"], "version": version},
        "tickets.resolve": {"id": ids["ticket"], "version": version},
        "tickets.reopen": {"id": ids["resolved"], "version": 2},
        "tickets.close": {"id": ids["ticket"], "version": version},
    }  # fmt: skip


#: For who only wants the names of verbs and keywords.
NOBODY: Mapping[str, Any] = dict.fromkeys((
    "client", "other", "archived", "survivor", "merged", "contact", "point", "deal", "closed", "foreign_deal", "purchase",
    "touchpoint", "call", "task", "note", "document", "ticket", "resolved", "consent", "share",
    "token", "message", "sent",
))  # fmt: skip
VERBS = sorted(good_calls(NOBODY))


def call(tx: Transaction, verb: str, given: Given) -> Any:
    room, _, name = verb.partition(".")
    return getattr(getattr(tx, room), name)(**given)


def dump(crm: CRM) -> list[object]:
    """Everything that is stored."""
    with crm.read() as tx:
        store = tx._unit.store
        return [*(store.select(Query(kind)) for kind in RECORDS), store.journal_length()]
