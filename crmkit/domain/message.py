"""What is to be said to a client, and each attempt to say it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import AttemptId, ClientId, ContactPointId, MessageId, TouchpointId
from crmkit.domain.marks import Code, Masked, Personal

MessageState = Literal[
    "queued", "deferred", "refused", "sending", "sent", "delivered", "bounced", "held", "failed", "cancelled",
    "cancelled_consent", "received",
]  # fmt: skip
AttemptOutcome = Literal["sent", "not_taken", "unknown", "failed"]
#: What has not been handed over yet, and may still be called off.
WAITING: tuple[MessageState, ...] = ("queued", "deferred")


@attrs.frozen
class Message(Masked):
    """
    Something to be said to a client on one channel, for one purpose.

    `to` is the address as it is shown, `endpoint` the key that equal spellings share; both None if there was none.
    `reason`, `evidence` and `policy` are of the latest decision, `until` when a deferred one is decided on again.
    A `received` one came from the client; its reason says what was heard in it.
    `turn` counts how often it was queued, `reference` is the provider's id for it, `ref` the caller's.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", phone="+79123456789")
    ...     message = tx.messages.send(anna.id, channel="sms", purpose="service", text="Your order is ready.")
    ...     message.state, message.reason
    ('refused', 'no_channel')
    """

    id: MessageId
    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]
    contact_point_id: ContactPointId | None
    to: Personal[str | None]
    endpoint: Personal[str | None]
    subject: Personal[str | None]
    text: Personal[str]
    state: MessageState
    reason: Code[str | None]
    until: datetime | None
    evidence: Code[tuple[str, ...]]
    policy: Code[str]
    turn: int
    reference: Code[str | None]
    touchpoint_id: TouchpointId | None
    ref: Code[str | None]
    created_by: Code[str | None]
    created_at: datetime
    updated_at: datetime
    version: int = 1


@attrs.frozen
class Attempt(Masked):
    """
    One time that a message was allowed out, written before it went.

    `seq` is the next one of its `orig_subject`, which counts consents and attempts together: what stands behind a no
    was decided in sight of it. `reason`, `evidence` and `policy` say what allowed it, `expires_at` until when its
    permit held. `outcome` is None for as long as nobody knows.

    >>> from crmkit.testing import a_client, a_message, an_attempt
    >>> an_attempt(a_message(a_client())).seq
    1
    """

    id: AttemptId
    client_id: ClientId
    orig_subject: ClientId
    seq: int
    message_id: MessageId
    channel: Code[str]
    purpose: Code[str]
    reason: Code[str]
    evidence: Code[tuple[str, ...]]
    policy: Code[str]
    at: datetime
    expires_at: datetime
    outcome: AttemptOutcome | None
    updated_at: datetime
    version: int = 1
