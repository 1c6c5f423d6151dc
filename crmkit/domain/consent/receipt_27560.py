"""Receipts by ISO/IEC TS 27560:2023, as JSON-LD in the words of the W3C's Data Privacy Vocabulary.

After the guide of its community group, https://w3id.org/dpv/guides/consent-27560, sections 8 and 9: a receipt is a
copy of the record. A record of this kind may be acted on only while its last status is *given*. The specification has
no event for a refusal; here it is `consent_refused`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import attrs

from crmkit.domain.consent.channels import family
from crmkit.domain.consent.ledger import ConsentKind
from crmkit.domain.consent.purposes import PurposeClass
from crmkit.domain.consent.receipt import NOT_STATED, Receipt, Stated, Worth
from crmkit.domain.consent.receipt_reading import Json, missing, part, parts, text

EventType = Literal[
    "consent_given", "consent_not_confirmed", "consent_not_proven", "consent_confirmed", "consent_expired",
    "consent_refused", "consent_withdrawn", "consent_objected", "consent_complained", "consent_suppressed",
    "consent_invalidated", "consent_erased",
]  # fmt: skip

CONTEXT: Final = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "crmkit": "urn:crmkit:",
}
_SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560"
#: What a no is in both vocabularies. `Revoked` is by somebody else than the person.
STATUS: Final[dict[ConsentKind, tuple[EventType, str]]] = {
    "refuse": ("consent_refused", "dpv:ConsentRefused"),
    "withdraw": ("consent_withdrawn", "dpv:ConsentWithdrawn"),
    "object": ("consent_objected", "dpv:ConsentWithdrawn"),
    "complaint": ("consent_complained", "dpv:ConsentWithdrawn"),
    "suppress": ("consent_suppressed", "dpv:ConsentRevoked"),
    "invalidate": ("consent_invalidated", "dpv:ConsentInvalidated"),
    "erase": ("consent_erased", "dpv:ConsentRevoked"),
}
#: The DPV's purpose for each class; anything else is just a purpose.
PURPOSES: Final[dict[PurposeClass, str]] = {
    "marketing": "dpv:Marketing",
    "profiling": "dpv:Personalisation",
    "service": "dpv:ServiceProvision",
    "contract_notice": "dpv:FulfilmentOfContractualObligation",
    "mandatory": "dpv:LegalCompliance",
}
#: What an address is, by the family of channels it is used on.
PERSONAL_DATA: Final = {
    "email": "pd:EmailAddress",
    "sms": "pd:TelephoneNumber",
    "voice": "pd:TelephoneNumber",
    "voice_auto": "pd:TelephoneNumber",
    "messenger": "pd:AccountIdentifier",
    "post": "pd:PhysicalAddress",
    "push": "pd:UID",
}
EVENT_TYPES: Final[tuple[EventType, ...]] = get_args(EventType)
_WORTH: Final[dict[Worth, tuple[EventType, str]]] = {
    "given": ("consent_given", "dpv:ConsentGiven"),
    "unconfirmed": ("consent_not_confirmed", "dpv:ConsentRequested"),
    "unproven": ("consent_not_proven", "dpv:ConsentUnknown"),
}
#: What the controller finds or does; everything else was said by the person.
_NOT_BY_THEM: Final = frozenset({"consent_suppressed", "consent_invalidated", "consent_expired", "consent_erased"})


@attrs.frozen
class ConsentEvent:
    """One thing that happened to a consent; it may be acted on only while the last is `dpv:ConsentGiven`."""

    type: EventType
    status: str
    at: datetime


@attrs.frozen
class Record27560:
    """What is mandatory in a record of ISO/IEC TS 27560:2023, as far as a CRM knows it, and its events."""

    stated: Stated
    events: tuple[ConsentEvent, ...]

    @property
    def is_given(self) -> bool:
        """Whether it is in the one state in which it may be acted on."""
        return self.events[-1].status == "dpv:ConsentGiven"


def events_of(receipt: Receipt) -> tuple[ConsentEvent, ...]:
    """What happened, in the order it was recorded."""
    said = receipt.said
    if said.kind != "grant":
        type, status = STATUS[said.kind]
        return (ConsentEvent(type, status, said.recorded_at),)
    return tuple(_happened(receipt))


def to_27560(receipt: Receipt) -> dict[str, object]:
    """Write a receipt of a yes or a no; of a kind that the form does not know is a `KeyError`."""
    stated, events = receipt.stated, events_of(receipt)
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:uuid:{stated.receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": str(stated.receipt_id),
        "dct:conformsTo": f"{_SCHEMA}#receipt",
        "dct:created": receipt.issued_at.isoformat(),
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": {
            "@id": f"urn:uuid:{stated.record_id}",
            "@type": "dpv:ConsentRecord",
            "dct:identifier": str(stated.record_id),
            "dct:conformsTo": f"{_SCHEMA}#record",
            "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": str(stated.subject)},
            "dpv:hasDataController": _controller(stated.controller),
            "dpv:hasJurisdiction": stated.jurisdiction,
            "crmkit:policy": receipt.policy,
            "dpv:hasProcess": _process(receipt),
            "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": NOT_STATED},
            "dpv:hasRight": {"@type": "dpv:DataSubjectRight", "dpv:isExercisedAt": NOT_STATED},
            "dpv:hasNotice": _notice(receipt),
            "dpv:hasConsentStatus": [_event(receipt, one) for one in events],
        },
    }


def read_27560(data: Json) -> Record27560:
    """Read what `to_27560` wrote, or somebody else by the same guide; a field that is not there is a `ValueError`."""
    record = part(data, "dpv:hasRecordOfActivity")
    process, notice = part(record, "dpv:hasProcess"), part(record, "dpv:hasNotice")
    address = part(process, "dpv:hasPersonalData")
    events = tuple([_event_read(one) for one in parts(record, "dpv:hasConsentStatus")])
    stated = Stated(
        receipt_id=UUID(text(data, "dct:identifier")),
        record_id=UUID(text(record, "dct:identifier")),
        subject=UUID(text(part(record, "dpv:hasDataSubject"), "dct:identifier")),
        purpose=text(part(process, "dpv:hasPurpose"), "dct:identifier"),
        channel=text(process, "crmkit:channel"),
        endpoint=text(address, "rdf:value"),
        jurisdiction=text(record, "dpv:hasJurisdiction"),
        controller=text(part(record, "dpv:hasDataController"), "dct:identifier"),
        notice=text(notice, "dct:identifier"),
        language=text(notice, "dct:language"),
        method=text(process, "dpv:hasDataSource"),
        given_at=events[0].at,
        valid_until=_until(process),
    )
    return Record27560(stated, events)


def _happened(receipt: Receipt) -> Iterator[ConsentEvent]:
    """The yes as it was worth by itself, its confirmation, and its end."""
    said, confirmation, ended = receipt.said, receipt.confirmation, receipt.ended
    type, status = _WORTH[receipt.worth]
    yield ConsentEvent(type, status, said.recorded_at)
    if confirmation is not None:
        confirmed = "dpv:ConsentUnknown" if receipt.worth == "unproven" else "dpv:ConsentGiven"
        yield ConsentEvent("consent_confirmed", confirmed, confirmation.recorded_at)
    if ended is not None:
        type, status = STATUS[ended.kind]
        yield ConsentEvent(type, status, ended.recorded_at)
    elif receipt.state == "expired":
        over = said.valid_until
        at = over if over is not None and over <= receipt.issued_at else receipt.issued_at
        yield ConsentEvent("consent_expired", "dpv:ConsentExpired", at)


def _process(receipt: Receipt) -> dict[str, object]:
    stated, known = receipt.stated, receipt.purpose
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": "dpv:Purpose" if known is None else PURPOSES.get(known.kind, "dpv:Purpose"),
            "dct:identifier": stated.purpose,
        },
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasPersonalData": {
            "@type": PERSONAL_DATA.get(family(stated.channel), "pd:Contact"),
            "rdf:value": stated.endpoint,
        },
        "dpv:hasDataSource": stated.method,
        "dpv:hasRecipient": stated.controller,
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": NOT_STATED},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": _duration(stated.valid_until)},
        ],
        "crmkit:channel": stated.channel,
    }


def _controller(name: str) -> dict[str, object]:
    return {
        "@type": "dpv:DataController",
        "dct:identifier": name,
        "dpv:hasName": name,
        "dpv:hasAddress": NOT_STATED,
        "dpv:hasContact": NOT_STATED,
    }


def _notice(receipt: Receipt) -> dict[str, object]:
    stated, notice = receipt.stated, receipt.notice
    said: dict[str, object] = {
        "@type": "dpv:ConsentNotice",
        "dct:identifier": stated.notice,
        "dct:language": stated.language,
    }
    if notice is not None:
        said |= {
            "dct:title": notice.name,
            "dct:hasVersion": notice.edition,
            "dct:created": notice.created_at.isoformat(),
            "crmkit:standalone": notice.standalone,
        }
    return said


def _event(receipt: Receipt, event: ConsentEvent) -> dict[str, object]:
    by = "dpv:DataController" if event.type in _NOT_BY_THEM else "dpv:DataSubject"
    return {
        "@type": [event.status, "dpv:ExpressedConsent"] if event.status == "dpv:ConsentGiven" else [event.status],
        "crmkit:eventType": event.type,
        "dpv:isIndicatedBy": by,
        "dpv:isIndicatedAtTime": event.at.isoformat(),
        "dpv:hasDuration": _duration(receipt.said.valid_until),
    }


def _duration(until: datetime | None) -> dict[str, object]:
    if until is None:
        return {"@type": "dpv:UntilEventDuration", "rdf:value": "consent_withdrawn"}
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": until.isoformat()}


def _until(process: Json) -> datetime | None:
    """Until when, as the condition of storage says it."""
    for one in parts(process, "dpv:hasStorageCondition"):
        if one.get("@type") == "dpv:StorageDuration":
            duration = part(one, "dpv:hasDuration")
            ends = text(duration, "@type") == "dpv:UntilTimeDuration"
            return datetime.fromisoformat(text(duration, "rdf:value")) if ends else None
    raise missing("dpv:hasStorageCondition")


def _event_read(data: Json) -> ConsentEvent:
    named = text(data, "crmkit:eventType")
    for known in EVENT_TYPES:
        if known == named:
            at = datetime.fromisoformat(text(data, "dpv:isIndicatedAtTime"))
            return ConsentEvent(known, text(data, "@type"), at)
    raise missing("crmkit:eventType")
