"""Receipts for the person, and whether what is on record is still what was said."""

from __future__ import annotations

from typing import Final, Literal

from crmkit.domain.consent import Consent, ConsentKind
from crmkit.domain.consent.chain import broken
from crmkit.domain.consent.notice import Notice
from crmkit.domain.consent.receipt import receipt_of
from crmkit.domain.consent.receipt_27560 import to_27560
from crmkit.domain.consent.receipt_kantara import to_kantara
from crmkit.domain.ids import ClientId, ConsentId
from crmkit.errors import Fault, Invalid
from crmkit.services.consenting.saying import ledger_of
from crmkit.services.unit import Unit

ReceiptForm = Literal["iso27560", "kantara"]
#: What a receipt can be of. A request, a confirmation or a lifted suppression is none by itself.
_OF: Final[frozenset[ConsentKind]] = frozenset({"grant", "refuse", "withdraw", "object", "complaint", "invalidate"})


def written(unit: Unit, consent: Consent, form: ReceiptForm) -> dict[str, object]:
    """The receipt of a consent, *consent* being what the actor may see of it."""
    if consent.kind not in _OF or (consent.kind == "grant" and consent.basis != "consent"):
        raise Invalid(Fault("id", "no_receipt", "Give the id of a yes that is a consent, or of a no."))
    wanted = consent.evidence.notice
    notice = next(iter(unit.store.get_many(Notice, [wanted])), None) if wanted else None
    receipt = receipt_of(
        consent, ledger_of(unit, consent.client_id), policy=unit.rules.consent, now=unit.now, notice=notice
    )  # fmt: skip
    if form == "iso27560":
        return to_27560(receipt)
    if receipt.state != "given":
        raise Invalid(Fault("form", "not_given", "This form knows a yes that holds only. Take form='iso27560'."))
    return to_kantara(receipt)


def changed(unit: Unit, client_id: ClientId) -> tuple[ConsentId, ...]:
    """Those of a client's consents that do not hold, by chain or by notice, in the order they were recorded."""
    said = ledger_of(unit, client_id)
    wrong = {one.id for one in broken(said)}
    named = {one.evidence.notice for one in said if one.evidence.notice}
    intact = {notice.id for notice in unit.store.get_many(Notice, sorted(named)) if notice.is_intact}
    return tuple([one.id for one in said if one.id in wrong or _is_unfounded(one, intact)])


def _is_unfounded(one: Consent, intact: set[str]) -> bool:
    """Its notice, once known, is gone or another."""
    proof = one.evidence
    return proof.notice is not None and proof.edition is not None and proof.notice not in intact
