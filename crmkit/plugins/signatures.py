"""Signatures of webhooks, as Standard Webhooks 1 has them: who sent it, when, and that nobody changed a byte."""

from __future__ import annotations

import hmac
import re
import secrets as chance
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from crmkit.errors import Fault, Invalid, SignatureInvalid
from crmkit.plugins.headers import Headers

PREFIX = "whsec_"
_SECRET = re.compile(PREFIX + r"([A-Za-z0-9+/]+)={0,2}").fullmatch
_ID = re.compile(r"[!-\-/-~]{1,255}").fullmatch  # no dot: it divides id, time and body in what is signed
_SECONDS = re.compile(r"[0-9]{1,11}").fullmatch


def new_secret() -> str:
    """
    A secret that nobody guesses, to be shown once to the other side.

    >>> new_secret()[:6]
    'whsec_'
    """
    return PREFIX + b64encode(chance.token_bytes(32)).decode()


def sign(secrets: str | Sequence[str], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """
    Headers that let the receiver check a webhook: one signature a secret, so that a new one can replace an old.

    *id* stays the same when the webhook is sent again, *at* is the time of this sending.

    >>> from datetime import UTC
    >>> at = datetime(2026, 7, 1, tzinfo=UTC)
    >>> headers = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "m1", at, b"{}")
    >>> headers
    {'webhook-id': 'm1', 'webhook-timestamp': '1782864000', 'webhook-signature': 'v1,...'}
    >>> verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b"{}", at)
    'm1'
    """
    keys = _keys(secrets)
    if not _ID(id):
        raise Invalid(Fault("id", "not_an_id", "Give up to 255 visible ASCII characters, without a dot."))
    seconds = str(int(_instant("at", at).timestamp()))
    signatures = " ".join(_signature(key, id, seconds, body) for key in keys)
    return {"webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures}


def verify(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> str:
    """
    Return the id of a webhook that was signed with one of *secrets*, not longer than *tolerance* ago or ahead.

    *body* is every byte as it came, before anything parsed it. Raises `SignatureInvalid`. The same webhook comes
    again when its sender saw no answer: who must not act twice keeps the id.
    """
    keys, fields = _keys(secrets), Headers(headers)
    id, seconds = fields.get("webhook-id", ""), fields.get("webhook-timestamp", "")
    if not (_ID(id) and _SECONDS(seconds)):
        raise SignatureInvalid("unsigned")
    if abs(_instant("now", now).timestamp() - int(seconds)) > tolerance.total_seconds():
        raise SignatureInvalid("not_of_now")
    given = [one.encode("ascii", "replace") for one in fields.get("webhook-signature", "").split(" ")]
    wanted = [_signature(key, id, seconds, body).encode() for key in keys]
    # All are compared, each in constant time: how long it takes says nothing of how close a guess was.
    if not any([hmac.compare_digest(one, other) for one in wanted for other in given]):
        raise SignatureInvalid("unknown_signature")
    return id


def _signature(key: bytes, id: str, seconds: str, body: bytes) -> str:
    return "v1," + b64encode(hmac.digest(key, f"{id}.{seconds}.".encode() + body, "sha256")).decode()


def _keys(secrets: str | Sequence[str]) -> list[bytes]:
    """Each secret's bytes; none at all would be a lock that anything opens, or nothing does."""
    found = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    keys = [key for key in found if key is not None]
    if not keys or len(keys) < len(found):
        message = "Give one secret or more, each whsec_ followed by 16 bytes or more in base64."
        raise Invalid(Fault("secrets", "not_a_secret", message))
    return keys


def _key(secret: str) -> bytes | None:
    written = _SECRET(secret)
    if written is None or len(written[1]) % 4 == 1:
        return None
    key = b64decode(written[1] + "=" * (-len(written[1]) % 4))
    return key if len(key) >= 16 else None


def _instant(path: str, given: datetime) -> datetime:
    if given.tzinfo is None:
        raise Invalid(Fault(path, "naive", "Give a time with its zone, such as datetime.now(UTC)."))
    return given
