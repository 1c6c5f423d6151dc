from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from crmkit import CRM, Client
from crmkit.errors import ContactRefused, Invalid
from crmkit.events import CallEnded, CallMissed, Event
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", phone="8 912 345-67-89", owner="17")


def test_a_missed_call_becomes_one_task_however_often_it_is_reported(
    crm: CRM, anna: Client, clock: FrozenClock, heard: list[Event]
) -> None:
    """A provider delivers twice; the owner gets one task, due in four hours."""
    with crm.begin() as tx:
        call = tx.calls.record(number="+79123456789", disposition="no_answer", origin="pbx", external_id="c1")
    with crm.begin() as tx:
        again = tx.calls.record(number="8 912 345 67 89", disposition="no_answer", origin="pbx", external_id="c1")
    assert call == again
    with crm.read() as tx:
        (task,) = tx.tasks.agenda(assignee="17")
        assert (anna.id, "Call back +79123456789", "missed_call", clock.now() + timedelta(hours=4)) == (
            task.client_id, task.title, task.rule, task.due_at
        )  # fmt: skip
        (touchpoint,) = tx.touchpoints.timeline(anna.id)
        assert (call.touchpoint_id, "no_answer", "inbound") == (
            touchpoint.id, touchpoint.outcome, touchpoint.direction
        )  # fmt: skip
    assert [task.id] == [event.task_id for event in heard if isinstance(event, CallMissed)]


def test_a_call_lives_while_it_rings_and_leaves_one_touchpoint(
    crm: CRM, anna: Client, clock: FrozenClock, topics: Callable[[], list[str]], heard: list[Event]
) -> None:
    """Started, answered, ended; every step in a transaction of its own, the last two reported twice."""
    topics()
    with crm.begin() as tx:
        call = tx.calls.start(number="8 912 345 67 89", line="sales", origin="pbx", external_id="c2")
        assert (anna.id, "ringing", 0) == (call.client_id, call.state, tx.touchpoints.count())
    clock.go_on(seconds=10)
    for _ in range(2):
        with crm.begin() as tx:
            assert "talking" == tx.calls.answer(call.id, by="17").state
    clock.go_on(seconds=61)
    with crm.begin() as tx:
        ended = tx.calls.end(call.id, outcome="talked")
    with crm.begin() as tx:
        assert ended == tx.calls.end(call.id, outcome="talked")
    assert ("ended", "answered", "talked", "17") == (ended.state, ended.disposition, ended.outcome, ended.answered_by)
    (told,) = [event for event in heard if isinstance(event, CallEnded)]
    assert 61 == told.seconds
    assert ["call.started", "call.answered", "touchpoint.recorded", "call.ended"] == topics()
    with crm.read() as tx:
        (touchpoint,) = tx.touchpoints.timeline(anna.id)
        assert (2, call.started_at, 0) == (touchpoint.minutes, touchpoint.occurred_at, tx.tasks.count())


def test_withheld_and_garbled_callers_are_recorded_too(crm: CRM, clock: FrozenClock) -> None:
    """Their touchpoint has no client, their task no assignee."""
    with crm.begin() as tx:
        for number, external_id in (("anonymous", "1"), ("+7 912", "2"), ("sip:4711@pbx", "3")):
            call = tx.calls.record(number=number, disposition="abandoned", external_id=external_id)
            assert (None, None, number) == (call.client_id, call.match_key, call.number)
        assert (3, 3) == (tx.touchpoints.count(client_id=None), tx.tasks.count(assignee=None))


def test_outbound_calls_that_nobody_answers_are_not_missed(crm: CRM, anna: Client) -> None:
    """Only who called us is called back."""
    with crm.begin() as tx:
        tx.calls.record(number="+79123456789", disposition="no_answer", direction="outbound")
        assert (1, 0) == (tx.touchpoints.count(client_id=anna.id), tx.tasks.count())


def test_dialing_asks_consent_first(crm: CRM, anna: Client, topics: Callable[[], list[str]]) -> None:
    """Silence is no; with a yes it is a call to the primary phone."""
    with pytest.raises(ContactRefused, match="none"), crm.begin() as tx:
        tx.calls.dial(anna.id, purpose="service")
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="service", channel="voice", basis="contract")
        call = tx.calls.dial(anna.id, purpose="service")
        assert ("dialing", "outbound", "+79123456789") == (call.state, call.direction, call.match_key)
        tx.calls.end(call.id, disposition="busy")
        assert 0 == tx.tasks.count()
    with crm.begin() as tx:
        mute = tx.clients.add(name="No phone")
        with pytest.raises(Invalid, match="no such phone"):
            tx.calls.dial(mute.id, purpose="service")
    assert "call.dialed" in topics()


def test_dialing_takes_the_primary_phone_that_works_or_the_one_named(crm: CRM, anna: Client) -> None:
    """The call is to that number, begun by us."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="service", channel="voice", basis="contract")
        first = tx.contact_points.list(client_id=anna.id)[0]
        second = tx.contact_points.add(anna.id, phone="+79120000002")
        third = tx.contact_points.add(anna.id, phone="8 912 000-00-03", primary=True)
        for one in (second, third):
            tx.consents.grant(anna.id, purpose="service", channel="voice", basis="contract", endpoint=one.value)
        assert "+79120000003" == tx.calls.dial(anna.id, purpose="service").match_key
        call = tx.calls.dial(anna.id, purpose="service", contact_point_id=second.id)
        assert ("+79120000002", "+79120000002", "outbound", "crm", None, None) == (
            call.number, call.match_key, call.direction, call.origin, call.line, call.external_id,
        )  # fmt: skip
        tx.contact_points.invalidate(third.id)
        assert first.match_key == tx.calls.dial(anna.id, purpose="service").match_key
        with pytest.raises(Invalid) as caught:
            tx.calls.dial(anna.id, purpose="service", contact_point_id=third.id)
        assert ["contact_point_id"] == [fault.path for fault in caught.value.faults]
        for one in (first, second):
            tx.contact_points.invalidate(one.id)
        with pytest.raises(Invalid) as caught:
            tx.calls.dial(anna.id, purpose="service")
        assert ["client_id"] == [fault.path for fault in caught.value.faults]


def test_who_answers_a_call_that_is_over_changes_nothing(crm: CRM, anna: Client) -> None:
    """Reports come late and in any order."""
    with crm.begin() as tx:
        call = tx.calls.start(number="+79123456789")
        ended = tx.calls.end(call.id, disposition="no_answer")
        assert ended == tx.calls.answer(call.id, by="17")


def test_a_recorded_call_was_answered_when_it_began_or_never(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """What is reported afterwards tells no other instant."""
    with crm.begin() as tx:
        talked = tx.calls.record(number="+79123456789", disposition="answered", seconds=60, by="17")
        missed = tx.calls.record(number="+79123456789", disposition="no_answer")
        assert (clock.now(), None) == (talked.answered_at, missed.answered_at)
