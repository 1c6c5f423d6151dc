"""What an observer has to say at once: kept like every message, and sent by whoever keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.domain.client import Client
from crmkit.domain.contact_point import PointKind
from crmkit.domain.ids import ClientId, MessageId
from crmkit.domain.message import Message
from crmkit.services.addresses import spelled
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit


def spontaneous(
    unit: Unit, channel: str, reaches: Sequence[PointKind], client_id: ClientId, purpose: str, to: str, text: str
) -> Message:
    """Keep a message that nobody else is told of: it waits for its attempt in the same transaction."""
    check = Checks()
    check.code("purpose", purpose)
    check.text("to", to)
    check.prose("text", text)
    check.done()
    return unit.insert(
        Message(
            id=MessageId(unit.new_id()),
            client_id=unit.get(Client, client_id).id,
            channel=channel,
            purpose=purpose,
            contact_point_id=None,
            to=to,
            endpoint=spelled(reaches, channel, to, unit.rules.region),
            subject=None,
            text=text,
            state="queued",
            reason=None,
            until=None,
            evidence=(),
            policy="",
            turn=1,
            reference=None,
            touchpoint_id=None,
            ref=None,
            created_by=unit.actor,
            created_at=unit.now,
            updated_at=unit.now,
        )
    )
