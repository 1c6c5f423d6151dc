"""Tasks, notes and tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from crmkit import CRM, Client, Money
from crmkit.errors import Invalid
from crmkit.events import Event, TicketResolved, TicketResponded
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


def test_who_is_to_answer_a_ticket_may_be_nobody(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Then it is new again; when it was resolved and closed stands in it, until it is reopened."""
    with crm.begin() as tx:
        ticket = tx.tickets.assign(tx.tickets.open(anna.id, subject="Broken").id, assignee="17")
        assert ("new", None) == ((again := tx.tickets.assign(ticket.id, assignee=None)).status, again.assignee)
    clock.go_on(minutes=5)
    with crm.begin() as tx:
        resolved = tx.tickets.resolve(ticket.id)
        assert ("resolved", clock.now(), None) == (resolved.status, resolved.resolved_at, resolved.closed_at)
    clock.go_on(minutes=5)
    with crm.begin() as tx:
        closed = tx.tickets.close(ticket.id)
        assert ("closed", resolved.resolved_at, clock.now()) == (closed.status, closed.resolved_at, closed.closed_at)
        reopened = tx.tickets.reopen(ticket.id)
        assert ("reopened", None, None) == (reopened.status, reopened.resolved_at, reopened.closed_at)
        at_once = tx.tickets.close(ticket.id)
        assert (clock.now(), clock.now()) == (at_once.resolved_at, at_once.closed_at)


def test_how_long_a_ticket_took_is_counted_from_its_opening(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event]
) -> None:
    """Nothing for one that is resolved at once."""
    with crm.begin() as tx:
        tx.tickets.resolve(tx.tickets.open(anna.id, subject="a").id)
        tx.tickets.resolve(tx.tickets.open(anna.id, subject="b", at=clock.now() - timedelta(hours=1)).id)
    assert [0, 3600] == [event.seconds for event in heard if isinstance(event, TicketResolved)]


def test_work_in_progress_and_work_given_up_say_so(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Twice is once."""
    with crm.begin() as tx:
        first, second = (tx.tasks.plan(anna.id, title=title, due=clock.now()) for title in ("a", "b"))
        started, cancelled = tx.tasks.start(first.id), tx.tasks.cancel(second.id, reason="double")
        assert ("in_progress", "cancelled") == (started.status, cancelled.status)
        assert (started, cancelled) == (tx.tasks.start(first.id), tx.tasks.cancel(second.id, reason="again"))


def test_an_agenda_has_pages_and_nobodys_work(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Fifty to a page; who is to do it is somebody, nobody or anybody."""
    with crm.begin() as tx:
        for number in range(51):
            due = clock.now() - timedelta(minutes=100 - number)
            tx.tasks.plan(anna.id, title=f"{number}", due=due, assignee="17" if number % 2 else None)
        first = tx.tasks.agenda()
        second = tx.tasks.agenda(after=first.next)
        assert ([f"{number}" for number in range(50)], ["50"]) == (
            [one.title for one in first],
            [one.title for one in second],
        )
        assert (26, 25) == (len(tx.tasks.agenda(assignee=None)), len(tx.tasks.agenda(assignee="17")))
        with pytest.raises(Invalid, match="assignee"):
            tx.tasks.agenda(assignee="")
