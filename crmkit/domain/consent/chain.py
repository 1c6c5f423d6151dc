"""What each subject said, chained: no word can be changed, left out or put in between without the rest showing it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

import attrs

from crmkit.domain.consent.ledger import EVERY, Consent, Evidence


def proof_of(consent: Consent) -> str:
    """
    Bind what is personal of a consent to a text that does not tell it.

    Under its salt: once that is erased with the rest, nobody can try what was said, and the chain holds all the same.
    """
    evidence = attrs.astuple(consent.evidence)
    return _hashed([consent.salt, consent.endpoint, *evidence])


def digest_of(consent: Consent, previous: str) -> str:
    """Bind a consent to all that its subject had said before, whose last digest is *previous*."""
    return _hashed([
        previous, consent.id.hex, consent.orig_subject.hex, consent.seq, sorted(consent.seen.items()), consent.kind,
        consent.purpose, consent.channel, consent.basis, consent.proof,
        consent.valid_until and consent.valid_until.isoformat(), consent.recorded_at.isoformat(), consent.actor,
        attrs.astuple(consent.source), consent.concerns and consent.concerns.hex, consent.jurisdiction,
        consent.controller, consent.claimed_at and consent.claimed_at.isoformat(),
    ])  # fmt: skip


def chained(consent: Consent, previous: str) -> Consent:
    """The consent with its proof and its place in the chain."""
    proven = attrs.evolve(consent, proof=proof_of(consent))
    return attrs.evolve(proven, digest=digest_of(proven, previous))


def broken(said: Iterable[Consent]) -> list[Consent]:
    """
    Those that do not fit what their subject said before them, or do not say what they were bound to.

    What was recorded before there were chains has no digest, and is left out; so is the proof of what was erased,
    with its salt and all that it is a proof of.
    """
    found, last = list[Consent](), dict[object, str]()
    for one in sorted(said, key=lambda one: (one.orig_subject, one.seq)):
        before = last.get(one.orig_subject, "")
        if one.digest:
            fits = one.digest == digest_of(one, before)
            if not fits or not (one.proof == proof_of(one) if one.salt else _is_erased(one)):
                found.append(one)
        elif before:
            found.append(one)
        last[one.orig_subject] = one.digest
    return found


def _is_erased(one: Consent) -> bool:
    return one.evidence == Evidence() and one.endpoint in ("", EVERY)


def _hashed(said: list[object]) -> str:
    return sha256(json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()
