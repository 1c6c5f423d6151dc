"""What happens to messages on their way out."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.events.envelope import Event
from crmkit.domain.ids import ClientId, MessageId, TouchpointId
from crmkit.domain.marks import Code
from crmkit.domain.message import MessageState


@attrs.frozen
class MessageQueued(Event):
    """A message waits for its channel; `turn` counts how often."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]
    turn: int


@attrs.frozen
class MessageDeferred(Event):
    """A message may not be sent yet: it is decided on again at an instant."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]
    reason: Code[str]
    until: datetime


@attrs.frozen
class MessageRefused(Event):
    """A message may not be sent, and is not kept waiting."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]
    reason: Code[str]


@attrs.frozen
class MessageSent(Event):
    """A message was handed over to its channel, and left a touchpoint."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]
    touchpoint_id: TouchpointId


@attrs.frozen
class MessageHeld(Event):
    """Nobody knows whether a message was sent: it is not sent again, and a person looks."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]


@attrs.frozen
class MessageFailed(Event):
    """A message's channel will not take it."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    reason: Code[str]


@attrs.frozen
class MessageCancelled(Event):
    """A message that waited is not sent any more: somebody called it off, or the client said no meanwhile."""

    message_id: MessageId
    client_id: ClientId
    reason: Code[str]


@attrs.frozen
class MessageReceived(Event):
    """A client wrote to us; `reason` is what was heard in it: `stop`, `ambiguous` or `other`."""

    message_id: MessageId
    client_id: ClientId
    channel: Code[str]
    reason: Code[str | None]


@attrs.frozen
class MessageReported(Event):
    """A provider said what became of a message."""

    message_id: MessageId
    client_id: ClientId
    state: MessageState
    reason: Code[str | None]
