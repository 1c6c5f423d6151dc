"""What a message goes through on its way out: decided on again and written down, then settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs

from crmkit.domain.client import Client
from crmkit.domain.consent import Decision
from crmkit.domain.events import (
    MessageCancelled,
    MessageDeferred,
    MessageFailed,
    MessageHeld,
    MessageQueued,
    MessageSent,
)
from crmkit.domain.ids import AttemptId, MessageId
from crmkit.domain.message import Attempt, AttemptOutcome, Message, MessageState
from crmkit.domain.query import Query
from crmkit.domain.touchpoint import Channel, Touchpoint
from crmkit.domain.where import Test
from crmkit.errors import Conflict
from crmkit.services.consenting.addresses import address_of
from crmkit.services.consenting.capping import free_places, take_places
from crmkit.services.consenting.judging import decision as decision_on
from crmkit.services.contacting import ask_plugins
from crmkit.services.heads import locked_heads
from crmkit.services.touchpoints import Touchpoints
from crmkit.services.unit import Unit

#: How long a permit holds: what was decided longer ago may have been overtaken.
PERMITTED = timedelta(seconds=5)
#: Whose external ids our own touchpoints have.
ORIGIN = "crmkit.messages"
#: What the touchpoint of a channel is called.
TOUCHES: Mapping[str, Channel] = {
    "email": "email", "sms": "sms", "voice": "call", "voice_auto": "call", "messenger": "messenger", "post": "post",
}  # fmt: skip
_LONGEST = 255


def decided(unit: Unit, message: Message) -> Decision:
    """Say whether a message may go now."""
    client = unit.get(Client, message.client_id)
    there = address_of(unit, client.id, message.channel, message.endpoint)
    return decision_on(
        unit, client, purpose=message.purpose, channel=message.channel, address=there
    )  # fmt: skip


def allow(unit: Unit, id: MessageId, *, turn: int | None, repeats: bool) -> tuple[Message, Attempt | None]:
    """
    Decide on a message once more, where nobody can say no meanwhile, and write the attempt down; None: it stays.

    *turn* is which time of being queued is meant, None for whichever. One that was on its way when its process died
    goes again on a channel that *repeats* under its key; on any other it is held for a person.
    """
    known = unit.get(Message, id)
    heads = locked_heads(unit, known.client_id)
    message = unit.get(Message, id)
    if message.client_id != known.client_id:
        raise Conflict("message", id)  # merged while we waited: others' heads are to be held
    if message.state not in ("queued", "sending") or turn not in (None, message.turn):
        return message, None
    if message.state == "sending":
        _end_open(unit, message, "unknown")
        if not repeats:
            return _held(unit, message), None
    free_places(unit, message)  # what an earlier attempt took is this one's
    decision = decided(unit, message)
    if not decision.allowed:
        return _kept_back(unit, message, decision), None
    ask_plugins(unit, message.client_id, purpose=message.purpose, channel=message.channel)
    take_places(unit, message)
    evidence = tuple(map(str, decision.evidence))
    attempt = unit.insert(_attempt(unit, message, decision, evidence, heads[message.client_id] + 1))
    after = attrs.evolve(
        message, state="sending", reason=decision.reason, evidence=evidence, policy=decision.policy, until=None
    )
    return unit.replace(message, after), attempt


def settle(
    unit: Unit, attempt: Attempt, outcome: AttemptOutcome, *, repeats: bool, reference: str | None = None,
    reason: str | None = None,
) -> Message:  # fmt: skip
    """Write down what came of an attempt; a touchpoint if the message went."""
    _end_open(unit, unit.get(Message, attempt.message_id), outcome, attempt.id)
    message = unit.get(Message, attempt.message_id)
    if message.state not in ("sending", "held"):
        return message
    if outcome == "sent":
        return _sent(unit, message, reference)
    if message.state == "held":
        return message
    if outcome in ("not_taken", "failed"):
        free_places(unit, message)
    if outcome == "not_taken":
        return unit.replace(message, attrs.evolve(message, state="queued"))
    if outcome == "failed":
        return _failed(unit, message, reason or "failed")
    return message if repeats else _held(unit, message)


def release(unit: Unit, limit: int) -> int:
    """Queue at most *limit* deferred messages whose time has come; say how many it were."""
    due = Test("state", "eq", "deferred") & Test("until", "le", unit.now)
    found = unit.store.select(Query(Message, due, "until", limit=limit))
    for one in found:
        message = unit.replace(one, attrs.evolve(one, state="queued", until=None, turn=one.turn + 1))
        said = (message.id, message.client_id, message.channel, message.purpose, message.turn)
        unit.happened(MessageQueued(*unit.envelope(message.version), *said))
    return len(found)


def put_on_record(unit: Unit, message: Message) -> Touchpoint:
    """The one touchpoint that a message leaves, however often it is asked for."""
    return Touchpoints(unit).record(
        message.client_id,
        channel=touch_of(message.channel),
        direction="outbound",
        origin=ORIGIN,
        external_id=str(message.id),
    )


def touch_of(channel: str) -> Channel:
    """What a touchpoint on a channel is called."""
    return TOUCHES.get(channel.partition(":")[0], "other")


def told_before(unit: Unit, origin: str, external_id: str | None) -> Touchpoint | None:
    """The touchpoint that this was recorded as already."""
    if external_id is None:
        return None
    same = Test("origin", "eq", origin) & Test("external_id", "eq", external_id)
    return next(iter(unit.store.select(Query(Touchpoint, same, limit=1))), None)


def _attempt(unit: Unit, message: Message, decision: Decision, evidence: tuple[str, ...], seq: int) -> Attempt:
    return Attempt(
        id=AttemptId(unit.new_id()),
        client_id=message.client_id,
        orig_subject=message.client_id,
        seq=seq,
        message_id=message.id,
        channel=message.channel,
        purpose=message.purpose,
        reason=decision.reason,
        evidence=evidence,
        policy=decision.policy,
        at=unit.now,
        expires_at=unit.now + PERMITTED,
        outcome=None,
        updated_at=unit.now,
    )


def _end_open(unit: Unit, message: Message, outcome: AttemptOutcome, id: AttemptId | None = None) -> None:
    """Say what came of the attempts of a message that nobody knew of, or of one of them that may be known by now."""
    for one in unit.store.select(Query(Attempt, Test("message_id", "eq", message.id))):
        if one.id == id or (id is None and one.outcome is None):
            unit.replace(one, attrs.evolve(one, outcome=outcome))


def _kept_back(unit: Unit, message: Message, decision: Decision) -> Message:
    """It may not go now: it waits until it may, or is not sent at all."""
    until = decision.until
    state: MessageState = "cancelled_consent" if until is None else "deferred"
    evidence = tuple(map(str, decision.evidence))
    after = attrs.evolve(
        message, state=state, reason=decision.reason, evidence=evidence, policy=decision.policy, until=until
    )
    kept = unit.replace(message, after)
    envelope, reason = unit.envelope(kept.version), decision.reason
    if until is None:
        unit.happened(MessageCancelled(*envelope, kept.id, kept.client_id, reason))
    else:
        said = (kept.id, kept.client_id, kept.channel, kept.purpose, reason, until)
        unit.happened(MessageDeferred(*envelope, *said))
    return kept


def _sent(unit: Unit, message: Message, reference: str | None) -> Message:
    touchpoint = put_on_record(unit, message)
    short = reference if reference is None or len(reference) <= _LONGEST else None
    after = attrs.evolve(message, state="sent", reference=short, touchpoint_id=touchpoint.id)
    sent = unit.replace(message, after)
    said = (sent.id, sent.client_id, sent.channel, sent.purpose, touchpoint.id)
    unit.happened(MessageSent(*unit.envelope(sent.version), *said))
    return sent


def _held(unit: Unit, message: Message) -> Message:
    held = unit.replace(message, attrs.evolve(message, state="held", reason="unknown"))
    unit.happened(MessageHeld(*unit.envelope(held.version), held.id, held.client_id, held.channel))
    return held


def _failed(unit: Unit, message: Message, reason: str) -> Message:
    failed = unit.replace(message, attrs.evolve(message, state="failed", reason=reason))
    said = (failed.id, failed.client_id, failed.channel, reason)
    unit.happened(MessageFailed(*unit.envelope(failed.version), *said))
    return failed
