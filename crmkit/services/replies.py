"""What a client writes back: heard for a wish to be left alone, which holds at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit.domain.client import Client
from crmkit.domain.consent import EVERY, Evidence
from crmkit.domain.consent.channels import REACHED_BY, family
from crmkit.domain.contact_point import PointKind
from crmkit.domain.ids import ClientId
from crmkit.domain.reaching.stop_words import heard
from crmkit.services.addresses import spelled
from crmkit.services.consenting.pausing import UNCLEAR
from crmkit.services.consents import Consents
from crmkit.services.tasks import Tasks
from crmkit.services.unit import Unit


def kinds_of(unit: Unit, channel: str) -> Sequence[PointKind]:
    """By which kinds of contact points a channel reaches people."""
    return unit.rules.channels.get(channel) or REACHED_BY.get(family(channel), ())


def whose(unit: Unit, channel: str, sender: str) -> tuple[Client | None, str | None]:
    """Whose address it is, as far as the actor sees, and its key, None for what nobody can read."""
    key = spelled(kinds_of(unit, channel), channel, sender, unit.rules.region)
    return next(iter(_reached_by(unit, channel, key)), None), key


def obey(unit: Unit, channel: str, key: str | None, text: str) -> str:
    """
    Do what a reply asks for: `stop` withdraws all that goes there, `ambiguous` asks a person, `other` is neither.

    An address may be several people's: a stop holds for each of them, seen by this actor or not, for nobody knows who
    of them wrote. Of one that is nobody's here, it puts it on the suppression list.
    """
    meant = heard(text)
    if meant == "stop":
        proof = Evidence(method="reply", note=text)
        with unit.permits.all_shown():
            theirs = sorted(_reached_by(unit, channel, key), key=lambda one: one.id)  # so nobody waits in a circle
            for one in theirs:
                Consents(unit).withdraw(one.id, channel=channel, endpoint=key, evidence=proof)
        if not theirs and key is not None:
            Consents(unit).suppress(None, purpose=EVERY, channel=channel, endpoint=key)
    if meant == "ambiguous" or (meant == "stop" and key is None):
        asked = list[Client | None](_reached_by(unit, channel, key))
        for somebody in asked or [None]:
            _ask(unit, somebody)
    return meant


def _reached_by(unit: Unit, channel: str, key: str | None) -> Iterator[Client]:
    met = set[ClientId]()
    for kind in kinds_of(unit, channel) if key is not None else ():
        for one in unit.store.find(kind, str(key)):
            if one.id not in met:
                met.add(one.id)
                yield one


def _ask(unit: Unit, client: Client | None) -> None:
    Tasks(unit).plan(
        None if client is None else client.id, title="Does this reply ask us to stop?",
        due=unit.now + unit.rules.call_back_within, assignee=None if client is None else client.owner, rule=UNCLEAR,
    )  # fmt: skip
