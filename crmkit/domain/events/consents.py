"""What clients allow and refuse, and the texts they are shown."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.consent import Basis
from crmkit.domain.events.envelope import Event
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.domain.marks import Code


@attrs.frozen
class ConsentRequested(Event):
    """A client was asked."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentGranted(Event):
    """A client said yes, or another basis was recorded; where it must be confirmed, it counts from then."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]
    basis: Basis
    valid_until: datetime | None


@attrs.frozen
class ConsentConfirmed(Event):
    """Whoever an address belongs to confirmed a yes, `grant_id`."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]
    grant_id: ConsentId


@attrs.frozen
class ConsentRefused(Event):
    """A client was asked, and said no."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentWithdrawn(Event):
    """A client said no."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentObjectedTo(Event):
    """A client objects to what rests on no yes of theirs."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentInvalidated(Event):
    """What was taken for a yes was found wanting, and counts no more."""

    consent_id: ConsentId
    client_id: ClientId
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentSuppressed(Event):
    """Addresses are not to be written to again; of a client, or of nobody we know."""

    consent_id: ConsentId | None
    client_id: ClientId | None
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class ConsentUnsuppressed(Event):
    """Addresses were taken off the list; a yes is needed all the same."""

    consent_id: ConsentId | None
    client_id: ClientId | None
    purpose: Code[str]
    channel: Code[str]


@attrs.frozen
class NoticeAdded(Event):
    """There is another text to show to people, or another edition of one."""

    notice_id: Code[str]
    name: Code[str]
    edition: Code[str]
    language: Code[str]
