"""Receipts by the Kantara Initiative's Consent Receipt Specification 1.1, as JSON.

The form knows one thing only, a consent that holds: neither a refusal nor what became of a consent has a place in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from crmkit.domain.consent.channels import family
from crmkit.domain.consent.receipt import NOT_STATED, Receipt, Stated
from crmkit.domain.consent.receipt_reading import Json, missing, part, text

VERSION: Final = "KI-CR-v1.1.0"
PERSONAL_DATA: Final = {
    "email": "email address",
    "sms": "telephone number",
    "voice": "telephone number",
    "voice_auto": "telephone number",
    "messenger": "account",
    "post": "postal address",
    "push": "device",
}
_NOTICE: Final = "urn:crmkit:notice:"
_TERMINATION: Final = "until it is withdrawn"


def to_kantara(receipt: Receipt) -> dict[str, object]:
    """Write a receipt of a yes that holds: its `state` is `given`, which the caller sees to."""
    stated, purpose = receipt.stated, receipt.purpose
    until, shared = stated.valid_until, purpose is not None and purpose.kind == "sharing"
    third_party = {"thirdPartyName": NOT_STATED} if shared else {}
    return {
        "version": VERSION,
        "jurisdiction": stated.jurisdiction,
        "consentTimestamp": int(stated.given_at.timestamp()),
        "collectionMethod": stated.method,
        "consentReceiptID": str(stated.receipt_id),
        "language": stated.language,
        "piiPrincipalId": str(stated.subject),
        "piiControllers": [
            {
                "piiController": stated.controller,
                "contact": NOT_STATED,
                "address": {"streetAddress": NOT_STATED},
                "email": NOT_STATED,
                "phone": NOT_STATED,
            }
        ],
        "policyUrl": f"{_NOTICE}{stated.notice}",
        "services": [
            {
                "service": stated.channel,
                "purposes": [
                    {
                        "purpose": stated.purpose,
                        "purposeCategory": [NOT_STATED if purpose is None else purpose.kind],
                        "consentType": "EXPLICIT",
                        "piiCategory": [PERSONAL_DATA.get(family(stated.channel), "contact data")],
                        "primaryPurpose": False,
                        "termination": _TERMINATION if until is None else until.isoformat(),
                        "thirdPartyDisclosure": shared,
                        **third_party,
                        "endpoint": stated.endpoint,
                    }
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
        "consentRecordID": str(stated.record_id),
    }


def read_kantara(data: Json) -> Stated:
    """Read what `to_kantara` wrote, with its time to the second; a field that is not there is a `ValueError`."""
    service = part(data, "services")
    purpose, at = part(service, "purposes"), data.get("consentTimestamp")
    if not isinstance(at, int):
        raise missing("consentTimestamp")
    ends = text(purpose, "termination")
    return Stated(
        receipt_id=UUID(text(data, "consentReceiptID")),
        record_id=UUID(text(data, "consentRecordID")),
        subject=UUID(text(data, "piiPrincipalId")),
        purpose=text(purpose, "purpose"),
        channel=text(service, "service"),
        endpoint=text(purpose, "endpoint"),
        jurisdiction=text(data, "jurisdiction"),
        controller=text(part(data, "piiControllers"), "piiController"),
        notice=text(data, "policyUrl").removeprefix(_NOTICE),
        language=text(data, "language"),
        method=text(data, "collectionMethod"),
        given_at=datetime.fromtimestamp(at, UTC),
        valid_until=None if ends == _TERMINATION else datetime.fromisoformat(ends),
    )
