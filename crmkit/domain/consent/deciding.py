"""May we? A table of rows: the first whose condition holds decides, and what is unknown is a no."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, TypeAlias

import attrs

from crmkit.domain.consent.channels import family, is_channel
from crmkit.domain.consent.ledger import EVERY, Consent, Decision
from crmkit.domain.consent.policy import Law, Policy
from crmkit.domain.consent.purposes import ConsentPurpose
from crmkit.domain.consent.standing import Standing, place, standing, takes_back

VOICES: Final = frozenset({"voice", "voice_auto"})


@attrs.frozen
class Circumstances:
    """
    What a decision needs besides the ledger, as it is at that instant.

    Whether the suppression list has the address, whether it is dead, the person's age in years if it is known, until
    when the caps are reached, and when it is day there: now, later, or None for never.
    """

    suppressed: bool = False
    dead: bool = False
    age: int | None = None
    full_until: datetime | None = None
    day_at: datetime | None = None


@attrs.define(slots=False, eq=False)
class Case:
    """One question, and what there is to answer it by."""

    said: Sequence[Consent]
    purpose: str
    channel: str
    endpoint: str
    now: datetime
    policy: Policy
    jurisdiction: str
    around: Circumstances

    @property
    def known(self) -> ConsentPurpose:
        """The purpose, which the first row has found to be one."""
        return self.policy.purposes[self.purpose]

    @cached_property
    def standing(self) -> Standing:
        """What the ledger comes to."""
        return standing(
            self.said, purpose=self.purpose, channel=self.channel, endpoint=self.endpoint, now=self.now,
            policy=self.policy, jurisdiction=self.jurisdiction,
        )  # fmt: skip

    @cached_property
    def carriers(self) -> tuple[Consent, ...]:
        """The live yeses whose basis carries the purpose here."""
        allowed = self.policy.carriers(self.known, self.channel, self.jurisdiction)
        return tuple([yes for yes in self.standing.live if yes.basis in allowed])

    @cached_property
    def weighed(self) -> tuple[Consent, ...]:
        """Those that may carry it in the end: a legitimate interest, only if it was weighed."""
        return tuple([yes for yes in self.carriers if yes.basis != "legitimate_interest" or yes.evidence.balancing])

    @property
    def law(self) -> Law:
        """What holds there."""
        return self.policy.laws[self.jurisdiction]

    def no(self, reason: str, evidence: Iterable[Consent] = (), until: datetime | None = None) -> Decision:
        """Refuse, or put off."""
        return Decision(False, reason, until, tuple([one.id for one in evidence]), self.policy.name)

    def yes(self, reason: str, evidence: Iterable[Consent] = ()) -> Decision:
        """Allow."""
        return Decision(True, reason, None, tuple([one.id for one in evidence]), self.policy.name)


Row: TypeAlias = Callable[[Case], Decision | None]


def unknown(case: Case) -> Decision | None:
    """A purpose, channel, jurisdiction or address that nobody knows is refused, whatever was said."""
    if case.purpose not in case.policy.purposes:
        return case.no("unknown_purpose")
    if not is_channel(case.channel):
        return case.no("unknown_channel")
    if case.jurisdiction not in case.policy.laws:
        return case.no("unknown_jurisdiction")
    return case.no("unknown_endpoint") if case.endpoint == EVERY else None


def erased(case: Case) -> Decision | None:
    """Nobody is there any more."""
    found = [one for one in case.said if one.kind == "erase"]
    return case.no("erased", found[:1]) if found else None


def commanded(case: Case) -> Decision | None:
    """What the law commands to tell is told: a breach, a recall."""
    return case.yes("legal_obligation") if case.known.kind == "mandatory" else None


def restricted(case: Case) -> Decision | None:
    """Processing is restricted (GDPR art. 18; 152-FZ art. 21, blocking), and nobody has lifted that."""
    lifts = [one for one in case.said if one.kind == "lift_restriction"]
    found = [one for one in case.said if one.kind == "restrict" and not any(takes_back(lift, one) for lift in lifts)]
    return case.no("restricted", found) if found else None


def suppressed(case: Case) -> Decision | None:
    """The address is on the suppression list."""
    return case.no("suppression_list") if case.around.suppressed else None


def dead(case: Case) -> Decision | None:
    """The address was found not to work."""
    return case.no("endpoint_dead") if case.around.dead else None


def refused(case: Case) -> Decision | None:
    """A no stands that no yes had seen; the last one is the reason."""
    no = case.standing.no
    return None if no is None else case.no(no.kind, [no])


def not_granted(case: Case) -> Decision | None:
    """Silence, or a yes that is none yet, or no more."""
    here = case.standing
    if here.live:
        return None
    if here.pending:
        return case.no("pending_confirmation", here.pending)
    if here.expired:
        return case.no("expired", here.expired)
    return case.no("evidence_incomplete", here.incomplete) if here.incomplete else case.no("none")


def not_carried(case: Case) -> Decision | None:
    """No yes rests on a basis that carries this purpose on this channel here."""
    return None if case.carriers else case.no("basis_not_permitted", case.standing.live)


def mass_call(case: Case) -> Decision | None:
    """Calls to many, and by machines, need a consent, informing ones too (41-FZ)."""
    channel = family(case.channel)
    to_many = (case.known.mass and channel in VOICES) or channel == "voice_auto"
    if not case.law.mass_consent or not to_many or any(yes.basis == "consent" for yes in case.carriers):
        return None
    return case.no("mass_call", case.carriers)


def autodial_barred(case: Case) -> Decision | None:
    """No machine calls with advertising, whatever was agreed to (38-FZ art. 18)."""
    barred = case.law.autodial_barred and family(case.channel) == "voice_auto" and case.known.kind == "marketing"
    return case.no("autodial_barred") if barred else None


def not_weighed(case: Case) -> Decision | None:
    """A legitimate interest needs the record that weighed it (GDPR art. 6(1)(f))."""
    return None if case.weighed else case.no("lia_missing", case.carriers)


def too_young(case: Case) -> Decision | None:
    """Below the purpose's age, or nobody knows."""
    youngest, age = case.known.youngest, case.around.age
    if youngest is None or (age is not None and age >= youngest):
        return None
    return case.no("age_unknown" if age is None else "under_age")


