from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import jsonschema
import pytest
from hypothesis import assume, event, given
from receipt_schemas import ISO_27560, KANTARA
from receipts import receipts

from crmkit.domain.consent import ConsentPurpose
from crmkit.domain.consent.purposes import PurposeClass
from crmkit.domain.consent.receipt import Receipt
from crmkit.domain.consent.receipt_27560 import events_of, read_27560, to_27560
from crmkit.domain.consent.receipt_kantara import read_kantara, to_kantara
from crmkit.testing import a_client, a_consent

FORMS: dict[str, tuple[Callable[[Receipt], dict[str, object]], Callable[[Mapping[str, object]], object], Any]] = {
    "iso27560": (to_27560, read_27560, ISO_27560),
    "kantara": (to_kantara, read_kantara, KANTARA),
}


def travelled(said: Mapping[str, object]) -> dict[str, Any]:
    """As it comes out of a file."""
    data: dict[str, Any] = json.loads(json.dumps(said))
    return data


def holes(schema: Any, data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the mandatory fields of a form stand."""
    if "items" in schema:
        return [hole for at, _ in enumerate(data) for hole in holes(schema["items"], data[at], (*path, at))]
    below = schema.get("properties", {})
    return [
        hole
        for name in schema.get("required", ())
        for hole in [(*path, name), *holes(below.get(name, {}), data[name], (*path, name))]
    ]


@given(receipts())
def test_a_record_keeps_its_schema_and_every_mandatory_field(receipt: Receipt) -> None:
    """Written as JSON and read back: nothing is lost, and it is in force only while the consent is."""
    event(receipt.state)
    data = travelled(to_27560(receipt))
    jsonschema.validate(data, ISO_27560)
    read = read_27560(data)
    assert (receipt.stated, events_of(receipt)) == (read.stated, read.events)
    assert (receipt.state == "given") is read.is_given


@given(receipts())
def test_a_receipt_of_kantara_keeps_its_schema_and_every_mandatory_field(receipt: Receipt) -> None:
    """Its times are in whole seconds."""
    assume(receipt.said.kind == "grant")
    data = travelled(to_kantara(receipt))
    jsonschema.validate(data, KANTARA)
    second = receipt.stated.given_at.replace(microsecond=0)
    assert attrs.evolve(receipt.stated, given_at=second) == read_kantara(data)


@given(receipts())
def test_a_receipt_tells_nothing_personal_but_the_address(receipt: Receipt) -> None:
    """Notes, networks and programs stay in the evidence; actors are nobody's business."""
    for write in (to_27560, to_kantara):
        if write is to_27560 or receipt.said.kind == "grant":
            told = json.dumps(write(receipt))
            assert "CANARY" not in told
            assert receipt.said.endpoint in told


@pytest.mark.parametrize("form", FORMS)
def test_a_schema_misses_whatever_is_taken_away(form: str) -> None:
    """Every mandatory field by itself, so that the schema of these tests is no sieve."""
    write, _, schema = FORMS[form]
    whole = write(_plain())
    places = holes(schema, whole)
    assert len(places) > 20
    for *path, name in places:
        data = travelled(whole)
        inner = data
        for step in path:
            inner = inner[step]
        del inner[name]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, schema)


@pytest.mark.parametrize("form", FORMS)
def test_reading_names_what_is_missing_and_says_nothing_else(form: str) -> None:
    """No other error comes out of anybody's JSON, and no value of it is repeated."""
    write, read, _ = FORMS[form]
    whole, said = write(_plain()), list[str]()
    for *path, name in holes(FORMS[form][2], whole):
        data = travelled(whole)
        inner = data
        for step in path:
            inner = inner[step]
        inner[name] = None
        try:
            read(data)
        except ValueError as fault:
            said.append(str(fault))
    assert len(said) >= 10
    assert "example.org" not in "".join(said)


@pytest.mark.parametrize(
    ("kind", "channel", "purpose", "address", "category"),
    [
        ("marketing", "email", "dpv:Marketing", "pd:EmailAddress", "email address"),
        ("service", "voice_auto", "dpv:ServiceProvision", "pd:TelephoneNumber", "telephone number"),
        ("sharing", "messenger:telegram", "dpv:Purpose", "pd:AccountIdentifier", "account"),
    ],
)
def test_purposes_and_addresses_are_told_in_the_words_of_the_form(
    kind: PurposeClass, channel: str, purpose: str, address: str, category: str
) -> None:
    """Another program knows what they are without knowing ours."""
    receipt = _plain()
    asked = attrs.evolve(receipt.said, channel=channel)
    receipt = attrs.evolve(receipt, said=asked, purpose=ConsentPurpose("ours", kind=kind))
    process = travelled(to_27560(receipt))["dpv:hasRecordOfActivity"]["dpv:hasProcess"]
    assert (purpose, address) == (process["dpv:hasPurpose"]["@type"], process["dpv:hasPersonalData"]["@type"])
    (told,) = travelled(to_kantara(receipt))["services"][0]["purposes"]
    assert ([kind], [category], kind == "sharing") == (
        told["purposeCategory"], told["piiCategory"], told["thirdPartyDisclosure"],
    )  # fmt: skip


def test_a_receipt_tells_who_said_it() -> None:
    """The person, or the house that found it wanting."""
    receipt = _plain()
    found = attrs.evolve(receipt, state="ended", ended=attrs.evolve(receipt.said, kind="invalidate"))
    events = travelled(to_27560(found))["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    assert ["dpv:DataSubject", "dpv:DataController"] == [one["dpv:isIndicatedBy"] for one in events]


def _plain() -> Receipt:
    consent = attrs.evolve(a_consent(a_client()), endpoint="anna@example.org", jurisdiction="EU")
    return Receipt(consent, "given", "gdpr", consent.recorded_at)
