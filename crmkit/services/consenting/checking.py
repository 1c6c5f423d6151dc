"""Read what verbs of consent are given: purposes, channels, addresses, evidence."""

from __future__ import annotations

import attrs

from crmkit.domain.consent import CHANNELS, EVERY, Evidence
from crmkit.domain.consent.channels import is_channel
from crmkit.domain.consent.notice import Notice
from crmkit.services.checks import Checks
from crmkit.services.consenting.addresses import read_endpoint
from crmkit.services.unit import Unit

_CODES = ("notice", "language", "method", "document", "edition", "form", "recording", "balancing")
_TEXTS = ("network", "agent")


@attrs.frozen
class Cell:
    """What something is said about; no endpoint: none was given."""

    purpose: str
    channel: str
    endpoint: str | None


def check_cell(unit: Unit, check: Checks, purpose: object, channel: object, endpoint: object, *, wild: bool) -> Cell:
    """A purpose (None: not asked for), a channel and an address; `*` is for a no only, which is *wild*."""
    known = unit.rules.consent.purposes
    if purpose is not None and not (isinstance(purpose, str) and (purpose in known or (wild and purpose == EVERY))):
        check.fault("purpose", "unknown", f"Give one of: {', '.join(sorted(known))}{', *' if wild else ''}.")
    named = is_channel(channel) or (wild and channel == EVERY)
    if not named:
        channels = ", ".join(sorted(CHANNELS))
        check.fault("channel", "unknown", f"Give one of: {channels}{', *' if wild else ''}.")
    elif isinstance(channel, str):
        check.code("channel", channel)
    there = read_endpoint(check, str(channel), endpoint, unit.rules.region) if named else None
    if not named and endpoint is not None:
        check.text("endpoint", endpoint)
    if there == EVERY and not wild:
        check.fault("endpoint", "not_an_address", "Give one address; leave it out for the client's own.")
    return Cell(str(purpose), str(channel), there)


def check_jurisdiction(unit: Unit, check: Checks, jurisdiction: object) -> None:
    """One that the policy knows, or None for its own."""
    if jurisdiction is not None:
        check.one_of(sorted(unit.rules.consent.laws))("jurisdiction", jurisdiction)


def check_evidence(unit: Unit, check: Checks, raw: object) -> Evidence:
    """
    What was given, with what is known of its notice; nothing, if none was.

    A notice that nobody added proves nothing, and is kept all the same: what is missing may be added later.
    """
    if raw is None:
        return Evidence()
    if not isinstance(raw, Evidence):
        check.fault("evidence", "not_evidence", "Give an Evidence, such as Evidence(document='contract-17').")
        return Evidence()
    for name in _CODES:
        check.maybe(check.key, f"evidence.{name}", getattr(raw, name))
    for name in _TEXTS:
        check.maybe(check.text, f"evidence.{name}", getattr(raw, name))
    check.maybe(check.prose, "evidence.note", raw.note)
    check.maybe(check.flag, "evidence.standalone", raw.standalone)
    if check.any or raw.notice is None:
        return raw
    for notice in unit.store.get_many(Notice, [raw.notice]):
        return attrs.evolve(
            raw, edition=notice.edition, language=notice.language, standalone=notice.standalone
        )  # fmt: skip
    return attrs.evolve(raw, edition=None)
