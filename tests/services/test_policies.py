"""Consents as the policy packs judge them: notices, confirmations, lists, caps, hours and ages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import pytest

from crmkit import CRM, Client, Consent, Decision, Evidence, Field, Transaction
from crmkit.consent import GDPR, PERMISSIVE, Cap, Hours
from crmkit.domain.consent import ConsentPurpose
from crmkit.errors import ContactRefused, Forbidden, Invalid
from crmkit.ports import Query
from crmkit.testing import FrozenClock

BORN = Field("client", "born", date)
WINE = ConsentPurpose("wine", kind="marketing", youngest=18, hours=Hours(time(8), time(22)))
POLICY = attrs.evolve(GDPR.with_purposes(WINE), birthday=BORN)
PAPER = Evidence(document="paper-1")


@pytest.fixture
def crm(url: str, clock: FrozenClock) -> Iterator[CRM]:
    with CRM.open(url, clock=clock, region="DE", fields=[BORN], consent=POLICY, delivery="external") as crm:
        yield crm


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", email="anna@example.org", phone="+4930901820")
        return tx.clients.update(anna.id, time_zone="UTC")


def asked(
    crm: CRM, client: Client, channel: str = "email", purpose: str = "marketing", endpoint: str | None = None,
    at: datetime | None = None, jurisdiction: str | None = None,
) -> Decision:  # fmt: skip
    with crm.read() as tx:
        return tx.consents.may_contact(
            client.id, purpose=purpose, channel=channel, endpoint=endpoint, at=at, jurisdiction=jurisdiction
        )  # fmt: skip


def test_a_consent_needs_a_notice_that_is_known_or_a_document(crm: CRM, anna: Client) -> None:
    """Whoever sends must be able to prove it; a box that was ticked beforehand proves nothing."""
    with crm.begin() as tx:
        notice = tx.notices.add(name="news", edition="2", language="en", text="May we write?")
        for number, proof in enumerate([
            None, Evidence(notice="unknown"), Evidence(notice=notice.id, method="pre_ticked"),
            Evidence(notice=notice.id, method="web_form"), PAPER,
        ]):  # fmt: skip
            bob = tx.clients.add(name="Bob", phone=f"+49309018{number:03}", email=f"bob{number}@example.org")
            tx.clients.update(bob.id, time_zone="UTC")
            given = tx.consents.grant(bob.id, purpose="marketing", channel="sms", evidence=proof)
            decision = tx.consents.may_contact(bob.id, purpose="marketing", channel="sms")
            assert ("evidence_incomplete" if number < 3 else "granted") == decision.reason
            assert (given.id,) == decision.evidence


def test_under_russian_law_a_consent_is_a_document_of_its_own(crm: CRM, anna: Client) -> None:
    """152-FZ art. 9: not a line in a contract or in another consent."""
    with crm.begin() as tx:
        for standalone in (False, True):
            notice = tx.notices.add(name="n", edition="1", language="ru", text="Можно?", standalone=standalone)
            tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=Evidence(notice=notice.id))
            told = tx.consents.may_contact(anna.id, purpose="marketing", channel="sms", jurisdiction="RU")
            assert ("granted" if standalone else "evidence_incomplete") == told.reason
    assert "granted" == asked(crm, anna, "sms").reason


def test_a_consent_is_of_one_address(crm: CRM, anna: Client) -> None:
    """A new one was never agreed to; the old one, in any spelling, still is."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=PAPER)
        assert tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").allowed
        tx.contact_points.add(anna.id, phone="+4930901821", primary=True)
        assert "none" == tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").reason
    assert asked(crm, anna, "sms", endpoint="030 901820").allowed
    with crm.begin() as tx:
        point = next(one for one in tx.contact_points.list(client_id=anna.id) if one.match_key == "+4930901820")
        tx.contact_points.invalidate(point.id)
    assert "endpoint_dead" == asked(crm, anna, "sms", endpoint="030 901820").reason


