"""What the ledger comes to in one cell: one client, purpose, channel and address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import attrs

from crmkit.domain.consent.channels import covers
from crmkit.domain.consent.ledger import NOES, Consent, ConsentKind
from crmkit.domain.consent.policy import Policy
from crmkit.domain.ids import ConsentId

ConsentState = Literal[
    "none", "requested", "pending", "granted", "refused", "withdrawn", "objected", "complained", "suppressed",
    "invalidated", "expired", "evidence_incomplete", "restricted", "erased",
]  # fmt: skip
#: How a yes is said that is none: a box that was ticked beforehand (Court of Justice, C-673/17, Planet49).
UNPROVEN_METHODS: Final = frozenset({"pre_ticked"})
AFTER: Final[dict[ConsentKind, ConsentState]] = {
    "refuse": "refused",
    "withdraw": "withdrawn",
    "object": "objected",
    "complaint": "complained",
    "suppress": "suppressed",
    "invalidate": "invalidated",
}


@attrs.frozen
class Standing:
    """
    What a cell comes to: the yeses that had seen every no, by what they are worth now; without any, the last no.

    `asked` is the last time that they were asked, `ended` when the last of what has expired did.
    """

    live: tuple[Consent, ...] = ()
    pending: tuple[Consent, ...] = ()
    expired: tuple[Consent, ...] = ()
    incomplete: tuple[Consent, ...] = ()
    no: Consent | None = None
    asked: Consent | None = None
    ended: datetime | None = None

    @property
    def state(self) -> ConsentState:
        """The cell's state, in one word."""
        if self.live:
            return "granted"
        if self.no is not None:
            return AFTER[self.no.kind]
        if self.pending:
            return "pending"
        if self._is_asked_anew():
            return "requested"
        if self.expired:
            return "expired"
        return "evidence_incomplete" if self.incomplete else "none"

    def _is_asked_anew(self) -> bool:
        """Whether they were asked after all that came to nothing."""
        if self.asked is None:
            return False
        if self.ended is not None:
            return self.asked.recorded_at >= self.ended
        return all(place(self.asked) > place(one) for one in self.incomplete)


def standing(
    said: Iterable[Consent], *, purpose: str, channel: str, endpoint: str, now: datetime, policy: Policy,
    jurisdiction: str,
) -> Standing:  # fmt: skip
    """What was said, heard in any order and however often each, comes to the same."""
    heard = sorted({one.id: one for one in said}.values(), key=place)
    named = policy.names_of(purpose)
    noes = [one for one in heard if one.kind in NOES and covers(one, named, channel, endpoint)]
    of_cell = [one for one in heard if (one.purpose, one.channel, one.endpoint) == (purpose, channel, endpoint)]
    yeses = [one for one in of_cell if one.kind == "grant"]
    found: dict[str, list[Consent]] = {"live": [], "pending": [], "expired": [], "incomplete": [], "void": []}
    for yes in yeses:
        if all(has_seen(yes, no) for no in noes):
            found[_worth(yes, yeses, heard, now, policy, jurisdiction)].append(yes)
    live, pending, expired, incomplete = [tuple(found[each]) for each in ("live", "pending", "expired", "incomplete")]
    stand = [no for no in noes if not _taken_back(no, heard)] if not (live or pending or expired or incomplete) else []
    asked = [one for one in of_cell if one.kind == "request"]
    ended = max([_end(yes, yeses, heard, now, policy) for yes in expired], default=None)
    return Standing(
        live, pending, expired, incomplete, stand[-1] if stand else None, asked[-1] if asked else None, ended
    )  # fmt: skip


def has_seen(yes: Consent, no: Consent) -> bool:
    """What another subject said before a merge had not been on record here, so no earlier yes has seen it."""
    return yes.seen.get(str(no.orig_subject), 0) >= no.seq


def takes_back(later: Consent, earlier: Consent) -> bool:
    """Whether a suppression or restriction is lifted: it was on record, of the same subject or of one merged since."""
    return (later.orig_subject == earlier.orig_subject and later.seq > earlier.seq) or has_seen(later, earlier)


def is_proven(yes: Consent, policy: Policy, jurisdiction: str) -> bool:
    """Whether a consent's evidence will do: a notice that is known, or a document; its own, where the law asks that."""
    proof = yes.evidence
    if not policy.proven or yes.basis != "consent":
        return True
    if proof.method in UNPROVEN_METHODS or (proof.document is None and (proof.notice is None or not proof.edition)):
        return False
    return proof.standalone is True or not policy.laws[jurisdiction].standalone


def must_confirm(yes: Consent, policy: Policy) -> bool:
    """Whether a yes counts only once it is confirmed: a person's own, on a channel of that kind."""
    return yes.basis == "consent" and policy.is_confirmed(yes.channel)


def _worth(
    yes: Consent, yeses: Sequence[Consent], heard: Iterable[Consent], now: datetime, policy: Policy, jurisdiction: str
) -> str:
    """What is not proven is nothing, whatever else; what has ended waits for no confirmation."""
    if not is_proven(yes, policy, jurisdiction):
        return "incomplete"
    reply = _token(yes, yeses, heard, now, policy) if must_confirm(yes, policy) else "live"
    if reply != "void" and yes.valid_until is not None and now >= yes.valid_until:
        return "expired"
    return reply


def _end(yes: Consent, yeses: Sequence[Consent], heard: Iterable[Consent], now: datetime, policy: Policy) -> datetime:
    """When an expired yes did: at its date, or a while after it, if nobody confirmed it."""
    unconfirmed = must_confirm(yes, policy) and _token(yes, yeses, heard, now, policy) == "expired"
    ends = [yes.recorded_at + policy.confirm_within] if unconfirmed else []
    return min([*ends, yes.valid_until] if yes.valid_until is not None else ends)


def _token(yes: Consent, yeses: Sequence[Consent], heard: Iterable[Consent], now: datetime, policy: Policy) -> str:
    """What has become of a confirmation: it must come in time, and before the question is put anew."""
    end = min([place(one) for one in yeses if one.basis == "consent" and place(one) > place(yes)], default=None)
    until = yes.recorded_at + policy.confirm_within
    for one in heard:
        came = one.kind == "confirm" and one.concerns == yes.id and place(one) > place(yes)
        if came and one.recorded_at < until and (end is None or place(one) < end):
            return "live"
    if end is not None:
        return "void"
    return "expired" if now >= until else "pending"


def _taken_back(no: Consent, heard: Iterable[Consent]) -> bool:
    """A suppression that was lifted is no reason any more; no yes from before it lives again for that."""
    return no.kind == "suppress" and any(
        one.kind == "unsuppress" and _scope(one) == _scope(no) and takes_back(one, no) for one in heard
    )


def _scope(one: Consent) -> tuple[str, str, str]:
    return one.purpose, one.channel, one.endpoint


def place(one: Consent) -> tuple[datetime, int, ConsentId]:
    """Where it stands among all that was recorded; used where one of several has to be named, never for precedence."""
    return one.recorded_at, one.seq, one.id
