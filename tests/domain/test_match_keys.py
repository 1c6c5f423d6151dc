from __future__ import annotations

import email_validator
import phonenumbers
import pytest
from hypothesis import example, given, settings, strategies as st

from crmkit.domain.email import email_key
from crmkit.domain.handle import handle_key, postal_key
from crmkit.domain.phone import phone_key


def the_library_reads(raw: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, 0) if phonenumbers.is_possible_number(number) else None


@settings(max_examples=1500)
@given(st.from_regex(r"(\+7|8|\+|7)?[ (]{0,2}[0-9]{3}[ )-]{0,2}[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2,5}", fullmatch=True))
@example("8 (800) 555-35-35")
def test_the_short_way_to_a_phone_is_the_librarys(raw: str) -> None:
    """Whatever the short way accepts, phonenumbers reads alike."""
    for region in ("RU", "DE", None):
        assert the_library_reads(raw, region) == phone_key(raw, region)


@settings(max_examples=800)
@given(st.from_regex(r"[A-Za-z0-9_.+-]{1,12}@([a-z0-9-]{1,6}\.){1,3}[A-Za-z]{2,6}", fullmatch=True))
def test_the_short_way_to_an_email_is_the_librarys(raw: str) -> None:
    """Whatever the short way accepts, email-validator accepts alike."""
    try:
        wanted = email_validator.validate_email(raw, check_deliverability=False).normalized.casefold()
    except email_validator.EmailNotValidError:
        wanted = None
    assert wanted == email_key(raw)


@given(st.text(max_size=60), st.sampled_from(["RU", "US", None]))
def test_no_text_breaks_a_match_key(raw: str, region: str | None) -> None:
    """A key or None, never an error from below."""
    assert (phone_key(raw, region) or "+").startswith("+")
    assert "@" in (email_key(raw) or "@")
    assert handle_key("telegram", raw).startswith("telegram:")
    assert postal_key(raw) == postal_key(raw.upper().lower()) or raw != raw.upper().lower()


@pytest.mark.parametrize("raw", ["8 800 555 35 35 доб. 12", "112", "+7 912 345 67 8", "ask the porter", "+", "1" * 100])
def test_a_phone_is_read_or_none(raw: str) -> None:
    """As the library does, extension or not."""
    assert the_library_reads(raw, "RU") == phone_key(raw, "RU")
