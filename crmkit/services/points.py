"""Read a spelling of a phone, an email, a handle or an address into a match key."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.domain.contact_point import PointKind
from crmkit.domain.email import email_key
from crmkit.domain.handle import NORMALIZER, handle_key, postal_key
from crmkit.domain.phone import phone_key
from crmkit.services.checks import LINE, Checks


@attrs.frozen
class Spelling:
    """One way to reach somebody, read: the text as typed, and the key equal spellings share (None: unreadable)."""

    kind: PointKind
    value: str
    match_key: str | None
    network: str | None = None
    normalizer: str = NORMALIZER


def read_phone(check: Checks, path: str, raw: object, region: str | None, *, keep: bool = False) -> Spelling:
    """A phone number of E.164; with *keep*, what is none is kept as typed."""
    text = check.text(path, raw)
    key = phone_key(text, region) if text and len(text) <= LINE else None
    if key is None and text and not keep:
        where = f"region {region}" if region else "no region, so start with + and the country"
        check.fault(path, "not_a_phone", f"{text[:40]!r} is no possible phone number ({where}).")
    return Spelling("phone", text, key, normalizer="e164")


def read_email(check: Checks, path: str, raw: object, *, keep: bool = False) -> Spelling:
    """An email address of RFC 5321, letter case ignored; with *keep*, what is none is kept as typed."""
    text = check.text(path, raw)
    key = email_key(text) if text and len(text) <= LINE else None
    if key is None and text and not keep:
        check.fault(path, "not_an_email", f"{text[:40]!r} is no email address.")
    return Spelling("email", text, key, normalizer="rfc5321")


def read_handle(check: Checks, path: PointKind, raw: object, network: object) -> Spelling:
    """A name in a messenger or a social network; the network must be told."""
    text, net = check.text(path, raw), check.code("network", network)
    if text and not (text.strip("@ ") and len(text) <= 200):
        check.fault(path, "not_a_handle", "Give a handle of at most 200 characters, such as '@anna'.")
    fits = isinstance(text, str) and isinstance(net, str)
    return Spelling(path, text, handle_key(net, text)[:320] if fits else None, net)


def read_postal(check: Checks, path: str, raw: object) -> Spelling:
    """A postal address in one line."""
    text = check.text(path, raw)
    key = postal_key(text)[:320]
    if text and not key:
        check.fault(path, "not_an_address", "Give a street and a place.")
    return Spelling("postal", text, key)


def read_one(check: Checks, given: dict[str, Any], network: object, region: str | None, *, keep: bool) -> Spelling:
    """The one way that was given of all that may be."""
    told = {name: raw for name, raw in given.items() if raw is not None}
    if len(told) != 1:
        check.fault("phone", "one", "Say exactly one of phone=, email=, messenger=, social= or postal=.")
        check.done()
    ((kind, raw),) = told.items()
    if network is not None and kind not in ("messenger", "social"):
        check.fault("network", "needless", "Only messenger= and social= have a network.")
    if kind == "phone":
        return read_phone(check, "phone", raw, region, keep=keep)
    if kind == "email":
        return read_email(check, "email", raw, keep=keep)
    if kind == "postal":
        return read_postal(check, "postal", raw)
    return read_handle(check, "messenger" if kind == "messenger" else "social", raw, network)