def test_a_consent_by_email_counts_once_its_reader_confirms_it(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """With the link that was sent there, once, within a week."""
    with crm.begin() as tx:
        yes = tx.consents.grant(anna.id, purpose="marketing", channel="email", evidence=PAPER)
        token = tx.consents.confirmation(yes.id)
    assert ("pending_confirmation", (yes.id,)) == (asked(crm, anna).reason, asked(crm, anna).evidence)
    clock.go_on(days=6)
    with crm.begin() as tx:
        confirmed = tx.consents.confirm(token.reveal())
        assert ("confirm", yes.id) == (confirmed.kind, confirmed.concerns)
    assert asked(crm, anna).allowed
    with crm.begin() as tx:
        assert [confirmed] * 100 == [tx.consents.confirm(token.reveal()) for _ in range(100)]
        assert 2 == tx.consents.count(client_id=anna.id)


def test_a_link_dies_with_time_a_newer_one_and_a_no(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """And nobody can make one up."""
    with crm.begin() as tx:
        first = tx.consents.grant(anna.id, purpose="marketing", channel="email", evidence=PAPER)
        old = tx.consents.confirmation(first.id).reveal()
        second = tx.consents.grant(anna.id, purpose="marketing", channel="email", evidence=PAPER)
        new = tx.consents.confirmation(second.id).reveal()
    assert [("token", "superseded")] == _refused(crm, old)
    forged = ("A" if new[0] != "A" else "B") + new[1:]
    for junk in (forged, new[:-1], "", "é", "x" * 500):
        assert [("token", "not_a_token")] == _refused(crm, junk)
    with crm.begin() as tx:
        tx.consents.withdraw(anna.id, channel="email")
    assert [("token", "withdrawn")] == _refused(crm, new)
    with crm.begin() as tx:
        third = tx.consents.grant(anna.id, purpose="marketing", channel="email", evidence=PAPER)
        last = tx.consents.confirmation(third.id).reveal()
    clock.go_on(days=7)
    assert [("token", "expired")] == _refused(crm, last)
    assert "expired" == asked(crm, anna).reason


def _refused(crm: CRM, token: str) -> list[tuple[str, str]]:
    with crm.begin() as tx, pytest.raises(Invalid) as caught:
        tx.consents.confirm(token)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_whoever_said_no_is_asked_once_a_year(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Asking again and again is no way to a yes."""
    with crm.begin() as tx:
        for _ in range(2):  # nobody said no yet
            tx.consents.request(anna.id, purpose="marketing", channel="sms")
        tx.consents.refuse(anna.id, purpose="marketing")
    clock.go_on(days=364)
    with crm.begin() as tx, pytest.raises(ContactRefused, match="asked_before"):
        tx.consents.request(anna.id, purpose="marketing", channel="sms")
    clock.go_on(days=1)
    with crm.begin() as tx:
        tx.consents.request(anna.id, purpose="marketing", channel="sms")
    assert "refuse" == asked(crm, anna, "sms").reason


def test_each_no_is_a_reason_of_its_own(crm: CRM, anna: Client) -> None:
    """And a yes that has seen it opens the cell again."""
    with crm.begin() as tx:
        noes: tuple[tuple[str, Callable[[], Consent]], ...] = (
            ("refuse", lambda: tx.consents.refuse(anna.id)),
            ("withdraw", lambda: tx.consents.withdraw(anna.id, endpoint="+4930901820", channel="sms")),
            ("complaint", lambda: tx.consents.withdraw(anna.id, complaint=True)),
            ("object", lambda: tx.consents.object_to(anna.id, purpose="marketing")),
            ("invalidate", lambda: tx.consents.invalidate(anna.id, purpose="marketing")),
        )
        for reason, said in noes:
            no = said()
            told = tx.consents.may_contact(anna.id, purpose="marketing", channel="sms")
            assert (reason, (no.id,)) == (told.reason, told.evidence)
            tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=PAPER)
            assert tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").allowed


def test_a_no_to_a_class_is_about_every_purpose_of_it(crm: CRM, anna: Client) -> None:
    """Whoever wants no marketing wants none of its kinds; a no to one kind leaves the others."""
    with crm.begin() as tx:
        tx.clients.update(anna.id, custom=[BORN.to(date(1980, 1, 1))])
        for purpose in ("wine", "marketing"):
            tx.consents.grant(anna.id, purpose=purpose, channel="post", evidence=PAPER)
        tx.consents.object_to(anna.id, purpose="wine")
        told = [tx.consents.may_contact(anna.id, purpose=one, channel="post").reason for one in ("wine", "marketing")]
        assert ["object", "granted"] == told
        tx.consents.grant(anna.id, purpose="wine", channel="post", evidence=PAPER)
        assert "object" != tx.consents.may_contact(anna.id, purpose="wine", channel="post").reason
        tx.consents.object_to(anna.id, purpose="marketing")
        told = [tx.consents.may_contact(anna.id, purpose=one, channel="post").reason for one in ("wine", "marketing")]
        assert ["object", "object"] == told


def test_an_account_of_a_messenger_is_named_with_its_network(crm: CRM, anna: Client) -> None:
    """By the channel, or before a colon; a no that would be about nobody is refused, not recorded."""
    with crm.begin() as tx:
        tx.contact_points.add(anna.id, messenger="@anna", network="telegram")
        for channel, endpoint in (("messenger", "telegram:@Anna"), ("messenger:telegram", "@anna")):
            assert "telegram:anna" == tx.consents.withdraw(anna.id, channel=channel, endpoint=endpoint).endpoint
        for channel, endpoint in (("messenger", "@anna"), ("messenger:telegram", "@"), ("messenger", "telegram:")):
            with pytest.raises(Invalid, match="messenger"):
                tx.consents.withdraw(anna.id, channel=channel, endpoint=endpoint)


def test_a_suppressed_address_stays_so_whoever_has_it(crm: CRM, anna: Client) -> None:
    """In any spelling; its list tells no address, and what is owed to a customer goes on."""
    with crm.begin() as tx:
        tx.consents.suppress(anna.id)
        tx.consents.suppress(None, endpoint="Bob@Example.org", channel="email")
        bob = tx.clients.add(name="Bob", email="bob@example.ORG", phone="030 901820")
        for client in (anna, bob):
            for channel in ("email", "sms"):
                tx.consents.grant(client.id, purpose="marketing", channel=channel, evidence=PAPER)
                tx.consents.grant(client.id, purpose="service", channel=channel, basis="contract")
                told = tx.consents.may_contact(client.id, purpose="marketing", channel=channel)
                assert "suppression_list" == told.reason
                assert tx.consents.may_contact(client.id, purpose="service", channel=channel).allowed
        from crmkit.domain.consent.suppression import Suppressed

        listed = tx._unit.store.select(Query(Suppressed))
    assert 3 == len(listed)
    assert not any("example" in repr(attrs.astuple(one)) or "901820" in repr(attrs.astuple(one)) for one in listed)


def test_the_list_may_cover_what_is_owed_too_and_one_channel_only(crm: CRM, anna: Client) -> None:
    """As it was said."""
    with crm.begin() as tx:
        tx.consents.suppress(anna.id, purpose="*", channel="sms")
        for channel in ("sms", "voice"):
            tx.consents.grant(anna.id, purpose="service", channel=channel, basis="contract")
    assert ["suppression_list", "granted"] == [
        asked(crm, anna, channel, purpose="service").reason for channel in ("sms", "voice")
    ]


def test_who_was_taken_off_the_list_is_asked_anew(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """By a person, on evidence; no yes of before lives again."""
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=PAPER)
        tx.consents.suppress(anna.id, channel="sms")
    clock.go_on(minutes=1)
    with crm.begin() as tx, pytest.raises(Invalid):
        tx.consents.unsuppress(anna.id, channel="sms", evidence=Evidence())
    with crm.begin() as tx:
        tx.consents.unsuppress(anna.id, channel="sms", evidence=PAPER)
    assert "none" == asked(crm, anna, "sms").reason
    assert "suppression_list" == asked(crm, anna, "sms", at=clock.now() - timedelta(seconds=1)).reason
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=PAPER)
    assert asked(crm, anna, "sms").allowed
    with crm.begin() as tx:
        tx.consents.suppress(anna.id, channel="sms")
    assert "suppression_list" == asked(crm, anna, "sms").reason


def test_at_night_it_waits_for_the_morning_where_they_are(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """In their own zone; unknown, in every zone that their number may be in."""
    with crm.begin() as tx:
        for channel in ("sms", "voice", "email", "post"):
            tx.consents.grant(anna.id, purpose="marketing", channel=channel, evidence=PAPER)
            tx.consents.grant(anna.id, purpose="service", channel=channel, basis="contract")
    night = clock.now().replace(hour=3, microsecond=0)
    morning = night.replace(hour=9)
    told = asked(crm, anna, "sms", at=night + timedelta(days=1))
    assert ("quiet_hours", morning + timedelta(days=1), True) == (told.reason, told.until, told.deferred)
    assert asked(crm, anna, "post", at=night + timedelta(days=1)).allowed
    assert asked(crm, anna, "sms", purpose="service", at=night + timedelta(days=1)).allowed
    with crm.begin() as tx:
        tx.clients.update(anna.id, time_zone="Asia/Tokyo")
    assert asked(crm, anna, "sms", at=night + timedelta(days=1)).allowed
    with crm.begin() as tx:
        tx.clients.update(anna.id, time_zone=None)
        tx.consents.grant(anna.id, purpose="marketing", channel="sms", endpoint="+79161234567", evidence=PAPER)
    russian = asked(crm, anna, "sms", endpoint="+79161234567", at=night + timedelta(days=1))
    assert (night + timedelta(days=1)).replace(hour=7) == russian.until


def test_wine_is_for_adults_and_not_for_the_night(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Whoever's age is not known is taken for a child."""
    noon = clock.now().replace(hour=12, microsecond=0) + timedelta(days=1)
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="wine", channel="post", evidence=PAPER)
    assert "age_unknown" == asked(crm, anna, "post", "wine", at=noon).reason
    for born, reason in ((date(noon.year - 18, noon.month, noon.day) + timedelta(days=1), "under_age"),
                         (date(noon.year - 18, noon.month, noon.day), "granted")):  # fmt: skip
        with crm.begin() as tx:
            tx.clients.update(anna.id, custom=[BORN.to(born)])
        assert reason == asked(crm, anna, "post", "wine", at=noon).reason
    late = asked(crm, anna, "post", "wine", at=noon.replace(hour=22))
    assert ("quiet_hours", noon.replace(hour=8) + timedelta(days=1)) == (late.reason, late.until)


def test_a_decision_can_be_made_again_as_it_was(crm: CRM, anna: Client, clock: FrozenClock) -> None:
    """Of any instant, by what had been said until then."""
    instants = [clock.now()]
    steps: tuple[tuple[str, Callable[[Transaction], object]], ...] = (
        ("granted", lambda tx: tx.consents.grant(anna.id, purpose="marketing", channel="post", evidence=PAPER)),
        ("withdraw", lambda tx: tx.consents.withdraw(anna.id)),
        ("granted", lambda tx: tx.consents.grant(anna.id, purpose="marketing", channel="post", evidence=PAPER)),
        ("object", lambda tx: tx.consents.object_to(anna.id, purpose="marketing")),
    )
    made = ["none"]
    for reason, step in steps:
        clock.go_on(days=1)
        with crm.begin() as tx:
            step(tx)
        instants.append(clock.now())
        made.append(asked(crm, anna, "post").reason)
        assert reason == made[-1]
    assert made == [asked(crm, anna, "post", at=at).reason for at in instants]


def test_only_who_may_see_evidence_takes_off_the_list(url: str) -> None:
    """A person with the right, says the law of the house."""
    from crmkit.access import Policy, Role, System

    policy = Policy(Role("seller", read="all", write="all"))
    with CRM.open(url, access=policy, consent=PERMISSIVE) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.users.put("17", name="Eve", roles=["seller"])
            anna = tx.clients.add(name="Anna", phone="+4930901820")
        eve = crm.bind(actor="17")
        with eve.begin() as tx:
            tx.consents.suppress(anna.id)  # a no is written down by whoever hears it
        for whose, more in ((anna.id, None), (None, "+4930901820")):
            with eve.begin() as tx, pytest.raises(Forbidden):
                tx.consents.unsuppress(whose, endpoint=more, channel="sms", evidence=PAPER)


def test_a_policy_may_be_made_of_a_pack(clock: FrozenClock) -> None:
    """Or named; anything else is told what to give."""
    strict = attrs.evolve(GDPR, name="ours", caps=(Cap(1, timedelta(days=1), "sms"),))
    with CRM.open("memory://", clock=clock, consent=strict) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        assert "ours" == tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").policy
    for region, name in (("RU", "ru_152fz-2026.11"), ("DE", "gdpr-2026.11"), (None, "gdpr-2026.11")):
        with CRM.open("memory://", region=region) as crm, crm.begin() as tx:
            anna = tx.clients.add(name="Anna")
            assert name == tx.consents.may_contact(anna.id, purpose="marketing", channel="sms").policy
    wrong: Any = {"consent": "lax"}
    with pytest.raises(Invalid, match="gdpr"):
        CRM.open("memory://", **wrong)


def test_what_a_subject_said_is_chained(crm: CRM, anna: Client) -> None:
    """No word can be changed without the rest showing it."""
    from crmkit.domain.consent.chain import broken

    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=PAPER)
        tx.consents.withdraw(anna.id)
        tx.consents.grant(
            anna.id, purpose="service", channel="sms", basis="contract", claimed_at=datetime(2025, 1, 1, tzinfo=UTC)
        )
        said = list(tx.consents.list(client_id=anna.id))
    assert [] == broken(said)
    for place, one in enumerate(said):
        for name, value in (
            ("purpose", "profiling"), ("endpoint", "other"), ("seq", 9), ("recorded_at", datetime(2020, 1, 1, tzinfo=UTC)),
            ("evidence", Evidence(document="forged")), ("kind", "refuse"), ("claimed_at", datetime(2024, 1, 1, tzinfo=UTC)),
        ):  # fmt: skip
            other: dict[str, Any] = {name: value}
            changed = [*said[:place], attrs.evolve(one, **other), *said[place + 1 :]]
            assert broken(changed), (place, name)
    assert broken(said[1:])
