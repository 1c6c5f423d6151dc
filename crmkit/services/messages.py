"""tx.messages: the only way out to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import attrs

from crmkit.domain.client import Client
from crmkit.domain.consent import CHANNELS, Decision
from crmkit.domain.consent.channels import is_channel
from crmkit.domain.events import (
    MessageCancelled,
    MessageDeferred,
    MessageQueued,
    MessageReceived,
    MessageRefused,
    MessageReported,
)
from crmkit.domain.ids import ClientId, ContactPointId, MessageId
from crmkit.domain.message import WAITING, Attempt, Message, MessageState
from crmkit.domain.query import Page, Query
from crmkit.domain.where import Test, Where
from crmkit.errors import ContactRefused
from crmkit.services.addresses import chosen
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.contacting import ask_plugins
from crmkit.services.replies import obey, whose
from crmkit.services.room import Room
from crmkit.services.sending import decided, put_on_record, told_before, touch_of
from crmkit.services.touchpoints import Touchpoints

MessageOrder = Literal["created_at", "-created_at"]
Reported = Literal["sent", "delivered", "bounced", "failed"]
#: Of what was handed over, or may have been, somebody may say what became of it.
HANDED_OVER: tuple[MessageState, ...] = ("sending", "held", "sent", "delivered", "bounced", "failed")


class MessageFilters(TypedDict, total=False):
    """Typed filters of messages."""

    client_id: ClientId
    channel: str
    purpose: str
    state: MessageState
    ref: str | None


class Messages(Room[Message, MessageId]):
    """
    A message is decided on when it is sent, and once more when it goes: a no said in between holds it back.

    >>> from crmkit import CRM
    >>> from crmkit.testing import ChannelSink
    >>> sink = ChannelSink()
    >>> with CRM.open("memory://", plugins=[sink.plugin("sms")], delivery="inline", consent="permissive") as crm:
    ...     with crm.begin() as tx:
    ...         anna = tx.clients.add(name="Anna", phone="+79123456789")
    ...         _ = tx.consents.grant(anna.id, purpose="service", channel="sms")
    ...         message = tx.messages.send(anna.id, channel="sms", purpose="service", text="Your order is ready.")
    ...     with crm.read() as tx:
    ...         message.state, tx.messages.get(message.id).state
    ('queued', 'sent')
    """

    __slots__ = ()
    _kind = Message
    _filters = frozenset(MessageFilters.__annotations__)
    _orders = options(MessageOrder)

    @command
    def send(
        self, client_id: ClientId, *, channel: str, purpose: str, text: str, subject: str | None = None,
        contact_point_id: ContactPointId | None = None, to: str | None = None, not_before: datetime | None = None,
        required: bool = False, ref: str | None = None,
    ) -> Message:  # fmt: skip
        """
        Send a client a message, or say why not: its state is `queued`, `deferred` or `refused`, with a `reason`.

        It goes after the commit, and only if it still may then. Without an address it goes to the first of the
        client's that the channel reaches, the primary first; *not_before* it waits. With *required* a refusal is
        `ContactRefused` and nothing is written. An objection of a plugin's is `Rejected`. *ref* is the caller's own.
        """
        unit, check = self._unit, Checks()
        check.id("client_id", client_id)
        self._check_channel(check, channel)
        check.code("purpose", purpose)
        text = check.prose("text", text)
        title = check.maybe(check.text, "subject", subject)
        check.maybe(check.id, "contact_point_id", contact_point_id)
        spelling = check.maybe(check.text, "to", to)
        if contact_point_id is not None and to is not None:
            check.fault("to", "one_of", "Give an address or a contact point, not both.")
        start = check.maybe(check.instant, "not_before", not_before)
        check.flag("required", required)
        check.maybe(check.key, "ref", ref)
        check.done()
        client_id = unit.get(Client, client_id).id
        address = chosen(unit, check, client_id, channel, contact_point_id, spelling)
        check.done()
        message = Message(
            id=MessageId(unit.new_id()), client_id=client_id, channel=channel, purpose=purpose,
            contact_point_id=None if address is None else address.contact_point_id,
            to=None if address is None else address.value, endpoint=None if address is None else address.endpoint,
            subject=title, text=text, state="queued", reason=None, until=None, evidence=(), policy="", turn=0,
            reference=None, touchpoint_id=None, ref=ref, created_by=unit.actor, created_at=unit.now,
            updated_at=unit.now,
        )  # fmt: skip
        decision = self._first_decision(message)
        if not decision.allowed and decision.until is None:
            if required:
                raise ContactRefused(decision.reason)
            return self._refuse(message, decision)
        ask_plugins(unit, client_id, purpose=purpose, channel=channel)
        until = max([at for at in (start, decision.until) if at is not None and at > unit.now], default=None)
        return self._queue(message, decision) if until is None else self._defer(message, decision, until)

    @command
    def cancel(self, id: MessageId, *, version: int | None = None) -> Message:
        """Call a message off that still waits; one that is called off already stays so."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        check.version(version)
        if before.state not in (*WAITING, "cancelled"):
            check.fault("id", "not_waiting", f"This message is {before.state}: only what waits can be called off.")
        check.done()
        if before.state == "cancelled":
            return unit.unchanged(before, version)
        after = attrs.evolve(before, state="cancelled", reason="cancelled", until=None)
        message = unit.replace(before, after, version)
        unit.happened(MessageCancelled(*unit.envelope(message.version), id, before.client_id, "cancelled"))
        return message

    @command
    def report(self, id: MessageId, *, state: Reported, reason: str | None = None) -> Message:
        """
        Say what became of a message that was handed over, as its provider tells; said before, nothing changes.

        Of a held one this says that it went, or did not.
        """
        unit, check = self._unit, Checks()
        before = self.get(id)
        check.one_of(options(Reported))("state", state)
        check.maybe(check.code, "reason", reason)
        if before.state not in HANDED_OVER:
            check.fault("id", "not_sent", f"This message is {before.state}: nothing can have become of it.")
        check.done()
        if (before.state, before.reason) == (state, reason):
            return before
        touchpoint_id = before.touchpoint_id
        if touchpoint_id is None and state != "failed":
            touchpoint_id = put_on_record(unit, before).id
        after = attrs.evolve(before, state=state, reason=reason, touchpoint_id=touchpoint_id)
        message = unit.replace(before, after)
        unit.happened(MessageReported(*unit.envelope(message.version), id, before.client_id, state, reason))
        return message

    @command
    def receive(
        self, *, channel: str, sender: str, text: str, subject: str | None = None, at: datetime | None = None,
        origin: str | None = None, external_id: str | None = None,
    ) -> Message | None:  # fmt: skip
        """
        Record what somebody wrote to us, and obey at once if it asks to be left alone.

        `STOP`, `отпишите меня` and their like withdraw everything on that channel at that address. What may mean it,
        or not, becomes a task for the client's owner, and nothing is sent to them until it is done. Of an address that
        is nobody's here, a touchpoint is left and None returned; a stop puts it on the suppression list. The same
        *external_id* of the same *origin*, the channel if none is told, is one message, however often it comes.
        """
        unit, check = self._unit, Checks()
        if not is_channel(channel):
            check.fault("channel", "unknown", f"Give one of: {', '.join(sorted(CHANNELS))}.")
        spelling, said = check.text("sender", sender), check.prose("text", text)
        title = check.maybe(check.text, "subject", subject)
        came_at = check.past("at", at, unit.now)
        check.maybe(check.code, "origin", origin)
        check.maybe(check.key, "external_id", external_id)
        check.done()
        origin = f"messages.{channel}" if origin is None else origin
        if (known := told_before(unit, origin, external_id)) is not None:
            return next(iter(unit.store.select(Query(Message, Test("touchpoint_id", "eq", known.id)))), None)
        client, key = whose(unit, channel, spelling)
        touchpoint = Touchpoints(unit).record(
            None if client is None else client.id, channel=touch_of(channel), direction="inbound", at=came_at,
            origin=origin, external_id=external_id,
        )  # fmt: skip
        meant = obey(unit, channel, key, said)
        if client is None:
            return None
        message = unit.insert(Message(
            id=MessageId(unit.new_id()), client_id=client.id, channel=channel, purpose="", contact_point_id=None,
            to=spelling, endpoint=key, subject=title, text=said, state="received", reason=meant, until=None,
            evidence=(), policy="", turn=0, reference=None, touchpoint_id=touchpoint.id, ref=None,
            created_by=unit.actor, created_at=unit.now, updated_at=unit.now,
        ))  # fmt: skip
        unit.happened(MessageReceived(*unit.envelope(), message.id, client.id, channel, meant))
        return message

    def attempts(self, id: MessageId) -> Sequence[Attempt]:
        """Each time that a message was allowed out, the first one first, with what allowed it."""
        message = self.get(id)
        found = self._unit.store.select(Query(Attempt, Test("message_id", "eq", message.id)))
        return tuple(sorted(found, key=lambda one: one.id))

    def list(
        self, *, where: Where | None = None, order_by: MessageOrder = "created_at", limit: int = 50,
        after: str | None = None, **filters: Unpack[MessageFilters],
    ) -> Page[Message]:  # fmt: skip
        """One page of messages."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[MessageFilters]) -> int:
        """How many such messages there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: MessageOrder = "created_at", **filters: Unpack[MessageFilters]
    ) -> Iterator[Message]:
        """Every such message, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _check_channel(self, check: Checks, channel: object) -> None:
        brought = self._unit.rules.channels
        if not isinstance(channel, str) or not (channel in brought or channel.partition(":")[0] in CHANNELS):
            known = ", ".join(sorted(CHANNELS | brought.keys()))
            check.fault("channel", "unknown", f"Give one of: {known}.")

    def _first_decision(self, message: Message) -> Decision:
        if message.channel not in self._unit.rules.channels:
            return Decision(False, "no_channel")
        if message.endpoint is None:
            return Decision(False, "no_address")
        return decided(self._unit, message)

    def _queue(self, message: Message, decision: Decision) -> Message:
        queued = self._unit.insert(attrs.evolve(_with(message, decision), turn=1))
        said = (queued.id, queued.client_id, queued.channel, queued.purpose, queued.turn)
        self._unit.happened(MessageQueued(*self._unit.envelope(), *said))
        return queued

    def _defer(self, message: Message, decision: Decision, until: datetime) -> Message:
        reason = "not_before" if decision.allowed else decision.reason
        deferred = self._unit.insert(
            attrs.evolve(_with(message, decision), state="deferred", until=until, reason=reason)
        )
        said = (deferred.id, deferred.client_id, deferred.channel, deferred.purpose, reason, until)
        self._unit.happened(MessageDeferred(*self._unit.envelope(), *said))
        return deferred

    def _refuse(self, message: Message, decision: Decision) -> Message:
        refused = self._unit.insert(attrs.evolve(_with(message, decision), state="refused"))
        said = (refused.id, refused.client_id, refused.channel, refused.purpose, decision.reason)
        self._unit.happened(MessageRefused(*self._unit.envelope(), *said))
        return refused


def _with(message: Message, decision: Decision) -> Message:
    evidence = tuple(map(str, decision.evidence))
    return attrs.evolve(message, reason=decision.reason, evidence=evidence, policy=decision.policy)
