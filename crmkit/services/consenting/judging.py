"""May we contact them? The ledger, the list, the address, the clock and the caps, put before the table of rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from crmkit.domain.client import Client
from crmkit.domain.consent import Circumstances, Decision, decide
from crmkit.domain.consent.channels import REACHED_BY, family
from crmkit.domain.consent.deciding import as_of
from crmkit.domain.consent.purposes import ConsentPurpose
from crmkit.domain.consent.slot import Slot, full_until
from crmkit.domain.query import Query
from crmkit.domain.reaching.hours import Hours, next_allowed
from crmkit.domain.reaching.zones import every_zone, zones_of_country, zones_of_phone
from crmkit.domain.where import Test
from crmkit.services.consenting.addresses import Address
from crmkit.services.consenting.pausing import ASKED_AGAIN, UNCLEAR, is_paused
from crmkit.services.consenting.saying import ledger_of
from crmkit.services.consenting.suppressing import is_suppressed
from crmkit.services.unit import Unit

#: Hours that do not come within so long never do.
_AHEAD = timedelta(days=8)


def decision(
    unit: Unit, client: Client, *, purpose: str, channel: str, address: Address,
    at: datetime | None = None, jurisdiction: str | None = None,
) -> Decision:  # fmt: skip
    """
    Decide by all that is on record, or by what was at an instant.

    What another transaction recorded after this one began, and committed before it asks, counts: it is no matter of
    whose clock.
    """
    policy = unit.rules.consent
    known = policy.purposes.get(purpose)
    around = Circumstances() if known is None else _around(unit, client, known, channel, address, at)
    said = ledger_of(unit, client.id)
    made = decide(
        said if at is None else as_of(said, at), purpose=purpose, channel=channel, endpoint=address.endpoint,
        now=unit.now if at is None else at, policy=policy,
        jurisdiction=jurisdiction, around=around,
    )  # fmt: skip
    waits = made.allowed and at is None and known is not None and known.kind != "mandatory"
    if waits and is_paused(unit, client.id):
        return Decision(False, UNCLEAR, unit.now + ASKED_AGAIN, made.evidence, policy.name)
    return made


def _around(
    unit: Unit, client: Client, purpose: ConsentPurpose, channel: str, address: Address,
    when: datetime | None,
) -> Circumstances:  # fmt: skip
    policy, limited = unit.rules.consent, purpose.kind == "marketing"
    at = unit.now if when is None else when
    slots = unit.store.select(Query(Slot, Test("client_id", "eq", client.id))) if limited and policy.caps else ()
    return Circumstances(
        suppressed=is_suppressed(unit, address.endpoint, channel, purpose.kind, when),
        dead=address.dead,
        age=None if purpose.youngest is None else _age(unit, client, at),
        full_until=full_until(policy.caps, [one for one in slots if when is None or one.taken_at <= when], channel, at),
        day_at=_day_at(unit, client, purpose, channel, address, at),
    )


def _age(unit: Unit, client: Client, at: datetime) -> int | None:
    """In whole years; None if nobody told."""
    field = unit.rules.consent.birthday
    born = None if field is None else client.custom[field]
    if born is None:
        return None
    today = at.date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _day_at(
    unit: Unit, client: Client, purpose: ConsentPurpose, channel: str, address: Address, at: datetime
) -> datetime | None:
    """When it is the hour to reach them, in every zone they may be in; None for never."""
    house = unit.rules.consent.hours.get(family(channel)) if purpose.kind == "marketing" else None
    windows = [one for one in (purpose.hours, house) if one is not None]
    return _in_all(windows, at, _zones(unit, client, channel, address)) if windows else at


def _in_all(windows: list[Hours], at: datetime, zones: frozenset[str]) -> datetime | None:
    moment, agreed = at, 0
    while agreed < len(windows):
        window = windows.pop(0)
        windows.append(window)
        found = next_allowed(window, moment, zones)
        if found is None or found > at + _AHEAD:
            return None
        agreed = agreed + 1 if found == moment else 1
        moment = found
    return moment


def _zones(unit: Unit, client: Client, channel: str, address: Address) -> frozenset[str]:
    """Their own zone; else those of their number, else those of their country, or the house's; else every one."""
    if client.time_zone is not None:
        return frozenset({client.time_zone})
    if address.endpoint and "phone" in REACHED_BY.get(family(channel), ()):
        return zones_of_phone(address.endpoint)
    country = client.region or unit.rules.region
    return every_zone() if country is None else zones_of_country(country)
