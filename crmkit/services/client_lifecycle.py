"""How clients come alive, fall asleep and are lost: what follows from a purchase, and from silence."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.client import Client, idle_since, is_idle
from crmkit.domain.events import ClientActivated, ClientReactivated, ClientWentDormant, Event
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.unit import Unit


def bought(unit: Unit, client: Client, at: datetime) -> None:
    """A first purchase makes a prospect active, an archived one when restored; a recent one brings a dormant or lost client back."""
    if (after := after_buying(client, at, unit)) is not None:
        changed = unit.replace(client, attrs.evolve(after, version=client.version), permitted=True)
        unit.happened(event_of_buying(unit, client, changed))


def after_buying(client: Client, at: datetime, unit: Unit) -> Client | None:
    """A client as a purchase leaves it, in its next version; None if it stays as it is."""
    dormant_after, version = unit.rules.dormant_after, client.version + 1
    if client.lifecycle == "archived" and client.archived_from == "prospect":
        return attrs.evolve(client, archived_from="active", market_level="ours", version=version)
    back = client.lifecycle in ("dormant", "lost") and (dormant_after is None or at > unit.now - dormant_after)
    if back or client.lifecycle == "prospect":
        return attrs.evolve(client, lifecycle="active", market_level="ours", version=version)
    return None


def event_of_buying(unit: Unit, before: Client, after: Client) -> Event:
    """What is said of a client whose state a purchase changed."""
    envelope = unit.envelope(after.version)
    if before.lifecycle in ("dormant", "lost"):
        return ClientReactivated(*envelope, before.id, before.lifecycle)
    return ClientActivated(*envelope, before.id)


def fall_asleep(unit: Unit, limit: int) -> int:
    """Make at most *limit* clients dormant who have been silent for too long; say how many it were."""
    dormant_after = unit.rules.dormant_after
    if dormant_after is None:
        return 0
    before = unit.now - dormant_after
    touched, bought_at = Test("last_touched_at", "gt", before), Test("last_bought_at", "gt", before)
    ever = ~Test("last_touched_at", "eq", None) | ~Test("last_bought_at", "eq", None)
    silent = Test("lifecycle", "eq", "active") & ~touched & ~bought_at & (ever | Test("created_at", "le", before))
    found = unit.store.select(Query(Client, silent, limit=limit))
    for client in found:
        if is_idle(client, unit.now, dormant_after):
            dormant = unit.replace(client, attrs.evolve(client, lifecycle="dormant"))
            unit.happened(ClientWentDormant(*unit.envelope(dormant.version), client.id, idle_since(client)))
    return len(found)
