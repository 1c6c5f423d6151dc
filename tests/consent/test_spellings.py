"""C15: an address on the suppression list is known again in every spelling, and the list tells no address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmkit import CRM
from crmkit.domain.consent.suppression import Suppressed
from crmkit.ports import Query
from crmkit.services.checks import Checks
from crmkit.services.consenting.addresses import read_endpoint
from crmkit.services.consenting.suppressing import is_suppressed, put_on


def phones(number: int) -> Iterator[str]:
    """One Russian number as six people write it."""
    digits = f"912{number:07}"
    area, one, two, three = digits[:3], digits[3:6], digits[6:8], digits[8:]
    yield f"+7{digits}"
    yield f"8{digits}"
    yield f"8 ({area}) {one}-{two}-{three}"
    yield f"+7 {area} {one} {two} {three}"
    yield f"8-{area}-{one}-{two}-{three}"
    yield f"  +7({area}){one}{two}{three} "


def emails(number: int) -> Iterator[str]:
    """One address, whose letter case and domain's alphabet do not matter; its tag does."""
    yield f"anna.{number}+news@bücher.example"
    yield f"Anna.{number}+news@bücher.example"
    yield f"ANNA.{number}+NEWS@BÜCHER.EXAMPLE"
    yield f"anna.{number}+news@xn--bcher-kva.example"
    yield f" anna.{number}+news@Bücher.Example "
    yield f"anna.{number}+news@XN--BCHER-KVA.EXAMPLE"


def _recognised(count: int) -> None:
    with CRM.open("memory://", region="RU") as crm, crm.begin() as tx:
        unit = tx._unit
        for number in range(count):
            for channel, spelled in (("sms", phones), ("email", emails)):
                check = Checks()
                keys = {read_endpoint(check, channel, one, "RU") for one in spelled(number)}
                check.done()
                (key,) = keys
                assert key
                put_on(unit, key, channel, "marketing")
                assert is_suppressed(unit, key, channel, "marketing")
                assert not is_suppressed(unit, key, channel, "service")
                assert not is_suppressed(unit, f"{key}0", channel, "marketing")
        listed = unit.store.select(Query(Suppressed))
        assert 2 * count == len(listed)
        assert not any("912" in str(one.channel) or "@" in f"{one.id}{one.purposes}" for one in listed)
        assert {64} == {len(one.id) for one in listed}


def test_every_spelling_is_the_same_address() -> None:
    """Six of each."""
    _recognised(200)


@pytest.mark.heavy
def test_ten_thousand_addresses_are_known_again() -> None:
    """As above, of phones and of emails each."""
    _recognised(10_000)
