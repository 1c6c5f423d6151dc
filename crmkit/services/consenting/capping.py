"""Take the places of the caps that a message of marketing counts for, and give them back if it did not go."""

from __future__ import annotations

import attrs

from crmkit.domain.consent.policy import Cap
from crmkit.domain.consent.slot import Slot
from crmkit.domain.ids import ClientId, SlotId
from crmkit.domain.message import Message
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.unit import Unit


def take_places(unit: Unit, message: Message) -> None:
    """
    Take one place of each cap that counts this message: when a decision has allowed it, in the same commit.

    Two who take the same place at once: one of them is `Conflict`.
    """
    caps = _caps(unit, message)
    slots = _slots(unit, message.client_id) if caps else []
    for cap in caps:
        _take(unit, message, cap, [one for one in slots if one.cap == cap.key])


def free_places(unit: Unit, message: Message) -> None:
    """Give back what this message took."""
    if not _caps(unit, message):
        return
    for one in _slots(unit, message.client_id):
        if one.taken_by == message.id and one.free_at > unit.now:
            unit.replace(one, attrs.evolve(one, free_at=unit.now), permitted=True)


def _take(unit: Unit, message: Message, cap: Cap, slots: list[Slot]) -> None:
    now, until, whose = unit.now, unit.now + cap.within, message.client_id
    for free in [one for one in slots if one.free_at <= now][:1]:
        unit.replace(free, attrs.evolve(free, taken_by=message.id, taken_at=now, free_at=until), permitted=True)
        return
    number = 1 + max([one.number for one in slots if one.orig_subject == whose], default=0)
    id = SlotId(unit.new_id())
    unit.insert(Slot(id, whose, whose, cap.key, number, message.id, now, until, now, now))


def _caps(unit: Unit, message: Message) -> list[Cap]:
    policy = unit.rules.consent
    known = policy.purposes.get(message.purpose)
    limited = known is not None and known.kind == "marketing"
    return [cap for cap in policy.caps if cap.counts(message.channel)] if limited else []


def _slots(unit: Unit, client_id: ClientId) -> list[Slot]:
    return unit.store.select(Query(Slot, Test("client_id", "eq", client_id)))
