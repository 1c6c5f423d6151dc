"""tx.consents.receipt and tx.consents.verify: what the person is handed, and whether the ledger still says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from receipt_schemas import ISO_27560, KANTARA

from crmkit import CRM, Client, Consent, Evidence, Transaction
from crmkit.access import Policy, Role, System
from crmkit.domain.consent.receipt_27560 import read_27560
from crmkit.errors import Invalid, NotFound
from crmkit.testing import FrozenClock

TEXT = "We write about offers, at most three times a week. Stop any time: reply STOP."
ACCESS = Policy(Role("seller", read="all", write="all"), Role("head", read="all", write="all", evidence="all"))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture(params=["memory", "sqlite"])
def shop(request: pytest.FixtureRequest, clock: FrozenClock, tmp_path: Path) -> Iterator[CRM]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/crm.db"
    with CRM.open(url, clock=clock, consent="gdpr") as crm:
        yield crm


def shown(tx: Transaction) -> Evidence:
    notice = tx.notices.add(name="offers", edition="spring", language="en", text=TEXT, standalone=True)
    return Evidence(notice=notice.id, method="web_form", note="she waved")


def anna(tx: Transaction) -> Client:
    return tx.clients.add(name="Anna", email="anna@example.org", phone="+49 30 901820")


def told(tx: Transaction, consent: Consent) -> tuple[list[str], bool]:
    """The events of a receipt, and whether it is in force."""
    data = tx.consents.receipt(consent.id)
    jsonschema.validate(data, ISO_27560)
    read = read_27560(data)
    return [one.type for one in read.events], read.is_given


def test_a_receipt_tells_what_was_agreed_to_by_which_text(shop: CRM) -> None:
    """The person, the purpose, the channel, the address, the notice: to whom it is handed, they are their own."""
    with shop.begin() as tx:
        client = anna(tx)
        yes = tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=shown(tx), controller="us")
        stated = read_27560(tx.consents.receipt(yes.id)).stated
        data: Any = tx.consents.receipt(yes.id)
    assert (client.id, yes.id, "marketing", "sms", "us") == (
        stated.subject, stated.record_id, stated.purpose, stated.channel, stated.controller,
    )  # fmt: skip
    assert ("+493090182" in stated.endpoint, yes.evidence.notice, "en", "web_form") == (
        True, stated.notice, stated.language, stated.method,
    )  # fmt: skip
    record = data["dpv:hasRecordOfActivity"]
    assert ("offers", "spring", "gdpr-2026.11") == (
        record["dpv:hasNotice"]["dct:title"], record["dpv:hasNotice"]["dct:hasVersion"], record["crmkit:policy"],
    )  # fmt: skip
    assert "she waved" not in str(data)


def test_a_receipt_follows_what_becomes_of_a_yes(shop: CRM, clock: FrozenClock) -> None:
    """By email it waits to be confirmed; a no ends it, and the first no is the one that is told."""
    with shop.begin() as tx:
        client = anna(tx)
        yes = tx.consents.grant(client.id, purpose="marketing", channel="email", evidence=shown(tx))
        assert (["consent_not_confirmed"], False) == told(tx, yes)
        with pytest.raises(Invalid, match="a yes that holds only"):
            tx.consents.receipt(yes.id, form="kantara")
        clock.go_on(minutes=5)
    with shop.begin() as tx:
        tx.consents.confirm(tx.consents.confirmation(yes.id).reveal())
        assert (["consent_not_confirmed", "consent_confirmed"], True) == told(tx, yes)
    for end in ("object_to", "withdraw"):
        clock.go_on(days=1)
        with shop.begin() as tx:
            getattr(tx.consents, end)(client.id, purpose="marketing")
    with shop.read() as tx:
        assert (["consent_not_confirmed", "consent_confirmed", "consent_objected"], False) == told(tx, yes)


def test_a_receipt_tells_that_a_yes_has_ended_by_itself(shop: CRM, clock: FrozenClock) -> None:
    """By its date, or because nobody confirmed it."""
    with shop.begin() as tx:
        client, until = anna(tx), clock.now() + timedelta(days=2)
        short = tx.consents.grant(
            client.id, purpose="marketing", channel="sms", evidence=shown(tx), valid_until=until
        )  # fmt: skip
        unread = tx.consents.grant(client.id, purpose="marketing", channel="email", evidence=shown(tx))
        assert (["consent_given"], True) == told(tx, short)
    clock.go_on(days=8)
    with shop.read() as tx:
        assert (["consent_given", "consent_expired"], False) == told(tx, short)
        assert until == read_27560(tx.consents.receipt(short.id)).events[-1].at
        assert (["consent_not_confirmed", "consent_expired"], False) == told(tx, unread)


def test_a_yes_that_nothing_proves_is_none_in_a_receipt_either(shop: CRM) -> None:
    """It was written down, and no more."""
    with shop.begin() as tx:
        yes = tx.consents.grant(anna(tx).id, purpose="marketing", channel="sms")
        assert (["consent_not_proven"], False) == told(tx, yes)


def test_a_yes_after_a_no_is_in_force(shop: CRM) -> None:
    """What it had seen does not end it."""
    with shop.begin() as tx:
        client = anna(tx)
        tx.consents.withdraw(client.id, purpose="marketing")
        yes = tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=shown(tx))
        assert (["consent_given"], True) == told(tx, yes)


@pytest.mark.parametrize(
    ("verb", "type"),
    [
        ("refuse", "consent_refused"),
        ("withdraw", "consent_withdrawn"),
        ("object_to", "consent_objected"),
        ("invalidate", "consent_invalidated"),
    ],
)
def test_a_no_has_a_receipt_of_its_own(shop: CRM, verb: str, type: str) -> None:
    """Whoever refuses may want it on paper; the form of Kantara has no place for it."""
    with shop.begin() as tx:
        no = getattr(tx.consents, verb)(anna(tx).id, purpose="marketing")
        assert ([type], False) == told(tx, no)
        with pytest.raises(Invalid, match="iso27560"):
            tx.consents.receipt(no.id, form="kantara")


def test_the_form_of_kantara_is_of_a_yes_that_holds(shop: CRM) -> None:
    """It cannot say that one has ended: then it would tell an untruth."""
    with shop.begin() as tx:
        client = anna(tx)
        yes = tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=shown(tx))
        data: Any = tx.consents.receipt(yes.id, form="kantara")
        jsonschema.validate(data, KANTARA)
        assert (str(client.id), str(yes.evidence.notice)) == (data["piiPrincipalId"], data["policyUrl"][-64:])
        assert int(yes.recorded_at.timestamp()) == data["consentTimestamp"]
        tx.consents.withdraw(client.id)
        with pytest.raises(Invalid, match="a yes that holds only"):
            tx.consents.receipt(yes.id, form="kantara")


def test_what_is_no_consent_and_no_refusal_has_no_receipt(shop: CRM) -> None:
    """A contract, a question, a confirmation, a list: none of them is a word of consent that stands by itself."""
    with shop.begin() as tx:
        client = anna(tx)
        mail = tx.consents.grant(client.id, purpose="marketing", channel="email", evidence=shown(tx))
        others: list[Any] = [
            tx.consents.grant(client.id, purpose="service", channel="sms", basis="contract"),
            tx.consents.request(client.id, purpose="marketing", channel="sms"),
            tx.consents.confirm(tx.consents.confirmation(mail.id).reveal()),
            tx.consents.suppress(client.id),
        ]
        for one in others:
            with pytest.raises(Invalid, match="Give the id of a yes"):
                tx.consents.receipt(one.id)
        wrong: Any = "pdf"
        with pytest.raises(Invalid, match="form"):
            tx.consents.receipt(mail.id, form=wrong)
        nobodys: Any = client.id
        with pytest.raises(NotFound):
            tx.consents.receipt(nobodys)


def test_whoever_may_not_see_evidence_sees_none_in_a_receipt() -> None:
    """Yet what became of it is told by the whole ledger: a proof that is hidden is still a proof."""
    with CRM.open("memory://", consent="gdpr", access=ACCESS) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.users.put("17", name="Seller", roles={"seller"})
            tx.users.put("18", name="Head", roles={"head"})
            yes = tx.consents.grant(anna(tx).id, purpose="marketing", channel="sms", evidence=shown(tx))
        hidden = (str(yes.evidence.notice), "offers", "spring", "web_form", "'en'")
        for actor, sees in (("17", False), ("18", True)):
            with crm.bind(actor=actor).read() as tx:
                assert (["consent_given"], True) == told(tx, yes)
                one, two = str(tx.consents.receipt(yes.id)), str(tx.consents.receipt(yes.id, form="kantara"))
            assert [sees] * 5 == [word in one for word in hidden]
            assert [sees] * 3 == [word in two for word in hidden if word not in ("offers", "spring")]


def test_verify_names_nothing_where_nothing_was_changed(shop: CRM, clock: FrozenClock) -> None:
    """After a merge, too: what each of them said is a chain of its own."""
    with shop.begin() as tx:
        one, two = anna(tx), tx.clients.add(name="Ana", phone="+49 30 901821")
        for client in (one, two, one, two):
            tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=shown(tx))
            tx.consents.withdraw(client.id)
        tx.clients.merge(two.id, into=one.id)
    clock.go_on(days=1)
    with shop.begin() as tx:
        tx.consents.refuse(two.id)
        assert ((), 9) == (tx.consents.verify(one.id), tx.consents.count(client_id=one.id))


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "profiling"},
        {"kind": "confirm"},
        {"endpoint": "+4930901829"},
        {"evidence": Evidence(document="forged")},
        {"salt": "", "evidence": Evidence(document="forged")},
    ],
)
def test_verify_names_what_was_changed_behind_our_back(shop: CRM, change: dict[str, Any]) -> None:
    """In the store itself; a salt that is taken away to hide it is a sign of it."""
    with shop.begin() as tx:
        client = anna(tx)
        yes = tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=shown(tx))
        tx.consents.withdraw(client.id)
        _forge(tx, yes, change)
        assert (yes.id,) == tx.consents.verify(client.id)


def test_verify_names_a_consent_whose_notice_says_something_else_now(shop: CRM) -> None:
    """The text that was shown is part of the proof."""
    with shop.begin() as tx:
        client = anna(tx)
        proof = shown(tx)
        yes = tx.consents.grant(client.id, purpose="marketing", channel="sms", evidence=proof)
        tx.consents.withdraw(client.id)
        tx.consents.grant(client.id, purpose="service", channel="sms", evidence=Evidence(notice="unheard-of"))
        _forge(tx, tx.notices.get(str(proof.notice)), {"text": "We sell your number."})
        assert (yes.id,) == tx.consents.verify(client.id)


def _forge(tx: Transaction, record: Any, change: dict[str, Any]) -> None:
    """Another record in the place of this one, as only whoever holds the store can put it there."""
    store: Any = _Forged(tx._unit.store, attrs.evolve(record, **change))
    tx._unit.store = store


class _Forged:
    """A store in which one record is another."""

    def __init__(self, store: Any, forged: Any) -> None:
        self._store, self._forged = store, forged

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def select(self, query: Any) -> list[Any]:
        return self._swapped(self._store.select(query))

    def get_many(self, kind: Any, ids: Any) -> list[Any]:
        return self._swapped(self._store.get_many(kind, ids))

    def _swapped(self, found: Any) -> list[Any]:
        forged = self._forged
        return [forged if isinstance(one, type(forged)) and one.id == forged.id else one for one in found]
