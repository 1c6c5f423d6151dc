"""Tasks, notes and tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from crmkit import CRM, Client, Money
from crmkit.errors import Invalid
from crmkit.events import Event, TicketResponded
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", owner="17")


def test_an_agenda_is_what_is_to_do_soonest_first(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """The overdue included, the finished not; *until* is not included."""
    now = clock.now()
    with crm.begin() as tx:
        late = tx.tasks.plan(anna.id, title="late", due=now - timedelta(days=1))
        soon = tx.tasks.plan(anna.id, title="soon", due=now + timedelta(hours=1))
        tx.tasks.start(soon.id)
        tx.tasks.plan(anna.id, title="tomorrow", due=now + timedelta(days=1))
        tx.tasks.plan(anna.id, title="other's", due=now, assignee="4")
        tx.tasks.complete(tx.tasks.plan(anna.id, title="done", due=now).id)
        tx.tasks.cancel(tx.tasks.plan(anna.id, title="gone", due=now).id, reason="double")
        agenda = tx.tasks.agenda(assignee="17", until=now + timedelta(days=1))
        assert [late.id, soon.id] == [task.id for task in agenda]
        assert [late.id] == [task.id for task in tx.tasks.list(overdue=True)]
        assert 5 == tx.tasks.count(overdue=False)


def test_a_task_is_for_the_clients_owner_unless_told(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Without a client it is for who plans it."""
    with crm.bind(actor="4").begin() as tx:
        owned = tx.tasks.plan(anna.id, title="a", due=clock.now())
        told = tx.tasks.plan(anna.id, title="b", due=clock.now(), assignee=None)
        own = tx.tasks.plan(title="c", due=clock.now())
    assert ["17", None, "4"] == [task.assignee for task in (owned, told, own)]
    assert {"4"} == {task.created_by for task in (owned, told, own)}


def test_a_finished_task_is_finished(
    crm: CRM, anna: Client, clock: FrozenClock, topics: Callable[[], list[str]]
) -> None:
    """Done twice changes nothing; what is done is not postponed."""
    topics()
    with crm.begin() as tx:
        task = tx.tasks.plan(anna.id, title="a", due=clock.now())
        tx.tasks.postpone(task.id, due=clock.now() + timedelta(days=1))
        done = tx.tasks.complete(task.id)
        assert done == tx.tasks.complete(task.id)
        refusals: list[Callable[[], object]] = [
            lambda: tx.tasks.postpone(task.id, due=clock.now()),
            lambda: tx.tasks.start(task.id),
            lambda: tx.tasks.cancel(task.id),
        ]
        for refused in refusals:
            with pytest.raises(Invalid, match="done"):
                refused()
    assert (clock.now(), "done") == (done.completed_at, done.status)
    assert ["task.planned", "task.postponed", "task.completed"] == topics()


def test_a_note_belongs_to_a_client_or_one_deal(crm: CRM, anna: Client) -> None:
    """Objections to a deal are found by kind; corrected notes count a version."""
    with crm.bind(actor="17").begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        note = tx.notes.add(anna.id, text="Дорого.\nПодумает.", kind="objection", deal_id=deal.id)
        tx.notes.add(anna.id, text="Likes tea.")
        assert [note] == list(tx.notes.list(kind="objection", deal_id=deal.id))
        corrected = tx.notes.update(note.id, text="Дорого.", kind="doubt")
        assert ("Дорого.", "doubt", "17", 2) == (
            corrected.text, corrected.kind, corrected.author, corrected.version
        )  # fmt: skip
        other = tx.clients.add(name="Bob")
        with pytest.raises(Invalid, match="deal_id"):
            tx.notes.add(other.id, text="x", deal_id=deal.id)


def test_a_complaint_is_an_outcome(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """A question is not."""
    with crm.begin() as tx:
        bob = tx.clients.add(name="Bob")
        tx.tickets.open(bob.id, subject="Where is it?")
        tx.tickets.open(anna.id, subject="Late", kind="complaint", at=clock.now() - timedelta(days=1))
        (outcome,) = tx.outcomes.since(clock.now() - timedelta(days=2))
        assert (anna.id, frozenset({"complained"}), clock.now() - timedelta(days=1)) == (
            outcome.client_id, outcome.reasons, outcome.complained_at
        )  # fmt: skip


def test_a_ticket_goes_from_new_to_closed_and_back(
    crm: CRM, anna: Client, clock: FrozenClock, topics: Callable[[], list[str]], heard: list[Event]
) -> None:
    """Each state by its verb; the first answer's instant stays."""
    topics()
    with crm.begin() as tx:
        bought = tx.purchases.record(anna.id, amount=Money(1, "EUR"))
        ticket = tx.tickets.open(anna.id, subject="Broken", kind="incident", purchase_id=bought.id)
        assert "new" == ticket.status
        assert "assigned" == tx.tickets.assign(ticket.id, assignee="17").status
    clock.go_on(minutes=10)
    with crm.begin() as tx:
        answered = tx.tickets.respond(ticket.id)
        assert ("pending", clock.now()) == (answered.status, answered.responded_at)
    clock.go_on(minutes=10)
    with crm.begin() as tx:
        assert answered.responded_at == tx.tickets.respond(ticket.id).responded_at
        assert "resolved" == tx.tickets.resolve(ticket.id).status
        with pytest.raises(Invalid, match="Reopen"):
            tx.tickets.assign(ticket.id, assignee="4")
        reopened = tx.tickets.reopen(ticket.id)
        assert ("reopened", None) == (reopened.status, reopened.resolved_at)
        with pytest.raises(Invalid, match="not resolved"):
            tx.tickets.reopen(ticket.id)
        closed = tx.tickets.close(ticket.id)
        assert closed == tx.tickets.close(ticket.id)
        with pytest.raises(Invalid, match="closed"):
            tx.tickets.resolve(ticket.id)
    assert [(True, 600), (False, 1200)] == [
        (event.first, event.seconds) for event in heard if isinstance(event, TicketResponded)
    ]
    assert [
        "purchase.recorded", "client.activated", "ticket.opened", "ticket.assigned", "ticket.responded",
        "ticket.responded", "ticket.resolved", "ticket.reopened", "ticket.closed",
    ] == topics()  # fmt: skip
