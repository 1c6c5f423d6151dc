"""A client with one of everything, and a call of every changing verb upon it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import attrs

from crmkit import CRM, Evidence, Item, Money, Transaction
from crmkit.consent import PERMISSIVE
from crmkit.testing import a_message

#: Stands in every text that is personal: what must never be seen in an error or a log.
CANARY = "canary-7f3a"
#: A consent by email has to be confirmed.
JUDGED = attrs.evolve(PERMISSIVE, confirmed=frozenset({"email"}))
Ids = dict[str, Any]
Call = Callable[[Transaction, Ids], object]
_numbers = count(1)
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def shop(crm: CRM) -> Ids:
    """Two clients, and one of everything with the first."""
    number = next(_numbers)
    phone = f"+7913{number:07}"
    with crm.begin() as tx:
        tx.users.put("17", name=CANARY)
        client = tx.clients.add(name=f"{CANARY} {number}", phone=phone, email=f"{CANARY}{number}@example.org")
        other = tx.clients.add(name=f"{CANARY} other", phone=phone)
        away, merged = tx.clients.add(name=CANARY), tx.clients.add(name=CANARY, phone=phone)
        tx.clients.archive(away.id)
        tx.notes.add(merged.id, text=CANARY)
        tx.clients.merge(merged.id, into=other.id)
        deal, lost = (tx.deals.open(client.id, title=CANARY, amount=Money(9, "EUR")) for _ in "12")
        tx.deals.lose(lost.id, reason="price", competitor=CANARY)
        resolved = tx.tickets.open(client.id, subject=CANARY, kind="complaint")
        tx.tickets.resolve(resolved.id)
        return {
            "client": client.id, "other": other.id, "away": away.id, "merged": merged.id, "phone": phone, "number": number,
            "deal": deal.id, "lost": lost.id, "resolved": resolved.id,
            "contact": tx.contacts.add(client.id, name=CANARY, roles=["decision_maker"]).id,
            "point": tx.contact_points.add(client.id, email=f"{CANARY}.2@example.org").id,
            "purchase": tx.purchases.record(client.id, items=[Item(CANARY, 2, Money(3, "EUR"))]).id,
            "call": tx.calls.start(number=phone, origin="pbx", external_id=f"{number}").id,
            "task": tx.tasks.plan(client.id, title=CANARY, due=TOMORROW).id,
            "share": tx.shares.grant(other.id, user="17").id,
            "note": tx.notes.add(client.id, text=CANARY).id,
            "document": tx.documents.add(client_id=client.id, name=CANARY, content=CANARY.encode()).id,
            "ticket": tx.tickets.open(client.id, subject=CANARY).id,
            "message": tx._unit.insert(a_message(client, text=CANARY)).id,
            "sent": tx._unit.insert(a_message(client, text=CANARY, state="held")).id,
        }  # fmt: skip


#: Every changing verb there is; a test finds one that is missing.
CALLS: dict[str, Call] = {
    "users.put": lambda tx, ids: tx.users.put("17", name=f"{CANARY} {ids['number']}"),
    "teams.put": lambda tx, ids: tx.teams.put(f"team-{ids['number']}", name=CANARY),
    "pipelines.define": lambda tx, ids: tx.pipelines.define(f"rent-{ids['number']}", stages=["new", "won"]),
    "clients.add": lambda tx, ids: tx.clients.add(name=CANARY, phone=ids["phone"], external_ids={"shop": ids["phone"]}),
    "clients.ensure": lambda tx, ids: tx.clients.ensure(name=CANARY, phone=f"+7914{ids['number']:07}"),
    "clients.update": lambda tx, ids: tx.clients.update(ids["client"], name=f"{CANARY} new", tags=["vip"]),
    "clients.assign": lambda tx, ids: tx.clients.assign(ids["client"], owner="17"),
    "clients.lose": lambda tx, ids: tx.clients.lose(ids["client"], reason="moved"),
    "clients.archive": lambda tx, ids: tx.clients.archive(ids["client"]),
    "clients.restore": lambda tx, ids: tx.clients.restore(ids["away"]),
    "clients.merge": lambda tx, ids: tx.clients.merge(ids["client"], into=ids["other"]),
    "clients.keep_apart": lambda tx, ids: tx.clients.keep_apart(ids["client"], other=ids["other"]),
    "clients.unmerge": lambda tx, ids: tx.clients.unmerge(ids["merged"]),
    "shares.grant": lambda tx, ids: tx.shares.grant(ids["client"], user="17"),
    "shares.revoke": lambda tx, ids: tx.shares.revoke(ids["share"]),
    "contacts.add": lambda tx, ids: tx.contacts.add(ids["client"], name=CANARY),
    "contacts.update": lambda tx, ids: tx.contacts.update(ids["contact"], name=f"{CANARY} new"),
    "contacts.remove": lambda tx, ids: tx.contacts.remove(ids["contact"]),
    "contact_points.add": lambda tx, ids: tx.contact_points.add(ids["client"], phone=f"+7915{ids['number']:07}", primary=True),
    "contact_points.replace": lambda tx, ids: tx.contact_points.replace(ids["point"], email=f"c{ids['number']}@example.org"),
    "contact_points.update": lambda tx, ids: tx.contact_points.update(ids["point"], primary=True),
    "contact_points.verify": lambda tx, ids: tx.contact_points.verify(ids["point"]),
    "contact_points.invalidate": lambda tx, ids: tx.contact_points.invalidate(ids["point"]),
    "contact_points.remove": lambda tx, ids: tx.contact_points.remove(ids["point"]),
    "deals.open": lambda tx, ids: tx.deals.open(ids["client"], title=CANARY, amount=Money(1, "EUR")),
    "deals.update": lambda tx, ids: tx.deals.update(ids["deal"], title=f"{CANARY} new"),
    "deals.move": lambda tx, ids: tx.deals.move(ids["deal"], to="offer"),
    "deals.assign": lambda tx, ids: tx.deals.assign(ids["deal"], owner="17"),
    "deals.win": lambda tx, ids: tx.deals.win(ids["deal"]),
    "deals.lose": lambda tx, ids: tx.deals.lose(ids["deal"], reason="price"),
    "deals.cancel": lambda tx, ids: tx.deals.cancel(ids["deal"]),
    "deals.reopen": lambda tx, ids: tx.deals.reopen(ids["lost"]),
    "purchases.record": lambda tx, ids: tx.purchases.record(ids["client"], amount=Money(1, "EUR")),
    "purchases.refund": lambda tx, ids: tx.purchases.refund(ids["purchase"], amount=Money(1, "EUR")),
    "touchpoints.record": lambda tx, ids: tx.touchpoints.record(
        ids["client"], channel="email", direction="inbound", summary=CANARY, external_id=f"t{ids['number']}"
    ),
    "calls.dial": lambda tx, ids: (tx.consents.grant(ids["client"], purpose="service", channel="voice"),
                                   tx.calls.dial(ids["client"], purpose="service")),
    "calls.start": lambda tx, ids: tx.calls.start(number=ids["phone"]),
    "calls.answer": lambda tx, ids: tx.calls.answer(ids["call"], by="17"),
    "calls.end": lambda tx, ids: tx.calls.end(ids["call"], disposition="no_answer"),
    "calls.record": lambda tx, ids: tx.calls.record(number=ids["phone"], disposition="no_answer", external_id=f"r{ids['number']}"),
    "consents.grant": lambda tx, ids: tx.consents.grant(ids["client"], purpose="marketing", channel="email"),
    "consents.request": lambda tx, ids: tx.consents.request(ids["client"], purpose="profiling", channel="email"),
    "consents.confirm": lambda tx, ids: tx.consents.confirm(tx.consents.confirmation(
        tx.consents.grant(ids["client"], purpose="service", channel="email").id).reveal()),
    "consents.refuse": lambda tx, ids: tx.consents.refuse(ids["client"], purpose="sharing"),
    "consents.object_to": lambda tx, ids: tx.consents.object_to(ids["client"], purpose="profiling"),
    "consents.invalidate": lambda tx, ids: tx.consents.invalidate(ids["client"], purpose="sharing"),
    "consents.suppress": lambda tx, ids: tx.consents.suppress(ids["client"]),
    "consents.unsuppress": lambda tx, ids: (tx.consents.suppress(ids["client"], channel="post"),
        tx.consents.unsuppress(ids["client"], channel="post", evidence=Evidence(document="letter"))),
    "notices.add": lambda tx, ids: tx.notices.add(name="news", edition=f"{ids['number']}", language="en", text=CANARY),
    "consents.withdraw": lambda tx, ids: tx.consents.withdraw(ids["client"]),
    "messages.send": lambda tx, ids: tx.messages.send(ids["client"], channel="sms", purpose="service", text=CANARY),
    "messages.cancel": lambda tx, ids: tx.messages.cancel(ids["message"]),
    "messages.receive": lambda tx, ids: tx.messages.receive(
        channel="sms", sender=ids["phone"], text=f"{CANARY} STOP, or not?", external_id=f"in{ids['number']}"),
    "messages.report": lambda tx, ids: tx.messages.report(ids["sent"], state="delivered"),
    "tasks.plan": lambda tx, ids: tx.tasks.plan(ids["client"], title=CANARY, due=TOMORROW),
    "tasks.update": lambda tx, ids: tx.tasks.update(ids["task"], title=f"{CANARY} new"),
    "tasks.start": lambda tx, ids: tx.tasks.start(ids["task"]),
    "tasks.postpone": lambda tx, ids: tx.tasks.postpone(ids["task"], due=TOMORROW + timedelta(days=1)),
    "tasks.complete": lambda tx, ids: tx.tasks.complete(ids["task"]),
    "tasks.cancel": lambda tx, ids: tx.tasks.cancel(ids["task"]),
    "notes.add": lambda tx, ids: tx.notes.add(ids["client"], text=CANARY),
    "notes.update": lambda tx, ids: tx.notes.update(ids["note"], text=f"{CANARY} new"),
    "documents.add": lambda tx, ids: tx.documents.add(client_id=ids["client"], name=CANARY, content=CANARY.encode()),
    "documents.update": lambda tx, ids: tx.documents.update(ids["document"], name=f"{CANARY} new"),
    "documents.remove": lambda tx, ids: tx.documents.remove(ids["document"]),
    "tickets.open": lambda tx, ids: tx.tickets.open(ids["client"], subject=CANARY, kind="complaint"),
    "tickets.update": lambda tx, ids: tx.tickets.update(ids["ticket"], subject=f"{CANARY} new"),
    "tickets.assign": lambda tx, ids: tx.tickets.assign(ids["ticket"], assignee="17"),
    "tickets.respond": lambda tx, ids: tx.tickets.respond(ids["ticket"]),
    "tickets.resolve": lambda tx, ids: tx.tickets.resolve(ids["ticket"]),
    "tickets.close": lambda tx, ids: tx.tickets.close(ids["resolved"]),
    "tickets.reopen": lambda tx, ids: tx.tickets.reopen(ids["resolved"]),
}  # fmt: skip
