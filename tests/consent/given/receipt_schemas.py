"""The forms of receipts as JSON schemas: what the W3C's guide to ISO/IEC TS 27560 and Kantara's specification demand."""

from __future__ import annotations

from typing import Any, Final

TEXT: Final = {"type": "string", "minLength": 1}
UUID: Final = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
INSTANT: Final = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$"}


def _object(**fields: Any) -> dict[str, Any]:
    """An object that has all of these."""
    named = {name.replace("__", ":", 1).replace("at_", "@", 1): kind for name, kind in fields.items()}
    return {"type": "object", "required": list(named), "properties": named}


def _one(word: str) -> dict[str, Any]:
    return {"const": word}


DURATION: Final = _object(at_type={"enum": ["dpv:UntilEventDuration", "dpv:UntilTimeDuration"]}, rdf__value=TEXT)
#: Events as they stand in sections 8.5.1 to 8.5.5: type, state, time, duration, and by whom.
EVENT: Final = _object(
    at_type={"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^dpv:[A-Z]"}},
    crmkit__eventType={"type": "string", "pattern": "^consent_[a-z_]+$"},
    dpv__isIndicatedBy={"enum": ["dpv:DataSubject", "dpv:DataController"]},
    dpv__isIndicatedAtTime=INSTANT,
    dpv__hasDuration=DURATION,
)
#: Every field of section 8 that MUST be present.
RECORD: Final = _object(
    at_id=TEXT,
    at_type=_one("dpv:ConsentRecord"),
    dct__identifier=UUID,
    dct__conformsTo=_one("https://w3id.org/dpv/schema/dpv-27560#record"),
    dpv__hasDataSubject=_object(at_type=_one("dpv:DataSubject"), dct__identifier=UUID),
    dpv__hasDataController=_object(
        at_type=_one("dpv:DataController"), dct__identifier=TEXT, dpv__hasName=TEXT, dpv__hasAddress=TEXT,
        dpv__hasContact=TEXT,
    ),
    dpv__hasJurisdiction=TEXT,
    dpv__hasProcess=_object(
        at_type=_one("dpv:Process"),
        dpv__hasPurpose=_object(at_type={"type": "string", "pattern": "^dpv:[A-Z]"}, dct__identifier=TEXT),
        dpv__hasLegalBasis=_one("dpv:Consent"),
        dpv__hasPersonalData=_object(at_type={"type": "string", "pattern": "^pd:[A-Z]"}, rdf__value={"type": "string"}),
        dpv__hasDataSource=TEXT,
        dpv__hasRecipient=TEXT,
        dpv__hasStorageCondition={
            "type": "array",
            "allOf": [
                {"contains": _object(at_type=_one("dpv:StorageLocation"), dpv__hasLocation=TEXT)},
                {"contains": _object(at_type=_one("dpv:StorageDuration"), dpv__hasDuration=DURATION)},
            ],
        },
        crmkit__channel=TEXT,
    ),
    dpv__hasConsentControl=_object(at_type=_one("dpv:WithdrawConsent"), dpv__isExercisedAt=TEXT),
    dpv__hasRight=_object(at_type=_one("dpv:DataSubjectRight"), dpv__isExercisedAt=TEXT),
    dpv__hasNotice=_object(at_type=_one("dpv:ConsentNotice"), dct__identifier=TEXT, dct__language=TEXT),
    dpv__hasConsentStatus={"type": "array", "minItems": 1, "items": EVENT},
)  # fmt: skip
#: Section 9.
ISO_27560: Final = _object(
    at_context={"type": "object", "required": ["dpv", "pd", "dct", "rdf", "crmkit"]},
    at_id=TEXT,
    at_type=_one("dpv:ConsentReceipt"),
    dct__identifier=UUID,
    dct__conformsTo=_one("https://w3id.org/dpv/schema/dpv-27560#receipt"),
    dct__created=INSTANT,
    dpv__hasRecordOfActivity=RECORD,
)
_PURPOSE: Final = _object(
    purpose=TEXT,
    purposeCategory={"type": "array", "minItems": 1, "items": TEXT},
    consentType={"enum": ["EXPLICIT", "IMPLICIT"]},
    piiCategory={"type": "array", "minItems": 1, "items": TEXT},
    primaryPurpose={"type": "boolean"},
    termination=TEXT,
    thirdPartyDisclosure={"type": "boolean"},
)
#: Sections 4 and 7; the time is in seconds, the name of a third party is there if there is one.
KANTARA: Final = _object(
    version=_one("KI-CR-v1.1.0"),
    jurisdiction=TEXT,
    consentTimestamp={"type": "integer", "minimum": 0},
    collectionMethod=TEXT,
    consentReceiptID=UUID,
    language=TEXT,
    piiPrincipalId=UUID,
    piiControllers={
        "type": "array",
        "minItems": 1,
        "items": _object(piiController=TEXT, contact=TEXT, address={"type": "object"}, email=TEXT, phone=TEXT),
    },
    policyUrl={"type": "string", "pattern": "^[a-z]+:"},
    services={
        "type": "array",
        "minItems": 1,
        "items": _object(
            service=TEXT,
            purposes={
                "type": "array",
                "minItems": 1,
                "items": {
                    **_PURPOSE,
                    "if": {"properties": {"thirdPartyDisclosure": {"const": True}}},
                    "then": {"required": ["thirdPartyName"]},
                },
            },
        ),
    },
    sensitive={"type": "boolean"},
    spiCat={"type": "array"},
)
