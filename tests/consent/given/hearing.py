"""What a ledger says about one cell, thought out a second time and without a word of crmkit's.

Precedence has no clock: a yes undoes only the noes that its asker had on record. `at` orders what was recorded where
one of several must be named, and time ends what has an end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

EVERY = "*"
#: What refuses, with the state it leaves a cell in. Only these may be about every purpose, channel or endpoint.
NOES = {
    "withdraw": "WITHDRAWN",
    "refuse": "REFUSED",
    "object": "OBJECTED",
    "complaint": "COMPLAINT",
    "suppress": "SUPPRESSED",
    "invalidate": "INVALIDATED",
}
#: What a grant that stands is worth, the best first, with the state.
STATES = {
    "granted": "GRANTED",
    "pending_confirmation": "PENDING",
    "expired": "EXPIRED",
    "evidence_incomplete": "EVIDENCE_INCOMPLETE",
    "none": "NONE",
}
#: How long a confirmation is waited for.
WEEK = 7 * 24 * 60


@attrs.frozen
class Said:
    """
    One line of a ledger.

    `subject` is whose it is today, `orig` whose it was when it was recorded; `seq` counts from 1 per `orig`. `seen` is
    what the asker had on record: per `orig` the highest `seq`, a subject missing from it had nothing (an import, a
    late web hook). `purpose`, `channel` and `endpoint` are `*` for any, in a no only. Of a grant, `complete` says that
    the evidence is whole, `standalone` that its document is one of its own, `balanced` that a legitimate interest was
    weighed, `until` when it ends. `at` is when it was recorded, in minutes, and orders all subjects' lines; equal ones
    are ordered by seq, then by id. `ref` is the id of the grant that a confirmation confirms.
    """

    id: str
    subject: str
    orig: str
    seq: int
    kind: str
    purpose: str = EVERY
    channel: str = EVERY
    endpoint: str = EVERY
    seen: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)
    basis: str = "consent"
    complete: bool = True
    standalone: bool = True
    balanced: bool = True
    until: int | None = None
    at: int = 0
    ref: str = ""

    @property
    def place(self) -> tuple[int, int, str]:
        """Where it stands among everything recorded."""
        return self.at, self.seq, self.id

    @property
    def scope(self) -> tuple[str, str, str]:
        """What it is about."""
        return self.purpose, self.channel, self.endpoint


@attrs.frozen
class Cell:
    """Who would be contacted, for what, by which channel and where."""

    subject: str
    purpose: str
    channel: str
    endpoint: str

    @property
    def scope(self) -> tuple[str, str, str]:
        """Without the subject."""
        return self.purpose, self.channel, self.endpoint


@attrs.frozen
class Hearing:
    """The grants in force, or `no`, the no that is the reason for there being none, or neither; the state it makes."""

    status: str
    state: str
    live: tuple[Said, ...] = ()
    no: Said | None = None
    erased: bool = False
    restricted: bool = False


def covers(scope: str, channel: str) -> bool:
    """Whether what is said about one channel is said about another: `messenger` is about `messenger:telegram`, too."""
    return scope in (EVERY, channel) or channel.startswith(f"{scope}:")


def is_about(no: Said, cell: Cell, klass: str) -> bool:
    """Whether a no closes the cell, whose purpose is of a class: a no to that is about the purpose, too."""
    return (
        no.purpose in (EVERY, cell.purpose, klass)
        and covers(no.channel, cell.channel)
        and no.endpoint in (EVERY, cell.endpoint)
    )


def had_seen(later: Said, earlier: Said) -> bool:
    """What another subject had said was on record only if it is in `seen`: a merge makes nobody know more."""
    return later.seen.get(earlier.orig, 0) >= earlier.seq


def takes_back(later: Said, earlier: Said) -> bool:
    """
    Whether `unsuppress` or `lift_restriction` is about that `suppress` or `restrict`.

    What was recorded for the same subject before is; what another subject brought into a merge must have been seen.
    """
    return (later.orig == earlier.orig and later.seq > earlier.seq) or had_seen(later, earlier)


def hear(
    said: Iterable[Said], cell: Cell, klass: str, now: int, needs_confirmation: bool, needs_own_document: bool
) -> Hearing:
    """
    Read what is recorded, in whatever order and however often it comes.

    A grant stands if its asker had seen every no about the cell; while one stands, no no counts. A suppression that
    was taken back is no reason any more, but no grant from before it lives again: that takes a new one, asked for
    with the suppression on record, as after any no.
    """
    mine = [one for one in said if one.subject == cell.subject]
    noes = [one for one in mine if one.kind in NOES and is_about(one, cell, klass)]
    yeses = [one for one in mine if one.kind == "grant" and one.scope == cell.scope]
    confirmations = [one for one in mine if one.kind == "confirm"]
    worth = dict[str, list[tuple[Said, str]]]()
    for yes in yeses:
        if all(had_seen(yes, no) for no in noes):
            is_asked_twice = needs_confirmation and yes.basis == "consent"
            token = _token(yes, yeses, confirmations, now) if is_asked_twice else "granted"
            worth.setdefault(_worth(yes, token, now, needs_own_document), []).append((yes, token))
    status = next((one for one in STATES if one in worth), "none")
    no = None if status != "none" else max(_not_taken_back(noes, mine), key=lambda one: one.place, default=None)
    requests = [one for one in mine if one.kind == "request" and one.scope == cell.scope]
    return Hearing(
        status,
        _state(status, worth.get(status, []), no, requests),
        tuple([yes for yes, _ in worth.get("granted", [])]),
        no,
        any(one.kind == "erase" for one in mine),
        _is_restricted(mine),
    )


def _is_restricted(mine: list[Said]) -> bool:
    lifts = [one for one in mine if one.kind == "lift_restriction"]
    return any(not any(takes_back(lift, one) for lift in lifts) for one in mine if one.kind == "restrict")


def _worth(yes: Said, token: str, now: int, needs_own_document: bool) -> str:
    """A grant without its evidence is none, whatever else; one that has ended waits for no confirmation."""
    if yes.basis == "consent" and not (yes.complete and (yes.standalone or not needs_own_document)):
        return "evidence_incomplete"
    if token != "void" and yes.until is not None and now >= yes.until:
        return "expired"
    return token


def _token(yes: Said, yeses: list[Said], confirmations: list[Said], now: int) -> str:
    """
    What has become of the confirmation that was asked for; `void` where a newer grant was recorded before it came.

    It counts within a week. A no in between needs no word here: the grant has not seen it.
    """
    newer = [one.place for one in yeses if one.basis == "consent" and one.place > yes.place]
    end = min(newer, default=None)
    for one in confirmations:
        if one.ref == yes.id and one.place > yes.place and one.at < yes.at + WEEK and (end is None or one.place < end):
            return "granted"
    if end is not None:
        return "void"
    return "expired" if now >= yes.at + WEEK else "pending_confirmation"


def _not_taken_back(noes: list[Said], mine: list[Said]) -> list[Said]:
    backs = [one for one in mine if one.kind == "unsuppress"]
    return [
        no
        for no in noes
        if no.kind != "suppress" or not any(back.scope == no.scope and takes_back(back, no) for back in backs)
    ]


def _state(status: str, grants: list[tuple[Said, str]], no: Said | None, requests: list[Said]) -> str:
    """Asking changes the state of a cell that holds nothing, nothing whole, or nothing any more, and no other."""
    if no is not None:
        return NOES[no.kind]
    if status in ("granted", "pending_confirmation"):
        return STATES[status]
    since = max([_end(yes, token) if status == "expired" else yes.place for yes, token in grants], default=None)
    is_requested = any(since is None or one.place > since for one in requests)
    return "REQUESTED" if is_requested else STATES[status]


def _end(yes: Said, token: str) -> tuple[int, int, str]:
    """Where an expired grant came to its end: at its date, or a week after it, unconfirmed."""
    ends = [yes.until] if yes.until is not None else []
    return min([*ends, yes.at + WEEK] if token == "expired" else ends), 0, ""
