from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from crmkit import CRM
from crmkit.errors import Conflict, Invalid, NotFound
from crmkit.events import ContactPointUpdated, Event


def test_each_kind_has_its_match_key_beside_the_spelling(crm: CRM) -> None:
    """The shown spelling stays as typed."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        made = [
            tx.contact_points.add(anna.id, phone="8 (912) 345-67-89"),
            tx.contact_points.add(anna.id, email="Anna@Example.org"),
            tx.contact_points.add(anna.id, messenger="@AnnaP", network="telegram"),
            tx.contact_points.add(anna.id, social="AnnaP", network="vk"),
            tx.contact_points.add(anna.id, postal="Main St. 1,  Oslo"),
        ]
    assert ["+79123456789", "anna@example.org", "telegram:annap", "vk:annap", "main st. 1 oslo"] == [
        point.match_key for point in made
    ]
    assert "8 (912) 345-67-89" == made[0].value
    with crm.read() as tx:
        assert made == list(tx.contact_points.list(client_id=anna.id))


def test_what_cannot_be_read_is_kept_as_typed_when_asked(crm: CRM) -> None:
    """Nothing a person wrote down gets lost, and it can be listed."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79123456789")
        with pytest.raises(Invalid, match="phone"):
            tx.contact_points.add(anna.id, phone="ask the porter")
        kept = tx.contact_points.add(anna.id, phone="ask the porter", keep_unreadable=True)
    assert ("ask the porter", None, "suspect", False) == (kept.value, kept.match_key, kept.status, kept.primary)
    with crm.read() as tx:
        assert [kept] == list(tx.contact_points.list(readable=False))
        assert 1 == tx.contact_points.count(readable=True)


def test_there_is_one_primary_of_each_kind(crm: CRM, heard: list[Event]) -> None:
    """The first is, until another is chosen or it goes."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001")
        first = tx.contact_points.list(client_id=anna.id)[0]
        second = tx.contact_points.add(anna.id, phone="+79120000002")
        mail = tx.contact_points.add(anna.id, email="anna@example.org")
        assert (True, False, True) == (first.primary, second.primary, mail.primary)
        tx.contact_points.update(second.id, primary=True)
        assert not tx.contact_points.get(first.id).primary
        tx.contact_points.remove(second.id)
        assert tx.contact_points.get(first.id).primary
    told = [event.contact_point_id for event in heard if isinstance(event, ContactPointUpdated)]
    assert [first.id, second.id, first.id] == told


def test_the_clients_region_reads_its_phones(crm: CRM) -> None:
    """A client abroad has numbers of there; the CRM's region is for the rest."""
    with crm.begin() as tx:
        greta = tx.clients.add(name="Greta", region="DE", phone="030 901820")
        assert ["+4930901820"] == [point.match_key for point in tx.contact_points.list(client_id=greta.id)]


def test_exactly_one_way_is_given(crm: CRM) -> None:
    """None, two, or a network where there is none: Invalid."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        several: list[dict[str, Any]] = [{}, {"phone": "+79120000001", "email": "a@b.de"}]
        for given in several:
            with pytest.raises(Invalid, match="exactly one"):
                tx.contact_points.add(anna.id, **given)
        with pytest.raises(Invalid, match="network"):
            tx.contact_points.add(anna.id, email="a@example.org", network="telegram")
        with pytest.raises(Invalid, match="network"):
            tx.contact_points.add(anna.id, messenger="@anna")
        assert 0 == tx.contact_points.count()


def test_verified_and_invalid_are_states_of_a_point(crm: CRM) -> None:
    """Verification has its instant."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001")
        point = tx.contact_points.list(client_id=anna.id)[0]
        verified = tx.contact_points.verify(point.id)
        assert ("verified", verified.updated_at) == (verified.status, verified.verified_at)
        assert "invalid" == tx.contact_points.invalidate(point.id, reason="wrong_number").status