def capped(case: Case) -> Decision | None:
    """As often as the caps allow."""
    until = case.around.full_until
    if until is None or until <= case.now or case.known.kind != "marketing":
        return None
    return case.no("frequency_cap", case.weighed, until)


def at_night(case: Case) -> Decision | None:
    """It is night there, or may be."""
    day_at = case.around.day_at
    return None if day_at is not None and day_at <= case.now else case.no("quiet_hours", case.weighed, day_at)


#: The order is the rule: above decides before below.
ROWS: Final[tuple[Row, ...]] = (
    unknown, erased, commanded, restricted, suppressed, dead, refused, not_granted, not_carried, mass_call,
    autodial_barred, not_weighed, too_young, capped, at_night,
)  # fmt: skip


def decide(
    said: Iterable[Consent], *, purpose: str, channel: str, endpoint: str = "", now: datetime, policy: Policy,
    jurisdiction: str | None = None, around: Circumstances, rows: Sequence[Row] = ROWS,
) -> Decision:  # fmt: skip
    """Say whether a client may be contacted; the same from the same ledger and circumstances, whenever it is asked."""
    heard = tuple(sorted({one.id: one for one in said}.values(), key=place))
    case = Case(heard, purpose, channel, endpoint, now, policy, jurisdiction or policy.jurisdiction, around)
    for row in rows:
        if (decision := row(case)) is not None:
            return decision
    return case.yes("granted", case.weighed)


def as_of(said: Iterable[Consent], at: datetime) -> list[Consent]:
    """What had been said until then."""
    return [one for one in said if one.recorded_at <= at]
