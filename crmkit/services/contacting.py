"""One attempt to reach somebody: their own word first, then everybody's who may object."""

from __future__ import annotations

from crmkit.domain.ids import ClientId
from crmkit.errors import ContactRefused, Rejected
from crmkit.services.consents import Consents
from crmkit.services.unit import Unit


def check_attempt(unit: Unit, client_id: ClientId, *, purpose: str, channel: str, endpoint: str | None = None) -> None:
    """Return if the client may be contacted now: `ContactRefused` is their no, `Rejected` somebody's objection."""
    decision = Consents(unit).may_contact(client_id, purpose=purpose, channel=channel, endpoint=endpoint)
    if not decision.allowed:
        raise ContactRefused(decision.reason)
    ask_plugins(unit, client_id, purpose=purpose, channel=channel)


def ask_plugins(unit: Unit, client_id: ClientId, *, purpose: str, channel: str) -> None:
    """Let plugins object to what the client does not object to: `Rejected`."""
    if unit.slots is not None and (faults := tuple(unit.slots.attempt(unit, client_id, channel, purpose))):
        raise Rejected(*faults)
