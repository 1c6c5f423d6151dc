from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crmkit.errors import Invalid, SignatureInvalid
from crmkit.plugins.signatures import new_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + b64encode(b"x" * 32).decode()
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
BODY = '{"name": "Ада"}'.encode()
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="."), min_size=1, max_size=40)
SECRETS = st.binary(min_size=16, max_size=64).map(lambda key: "whsec_" + b64encode(key).decode())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(SECRETS, IDS, TEXTS)
def test_the_reference_library_accepts_what_we_sign(secret: str, id: str, text: str) -> None:
    """Receivers check with code that is not ours."""
    headers = sign(secret, id, datetime.now(UTC), text.encode())
    assert None is Webhook(secret).verify(text.encode(), headers, json_parse=False)


@given(SECRETS, IDS, TEXTS)
def test_we_accept_what_the_reference_library_signs(secret: str, id: str, text: str) -> None:
    """Providers sign with code that is not ours."""
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(AT.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, AT, text),
    }
    assert id == verify(secret, headers, text.encode(), AT)


def test_the_reference_library_refuses_what_is_changed_as_we_do() -> None:
    """So the tests above would notice."""
    now = datetime.now(UTC)
    headers = sign(SECRET, "m1", now, b"{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{ }", headers)
    with pytest.raises(SignatureInvalid):
        verify(SECRET, headers, b"{ }", now)


def test_an_old_and_a_new_secret_hold_side_by_side() -> None:
    """Rotation: the sender signs with both, or the receiver accepts both, until the other side has changed."""
    both = sign([OTHER, SECRET], "m1", AT, BODY)
    assert 2 == len(both["webhook-signature"].split(" "))
    assert ["m1"] * 3 == [verify(secrets, both, BODY, AT) for secrets in (SECRET, OTHER, [OTHER, SECRET])]
    assert "m1" == verify([OTHER, SECRET], sign(SECRET, "m1", AT, BODY), BODY, AT)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_no_bit_of_a_webhook_can_be_flipped(part: str) -> None:
    """Every single one: id, time, signature and body are all signed."""
    headers = sign(SECRET, "message_1", AT, BODY)
    whole = BODY if part == "body" else headers[part].encode()
    passed = list[int]()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        changed = headers if part == "body" else headers | {part: flipped.decode("latin-1")}
        try:
            verify(SECRET, changed, bytes(flipped) if part == "body" else BODY, AT, timedelta(days=100_000))
        except SignatureInvalid:
            continue
        passed.append(bit)
    assert [] == passed


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"]), st.text()), st.binary()
)
def test_no_junk_is_accepted_or_raises_anything_else(headers: dict[str, str], body: bytes) -> None:
    """Strangers choose every byte of it."""
    with pytest.raises(SignatureInvalid):
        verify(SECRET, {"webhook-timestamp": str(int(AT.timestamp()))} | headers, body, AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_webhook_without_all_three_headers_is_refused(name: str) -> None:
    """One missing is as good as none."""
    headers = sign(SECRET, "m1", AT, BODY)
    del headers[name]
    with pytest.raises(SignatureInvalid, match=r"unsigned|unknown_signature"):
        verify(SECRET, headers, BODY, AT)


def test_header_names_are_found_in_any_spelling() -> None:
    """Every server spells them in its own way."""
    headers = {name.title(): value for name, value in sign(SECRET, "m1", AT, BODY).items()}
    assert "m1" == verify(SECRET, headers, BODY, AT)


@pytest.mark.parametrize(("seconds", "holds"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_webhook_is_of_now_or_refused(seconds: int, holds: bool) -> None:
    """Five minutes either way, for clocks that differ; a recorded one is worth nothing later."""
    headers = sign(SECRET, "m1", AT, BODY)
    if holds:
        assert "m1" == verify(SECRET, headers, BODY, AT + timedelta(seconds=seconds))
    else:
        with pytest.raises(SignatureInvalid, match="not_of_now"):
            verify(SECRET, headers, BODY, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("id", ["", "a.b", "a b", "a\r\nb", "é", "a" * 256])
def test_an_id_cannot_shift_what_is_signed(id: str) -> None:
    """A dot divides id, time and body: with one inside, two different webhooks would be signed alike."""
    with pytest.raises(Invalid, match="id"):
        sign(SECRET, id, AT, BODY)


def test_a_shifted_webhook_is_refused() -> None:
    """The body of one message taken for id and time of another."""
    seconds = str(int(AT.timestamp()))
    signed = sign(SECRET, "m1", AT, f"{seconds}.x".encode())
    shifted = signed | {"webhook-id": f"m1.{seconds}"}
    with pytest.raises(SignatureInvalid):
        verify(SECRET, shifted, b"x", AT)


@pytest.mark.parametrize(
    "secrets", ["", "whsec_", "whsec_c2hvcnQ=", SECRET[6:], "whsec_%%%", [], [SECRET, ""], SECRET + "A"]
)
def test_a_secret_that_locks_nothing_is_refused(secrets: str | list[str]) -> None:
    """An empty setting must not accept, or sign, anything."""
    headers = sign(SECRET, "m1", AT, BODY)
    with pytest.raises(Invalid, match="secret") as signing:
        sign(secrets, "m1", AT, BODY)
    with pytest.raises(Invalid, match="secret"):
        verify(secrets, headers, BODY, AT)
    assert SECRET[6:] not in str(signing.value)


def test_a_time_without_a_zone_is_refused() -> None:
    """It would be off by hours, and by other hours on the next machine."""
    naive = datetime(2026, 7, 1)
    with pytest.raises(Invalid, match="at"):
        sign(SECRET, "m1", naive, BODY)
    with pytest.raises(Invalid, match="now"):
        verify(SECRET, sign(SECRET, "m1", AT, BODY), BODY, naive)


def test_any_zone_says_the_same_moment() -> None:
    """Timestamps are seconds since 1970."""
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert sign(SECRET, "m1", AT, BODY) == sign(SECRET, "m1", there, BODY)


def test_new_secrets_work_and_differ() -> None:
    """What we hand out is what we accept."""
    made = {new_secret() for _ in range(100)}
    assert 100 == len(made)
    assert {"m1"} == {verify(secret, sign(secret, "m1", AT, BODY), BODY, AT) for secret in made}
