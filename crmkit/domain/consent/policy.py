"""The rules by which what was said is judged, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import attrs

from crmkit.domain.consent.channels import family
from crmkit.domain.consent.ledger import EVERY, Basis
from crmkit.domain.consent.purposes import STANDING_PURPOSES, ConsentPurpose, PurposeClass
from crmkit.domain.custom import Field
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.marks import Code
from crmkit.domain.reaching.hours import Hours

NO_BASIS: Final[frozenset[Basis]] = frozenset()
#: What a class of purposes needs on a family of channels (`*`: on any other).
Matrix = Mapping[tuple[PurposeClass, str], frozenset[Basis]]


@attrs.frozen
class Cap:
    """
    At most so many messages of marketing to one person within so long: on one channel, or on all together.

    >>> Cap(3, timedelta(days=7)).key
    '*:3:604800'
    """

    most: int
    within: timedelta
    channel: str = EVERY

    @property
    def key(self) -> str:
        """What its slots are kept under."""
        return f"{self.channel}:{self.most}:{int(self.within.total_seconds())}"

    def counts(self, channel: str) -> bool:
        """Whether a message on this channel is counted."""
        return self.channel in (EVERY, channel, family(channel))


@attrs.frozen
class Law:
    """
    What one jurisdiction asks.

    `bases` says which legal bases carry which class of purposes on which family of channels. A document of consent
    must be its own, where it must stand alone (`standalone`). `autodial_barred`: no machine may call for marketing;
    `mass_consent`: calls to many need a consent, informing ones too.
    """

    bases: Matrix = attrs.field(hash=False)
    standalone: bool = False
    autodial_barred: bool = False
    mass_consent: bool = False

    def carriers(self, kind: PurposeClass, channel: str) -> frozenset[Basis]:
        """The bases that carry a class of purposes on a channel."""
        found = self.bases.get((kind, family(channel)))
        return self.bases.get((kind, EVERY), NO_BASIS) if found is None else found


@attrs.frozen
class Policy:
    """
    How consents are judged: the laws by jurisdiction, the purposes, and the house's own limits.

    `jurisdiction` holds where none is said. `confirmed` are the channels on which a consent must be confirmed by whoever
    it is about, within `confirm_within`. `proven`: a consent needs a known notice or a document. `caps` count
    marketing; `hours` are, by family of channels, those of the day in which marketing may arrive. Whoever said no is
    not asked again before `ask_again_after`. `birthday` is the client's custom field that tells their day of birth.

    >>> from crmkit.domain.consent.packs import GDPR
    >>> sorted(GDPR.laws)
    ['EU', 'RU', 'US', 'other']
    """

    name: Code[str]
    jurisdiction: Code[str]
    laws: Mapping[str, Law] = attrs.field(hash=False)
    proven: bool = True
    confirmed: frozenset[str] = frozenset()
    confirm_within: timedelta = timedelta(days=7)
    caps: tuple[Cap, ...] = ()
    hours: Mapping[str, Hours] = attrs.field(factory=FrozenMap[str, Hours], hash=False)
    ask_again_after: timedelta = timedelta(days=365)
    purposes: Mapping[str, ConsentPurpose] = attrs.field(
        factory=lambda: {one.key: one for one in STANDING_PURPOSES}, hash=False
    )
    birthday: Field[date] | None = None

    def carriers(self, purpose: ConsentPurpose, channel: str, jurisdiction: str) -> frozenset[Basis]:
        """The bases that carry a purpose on a channel, no more than the law lets any of its class have."""
        allowed = self.laws[jurisdiction].carriers(purpose.kind, channel)
        return allowed if purpose.carried_by is None else allowed & purpose.carried_by

    def names_of(self, purpose: str) -> tuple[str, ...]:
        """What a no may call a purpose: every one, itself, or the class it is of, so that none of marketing is missed."""
        known = self.purposes.get(purpose)
        return (EVERY, purpose) if known is None else (EVERY, purpose, known.kind)

    def is_confirmed(self, channel: str) -> bool:
        """Whether a consent to this channel must be confirmed."""
        return channel in self.confirmed or family(channel) in self.confirmed

    def with_purposes(self, *purposes: ConsentPurpose) -> Policy:
        """The same, knowing more purposes."""
        return attrs.evolve(self, purposes={**self.purposes, **{one.key: one for one in purposes}})
