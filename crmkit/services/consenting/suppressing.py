"""The suppression list: who is on it, and how an address gets on and off."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.consent import EVERY
from crmkit.domain.consent.purposes import PurposeClass
from crmkit.domain.consent.suppression import Suppressed, suppression_id, suppression_ids
from crmkit.services.consenting.keyed import made_secret, secret
from crmkit.services.unit import Unit


def is_suppressed(unit: Unit, endpoint: str, channel: str, kind: PurposeClass, at: datetime | None = None) -> bool:
    """Whether the list has an address on this channel for this class of purposes, or had it at an instant."""
    if not endpoint or (key := secret(unit)) is None:
        return False
    found = unit.store.get_many(Suppressed, list(suppression_ids(key, endpoint, channel, kind)))
    return any(one.lifted_at is None if at is None else one.holds(at) for one in found)


def put_on(unit: Unit, endpoint: str, channel: str, purposes: str) -> None:
    """Put an address on the list; one that stands there stays as it is."""
    id = suppression_id(made_secret(unit), endpoint, channel, purposes)
    before = next(iter(unit.store.get_many(Suppressed, [id])), None)
    if before is None:
        unit.insert(Suppressed(id, channel, purposes, unit.now, None, unit.actor, unit.now, unit.now))
    elif before.lifted_at is not None:
        again = attrs.evolve(before, since=unit.now, lifted_at=None, actor=unit.actor)
        unit.replace(before, again, permitted=True)


def take_off(unit: Unit, endpoint: str, channel: str, purposes: str) -> None:
    """Take an address off the list, in exactly this scope, if it stands there so."""
    if (key := secret(unit)) is None:
        return
    for before in unit.store.get_many(Suppressed, [suppression_id(key, endpoint, channel, purposes)]):
        if before.lifted_at is None:
            unit.replace(before, attrs.evolve(before, lifted_at=unit.now), permitted=True)


def purposes_of(unit: Unit, purpose: str) -> str:
    """The class of purposes that a purpose is of, or all of them."""
    return EVERY if purpose == EVERY else unit.rules.consent.purposes[purpose].kind
