from __future__ import annotations

from datetime import timedelta

import pytest

from crmkit import CRM, Client, Evidence
from crmkit.errors import Invalid
from crmkit.testing import FrozenClock


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna", email="anna@example.org")


def reason(crm: CRM, client: Client, purpose: str = "marketing", channel: str = "email") -> tuple[bool, str]:
    with crm.read() as tx:
        decision = tx.consents.may_contact(client.id, purpose=purpose, channel=channel)
        return decision.allowed, decision.reason


def test_silence_is_no_and_a_grant_opens_one_cell_only(crm: CRM, anna: Client) -> None:
    """One purpose on one channel."""
    assert (False, "none") == reason(crm, anna)
    with crm.begin() as tx:
        yes = tx.consents.grant(anna.id, purpose="marketing", channel="email")
        decision = tx.consents.may_contact(anna.id, purpose="marketing", channel="email")
    assert (True, (yes.id,), "permissive") == (decision.allowed, decision.evidence, decision.policy)
    assert (False, "none") == reason(crm, anna, channel="sms")
    assert (False, "none") == reason(crm, anna, purpose="profiling")


def test_a_withdrawal_beats_a_grant_that_had_not_seen_it(crm: CRM, anna: Client) -> None:
    """Precedence is causal: a late form cannot undo a no, a new yes can."""
    with crm.begin() as tx:
        shown = tx.consents.watermark(anna.id)
        tx.consents.withdraw(anna.id, purpose="marketing")
        tx.consents.grant(anna.id, purpose="marketing", channel="email", seen=shown)
    assert (False, "withdraw") == reason(crm, anna)
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="email", seen=None)
    assert (False, "withdraw") == reason(crm, anna)
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="email")
    assert (True, "granted") == reason(crm, anna)


def test_an_import_fills_an_empty_cell(crm: CRM, anna: Client) -> None:
    """Having seen nothing matters only where there was a no."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="email", seen=None)
    assert (True, "granted") == reason(crm, anna)


def test_a_no_to_everything_closes_every_cell(crm: CRM, anna: Client) -> None:
    """At once, and of every purpose and channel."""
    with crm.begin() as tx:
        for channel in ("email", "sms"):
            tx.consents.grant(anna.id, purpose="marketing", channel=channel)
        tx.consents.withdraw(anna.id)
    assert [(False, "withdraw")] * 2 == [reason(crm, anna, channel=channel) for channel in ("email", "sms")]


def test_a_consent_expires(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """At its instant, not after it."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="email", valid_until=clock.now() + timedelta(days=1))
    clock.go_on(hours=23)
    assert (True, "granted") == reason(crm, anna)
    clock.go_on(hours=1)
    assert (False, "expired") == reason(crm, anna)


def test_a_contract_carries_service_but_no_marketing(url: str) -> None:
    """The basis must fit the purpose."""
    with CRM.open(url, consent="gdpr") as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna", email="anna@example.org")
        tx.consents.grant(anna.id, purpose="service", channel="email", basis="contract")
        tx.consents.grant(anna.id, purpose="marketing", channel="email", basis="contract")
        said = {
            purpose: tx.consents.may_contact(anna.id, purpose=purpose, channel="email")
            for purpose in ("service", "marketing", "mandatory", "whatever")
        }
    assert {
        "service": (True, "granted"),
        "marketing": (False, "basis_not_permitted"),
        "mandatory": (True, "legal_obligation"),
        "whatever": (False, "unknown_purpose"),
    } == {purpose: (one.allowed, one.reason) for purpose, one in said.items()}


def test_the_ledger_counts_per_client_and_keeps_its_evidence(crm: CRM, anna: Client) -> None:
    """Seq from one, seen as told, orig_subject whose it was."""
    proof = Evidence(notice="privacy-2026-05", language="ru", method="web_form", note="Галочка на форме")
    with crm.begin() as tx:
        other = tx.clients.add(name="Bob")
        tx.consents.grant(other.id, purpose="marketing", channel="email")
        first = tx.consents.grant(anna.id, purpose="marketing", channel="email", evidence=proof)
        second = tx.consents.withdraw(anna.id, channel="email")
    with crm.read() as tx:
        assert [first, second] == list(tx.consents.list(client_id=anna.id))
    assert [(1, {str(anna.id): 0}), (2, {str(anna.id): 1})] == [(one.seq, dict(one.seen)) for one in (first, second)]
    assert (proof, anna.id) == (first.evidence, first.orig_subject)
    assert "Галочка" not in repr(first)


def test_purposes_and_channels_are_known_ones(crm: CRM, anna: Client) -> None:
    """A misspelt purpose is no silent yes to nothing; `*` is for a no only."""
    with crm.begin() as tx:
        for purpose, channel in (("marketting", "email"), ("marketing", "mail"), ("*", "email"), ("marketing", "*")):
            with pytest.raises(Invalid):
                tx.consents.grant(anna.id, purpose=purpose, channel=channel)
        tx.consents.grant(anna.id, purpose="marketing", channel="messenger:telegram")
        assert 1 == tx.consents.count()
