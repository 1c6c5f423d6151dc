"""docs/policies.md: what each pack of rules asks, in words that a lawyer can check against the data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from crmkit.consent import Law, Policy
from crmkit.domain.consent.channels import CHANNELS
from crmkit.domain.consent.packs import PACKS, SOURCES
from crmkit.domain.consent.purposes import PURPOSE_CLASSES, PurposeClass
from crmkit.domain.consent.standing import UNPROVEN_METHODS

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
OPENING = """# What the policy packs ask

A pack is what the laws that are known ask, as data: `CRM.open(url, consent="gdpr")`.
This page is written from that data, for whoever has to check it.

**It is no legal advice.**
Have a lawyer read the section of your pack; [Consent](consent.md) tells how to change one.

A contact is allowed if something that was said carries it, and nothing that was said forbids it.
Each table says which legal bases carry which class of purposes on which channel; *nothing* means that no basis does.
What is `mandatory` is told whatever was said: a breach, a recall.
The bases:

- `consent`: the person agreed.
- `contract`: it is needed to do what was agreed with them.
- `legitimate_interest`: an interest of the house that was weighed against theirs.
- `soft_opt_in`: a customer's own address, got with a sale, for similar goods.
- `notice_opt_out`: they were told how to refuse, and have not.
- `legal_obligation`: the law commands it.

A purpose of your own is of one of the classes, and may be narrower than its class, never wider.
"""
ORDER = ("email", "sms", "voice", "voice_auto", "messenger", "push", "post")
TITLES = {
    "RU": "The Russian Federation",
    "EU": "The European Union",
    "US": "The United States",
    "other": "Anywhere else",
}


def page() -> str:
    """The page as it should be: written from the packs."""
    return OPENING + "".join(f"\n{line}\n" for name, pack in PACKS.items() for line in _pack(name, pack))


def _pack(name: str, pack: Policy) -> Iterator[str]:
    yield f"## {name}"
    yield f"Decisions name it as `{pack.name}`.\nWhere no jurisdiction is said, that of *{TITLES[pack.jurisdiction]}* (`{pack.jurisdiction}`) holds."
    yield "\n".join(f"- {rule}" for rule in _rules(pack))
    if len({_table(law) for law in pack.laws.values()}) == 1:
        yield "Everywhere:"
        yield _table(pack.laws[pack.jurisdiction])
        return
    for where in sorted(pack.laws, key=[*TITLES].index):
        law = pack.laws[where]
        yield f"### {TITLES[where]} under {name}"
        yield _table(law)
        if special := list(_special(law)):
            yield "\n".join(f"- {rule}" for rule in special)
        yield "Sources:"
        yield "\n".join(f"- {source}." for source in SOURCES[where])


def _rules(pack: Policy) -> Iterator[str]:
    """What holds in every jurisdiction."""
    yield f"**Refusal**: a no holds from the moment it is recorded, for all that it covers; only a yes whose asker knew of it opens that again. {_from('withdrawal')}"
    yield f"**Restriction**: whoever had processing restricted is not contacted, but for what the law commands to tell. {_from('restricted')}"
    if pack.proven:
        ticked = ", ".join(sorted(UNPROVEN_METHODS))
        yield f"**Evidence**: a consent counts only with a notice that is kept here, or a document. {_from('proven')}"
        yield f"**Boxes ticked beforehand** (`{ticked}`): no consent, whatever was shown. {_from('pre_ticked')}"
    else:
        yield "**Evidence**: none is asked for."
    yield f"**Legitimate interest**: carries only with the record that weighed it (`Evidence.balancing`). {_from('balancing')}"
    if pack.confirmed:
        yield f"**Confirmation**: a consent by {', '.join(sorted(pack.confirmed))} counts once it was confirmed from that address, within {_days(pack.confirm_within)}. {_from('confirmed')}"
    else:
        yield "**Confirmation**: none is asked for."
    for cap in pack.caps:
        where = "all channels together" if cap.channel == "*" else cap.channel
        yield f"**Caps**: at most {cap.most} messages of marketing to one person in {_days(cap.within)}, on {where}. {_from('caps')}"
    if not pack.caps:
        yield "**Caps**: none."
    yield f"**Hours**: {_hours(pack)}"
    yield f"**Asking again**: whoever said no is not asked again for {_days(pack.ask_again_after)}. {_from('ask_again_after')}"


def _hours(pack: Policy) -> str:
    if not pack.hours:
        return "at any time."
    windows: dict[str, list[str]] = {}
    for channel in ORDER:
        if hours := pack.hours.get(channel):
            windows.setdefault(f"from {hours.first:%H:%M} to {hours.last:%H:%M}", []).append(channel)
    told = "; ".join(f"{', '.join(channels)} {window}" for window, channels in windows.items())
    free = ", ".join(channel for channel in ORDER if channel not in pack.hours)
    return f"marketing arrives where the person is, by {told}; by {free} at any time. {_from('hours')}"


def _table(law: Law) -> str:
    lines = [f"| class | {' | '.join(ORDER)} |", f"|---{'|---' * len(ORDER)}|"]
    for kind in PURPOSE_CLASSES:
        lines.append(f"| {kind} | {' | '.join(_cell(law, kind, channel) for channel in ORDER)} |")
    return "\n".join(lines)


def _cell(law: Law, kind: PurposeClass, channel: str) -> str:
    """The bases as they are decided by, not as they are written."""
    bases = law.carriers(kind, channel)
    if kind == "mandatory":
        return "*always*"
    if law.autodial_barred and channel == "voice_auto" and kind == "marketing":
        return "*barred*"
    if law.mass_consent and channel == "voice_auto":
        bases &= {"consent"}
    return ", ".join(sorted(bases)) or "*nothing*"


def _special(law: Law) -> Iterator[str]:
    if law.standalone:
        yield f"A consent stands in a document of its own, apart from contracts, offers and policies. {_from('standalone')}"
    if law.autodial_barred:
        yield f"No machine calls with advertising, whatever was agreed to. {_from('autodial_barred')}"
    if law.mass_consent:
        yield f"Calls to many, and calls by machines, need a consent, those that only inform too. {_from('mass_consent')}"


def _from(rule: str) -> str:
    return f"*Source*: {'; '.join(SOURCES[rule])}."


def _days(span: timedelta) -> str:
    return f"{span.days} days"


def test_the_page_of_policies_is_what_the_packs_ask() -> None:
    """Rule by rule and cell by cell; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")


def test_the_page_leaves_no_channel_and_no_jurisdiction_out() -> None:
    """A new one must not be decided by and stay unread."""
    assert set(ORDER) == CHANNELS
    assert {frozenset(TITLES)} == {frozenset(pack.laws) for pack in PACKS.values()}


@pytest.mark.parametrize("rule", SOURCES)
def test_every_source_is_told(rule: str) -> None:
    """One that no section names would be known to nobody."""
    assert all(source in page() for source in SOURCES[rule])


def test_spans_are_whole_days() -> None:
    """What the page rounds would be untrue."""
    spans = [span for pack in PACKS.values() for span in (pack.confirm_within, pack.ask_again_after)]
    spans += [cap.within for pack in PACKS.values() for cap in pack.caps]
    assert [timedelta(days=span.days) for span in spans] == spans