def test_a_contact_of_another_client_is_no_contact_here(crm: CRM) -> None:
    """Whose point it is must be somebody at that client; when they go, it stays."""
    with crm.begin() as tx:
        ada, bob = tx.clients.add(name="Ada"), tx.clients.add(name="Bob")
        clerk = tx.contacts.add(ada.id, name="Clerk")
        with pytest.raises(Invalid, match="contact_id"):
            tx.contact_points.add(bob.id, phone="+79120000001", contact_id=clerk.id)
        point = tx.contact_points.add(ada.id, phone="+79120000001", contact_id=clerk.id)
        tx.contacts.remove(clerk.id)
        assert tx.contact_points.get(point.id).contact_id is None
        assert 0 == tx.contacts.count()


def test_what_is_there_is_not_added_twice(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """A form that is sent again changes nothing, whatever the spelling; what reaches nobody any more is no match."""
    with crm.begin() as tx:
        anna, bob = tx.clients.add(name="Anna", phone="8 912 000-00-01"), tx.clients.add(name="Bob")
        (known,) = tx.contact_points.list(client_id=anna.id)
        odd = tx.contact_points.add(anna.id, phone="ask the porter", keep_unreadable=True)
    topics()
    with crm.begin() as tx:
        assert known == tx.contact_points.add(anna.id, phone="+7 (912) 000 00 01")
        assert odd == tx.contact_points.add(anna.id, phone="ask the porter", keep_unreadable=True)
    assert [] == topics()
    with crm.begin() as tx:
        assert tx.contact_points.add(anna.id, phone="ask the porter", keep_unreadable=True, primary=True).primary
        assert bob.id == tx.contact_points.add(bob.id, phone="+79120000001").client_id
        clerk = tx.contacts.add(anna.id, name="Clerk")
        theirs = tx.contact_points.add(anna.id, phone="+79120000001", contact_id=clerk.id)
        assert (known.id, clerk.id) == (theirs.id, theirs.contact_id)
        assert theirs == tx.contact_points.add(anna.id, phone="89120000001", contact_id=clerk.id)
        assert theirs == tx.contact_points.add(anna.id, phone="89120000001")
        boss = tx.contacts.add(anna.id, name="Boss")
        assert theirs.id != tx.contact_points.add(anna.id, phone="+79120000001", contact_id=boss.id).id
        tx.contact_points.remove(tx.contact_points.list(contact_id=boss.id)[0].id)
        tx.contact_points.invalidate(known.id)
        assert known.id != tx.contact_points.add(anna.id, phone="+79120000001").id


def test_another_number_comes_in_the_place_of_one(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """Primary and of the same contact as that one was, and unverified; the old one is gone."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001")
        clerk = tx.contacts.add(anna.id, name="Clerk")
        (old,) = tx.contact_points.list(client_id=anna.id)
        tx.contact_points.verify(tx.contact_points.update(old.id, contact_id=clerk.id).id)
        second = tx.contact_points.add(anna.id, phone="+79120000002")
    topics()
    with crm.begin() as tx:
        new = tx.contact_points.replace(old.id, phone="8 912 000-00-03")
        assert (True, clerk.id, "unverified", "+79120000003") == (
            new.primary, new.contact_id, new.status, new.match_key,
        )  # fmt: skip
        later = tx.contact_points.replace(second.id, phone="+79120000004")
        assert not later.primary
        assert {new, later} == set(tx.contact_points.list(client_id=anna.id))
    told = ["contact_point.added", "contact_point.updated", "contact_point.removed"]
    assert [told[0], told[2], told[0], told[2]] == [topic for topic in topics() if topic != told[1]]


def test_another_spelling_replaces_nothing(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """The number stays verified."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001", email="anna@example.org")
        old, mail = tx.contact_points.list(client_id=anna.id)
        old = tx.contact_points.verify(old.id)
    topics()
    with crm.begin() as tx:
        assert old == tx.contact_points.replace(old.id, phone="8 (912) 000-00-01", version=old.version)
        with pytest.raises(Invalid, match="Give phone=: only another"):
            tx.contact_points.replace(old.id, email="other@example.org")
        with pytest.raises(Invalid, match="phone"):
            tx.contact_points.replace(old.id, phone="by pigeon")
        assert [old, mail] == list(tx.contact_points.list(client_id=anna.id))
    assert [] == topics()


def test_who_replaces_what_somebody_changed_meanwhile_is_told(crm: CRM) -> None:
    """Both for the version that a form showed and for one that is gone."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001")
        (old,) = tx.contact_points.list(client_id=anna.id)
        tx.contact_points.verify(old.id)
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.contact_points.replace(old.id, phone="+79120000002", version=old.version)
    with crm.begin() as tx:
        new = tx.contact_points.replace(old.id, phone="+79120000002")
    with pytest.raises(NotFound), crm.begin() as tx:
        tx.contact_points.replace(old.id, phone="+79120000003")
    with crm.read() as tx:
        assert [new] == list(tx.contact_points.list(client_id=anna.id))


def test_a_form_saved_unchanged_changes_nothing(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """Neither is a wrong number revived, nor one that nobody can read refused."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="8 912 000-00-01")
        bounced = tx.contact_points.invalidate(tx.contact_points.list(client_id=anna.id)[0].id)
        odd = tx.contact_points.add(anna.id, phone="ask the porter", keep_unreadable=True)
    topics()
    with crm.begin() as tx:
        assert bounced == tx.contact_points.replace(bounced.id, phone="8 912 000-00-01", version=bounced.version)
        assert bounced == tx.contact_points.replace(bounced.id, phone="+7 912 000 00 01")
        assert odd == tx.contact_points.replace(odd.id, phone="ask the porter")
        with pytest.raises(Invalid, match="exactly one"):
            tx.contact_points.replace(odd.id, phone="ask the porter", email="a@example.org")
    assert [] == topics()
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.contact_points.replace(odd.id, phone="ask the porter", version=9)


@pytest.mark.parametrize(
    ("old", "new"),
    [({"email": "a@example.org"}, {"email": "B@Example.org"}), ({"messenger": "@anna", "network": "telegram"}, {"messenger": "@ann", "network": "telegram"}),
     ({"social": "anna", "network": "vk"}, {"social": "ann", "network": "vk"}), ({"postal": "Lenina 5, Perm"}, {"postal": "Mira 7, Perm"})],
)  # fmt: skip
def test_each_kind_is_replaced_by_one_of_its_kind(crm: CRM, old: dict[str, Any], new: dict[str, Any]) -> None:
    """As one that was added, in the place of the other."""
    with crm.begin() as tx:
        anna, boris = (tx.clients.add(name=name) for name in ("Anna", "Boris"))
        before, by_hand = tx.contact_points.add(anna.id, **old), tx.contact_points.add(boris.id, **new)
        after = tx.contact_points.replace(before.id, **new)
        assert [after] == list(tx.contact_points.list(client_id=anna.id))
        assert attrs.evolve(by_hand, id=after.id, client_id=anna.id) == after
        with pytest.raises(Invalid) as caught:
            tx.contact_points.replace(after.id, phone="+79120000001")
        assert [("phone", "another_kind")] == [(fault.path, fault.code) for fault in caught.value.faults]


def test_an_address_of_commas_is_none(crm: CRM) -> None:
    """Nor is an endless one kept whole as a key."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        with pytest.raises(Invalid) as caught:
            tx.contact_points.add(anna.id, postal=" ,, ")
        assert [("postal", "not_an_address")] == [(fault.path, fault.code) for fault in caught.value.faults]
        long = tx.contact_points.add(anna.id, postal="Lenina " * 60)
        assert ("postal", 320) == (long.kind, len(long.match_key or ""))


def test_who_is_reached_at_a_client_is_found_by_role(crm: CRM) -> None:
    """One of several roles is enough; a contact that goes takes no other's number along."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        boss = tx.contacts.add(anna.id, name="Boss", roles=["decision_maker", "payer"])
        clerk = tx.contacts.add(anna.id, name="Clerk", roles=["assistant"])
        numbers = [
            tx.contact_points.add(anna.id, phone=f"+7912000000{at}", contact_id=None if who is None else who.id)
            for at, who in enumerate((boss, clerk, None))
        ]
        assert [boss] == list(tx.contacts.list(role="payer")) == list(tx.contacts.stream(role="decision_maker"))
        assert (1, 0) == (tx.contacts.count(role="assistant"), tx.contacts.count(role="owner"))
        tx.contacts.remove(boss.id)
        after = {point.id: point.contact_id for point in tx.contact_points.list(client_id=anna.id)}
        assert dict(zip([one.id for one in numbers], (None, clerk.id, None), strict=True)) == after
