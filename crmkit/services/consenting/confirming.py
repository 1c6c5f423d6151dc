"""Double opt-in: whoever an address belongs to confirms a consent, with a link that only they were sent."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from crmkit.domain.consent import Consent
from crmkit.domain.consent.channels import covers
from crmkit.domain.consent.ledger import NOES
from crmkit.domain.consent.standing import has_seen
from crmkit.domain.ids import ConsentId
from crmkit.services.checks import Checks
from crmkit.services.consenting.keyed import secret, signature
from crmkit.services.consenting.saying import ledger_of
from crmkit.services.unit import Unit

_PURPOSE = "confirm"
_LENGTH = 32


def token_of(key: bytes, id: ConsentId) -> str:
    """What confirms a grant, to be sent to its address and nowhere else."""
    return urlsafe_b64encode(id.bytes + signature(key, _PURPOSE, id.bytes)).rstrip(b"=").decode()


def read_token(unit: Unit, check: Checks, token: object) -> ConsentId | None:
    """The grant that a token confirms; whatever was not made by `token_of` is a fault, and tells nothing else."""
    key = secret(unit)
    try:
        raw = urlsafe_b64decode(f"{token}=") if isinstance(token, str) and token.isascii() else b""
    except ValueError:
        raw = b""
    if key is None or len(raw) != _LENGTH or not hmac.compare_digest(signature(key, _PURPOSE, raw[:16]), raw[16:]):
        check.fault("token", "not_a_token", "This link is not one of ours, or was cut off. Ask for another.")
        return None
    return ConsentId(UUID(bytes=raw[:16]))


def confirmed_before(unit: Unit, check: Checks, grant: Consent) -> Consent | None:
    """The confirmation there is already; what keeps a grant from being confirmed is a fault."""
    said = ledger_of(unit, grant.client_id)
    for one in said:
        if one.kind == "confirm" and one.concerns == grant.id:
            return one
    named = unit.rules.consent.names_of(grant.purpose)
    cell = grant.purpose, grant.channel, grant.endpoint
    after = [one for one in said if one.orig_subject == grant.orig_subject and one.seq > grant.seq]
    if unit.now >= grant.recorded_at + unit.rules.consent.confirm_within:
        check.fault("token", "expired", "This link is too old. Ask for another.")
    elif any(one.kind in NOES and covers(one, named, *cell[1:]) and not has_seen(grant, one) for one in said):
        check.fault("token", "withdrawn", "This was refused or withdrawn since. Ask anew if it is wanted again.")
    elif any(
        one.kind == "grant" and one.basis == "consent" and (one.purpose, one.channel, one.endpoint) == cell
        for one in after
    ):
        check.fault("token", "superseded", "A newer link was sent. Use that one.")
    return None
