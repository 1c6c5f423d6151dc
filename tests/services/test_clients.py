from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit import CRM, Client, Field, Money, Source
from crmkit.errors import Conflict, Invalid, NotFound
from crmkit.events import Change, ClientAssigned, ClientUpdated, Event
from crmkit.fields import F
from crmkit.ids import client_id

CARD = Field("client", "card", str)
LEVEL = Field("client", "level", int)


def paths(caught: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.path for fault in caught.value.faults]


def test_a_client_keeps_everything_it_was_told(crm: CRM) -> None:
    """Read back in another transaction, equal to what the verb returned."""
    with crm.bind(actor="17", source=Source("web", campaign="spring")).begin() as tx:
        made = tx.clients.add(
            name="ООО «Ёлка»", kind="organization", phone="8 (912) 345-67-89", email="Boss@Example.org",
            region="RU", language="ru", time_zone="Asia/Yekaterinburg", market_level="competitor",
            tags=["vip", "север"], custom=[CARD.to("A-17"), LEVEL.to(3)], external_ids={"shop": "42"},
        )  # fmt: skip
    with crm.read() as tx:
        read = tx.clients.get(made.id)
        assert made == read
        assert ("17", "17", "web", "spring") == (read.owner, read.created_by, read.source.channel, read.source.campaign)
        assert ("A-17", 3, {"vip", "север"}) == (read.custom[CARD], read.custom[LEVEL], set(read.tags))
        assert "42" == read.external_ids["shop"]
        points = tx.contact_points.list(client_id=made.id)
        assert {"+79123456789", "boss@example.org"} == {point.match_key for point in points}
        assert all(point.primary for point in points)


def test_any_spelling_finds_the_client(crm: CRM) -> None:
    """Phones meet in E.164, emails without letter case, names of other systems by the letter."""
    with crm.begin() as tx:
        anna = tx.clients.add(
            name="Anna", phone="8 (912) 345-67-89", email="Anna@Example.org", external_ids={"shop": "42"}
        )
    with crm.read() as tx:
        for phone in ("+79123456789", "89123456789", "+7 912 345 67 89"):
            assert anna == tx.clients.find(phone=phone)
        assert anna == tx.clients.find(email="anna@example.ORG")
        assert anna == tx.clients.find(external_id=("shop", "42"))
        assert tx.clients.find(external_id=("shop", "43")) is None
        assert tx.clients.find(phone="+79120000000") is None


def test_a_shared_number_finds_the_last_touched_first(crm: CRM) -> None:
    """Families share phones: all match, the one touched last comes first, each once."""
    with crm.begin() as tx:
        mother = tx.clients.add(name="Mother", phone="+79120000001")
        son = tx.clients.add(name="Son", phone="+79120000001", email="son@example.org")
        assert [mother.id, son.id] == [one.id for one in tx.clients.matches(phone="+79120000001")]
        tx.touchpoints.record(son.id, channel="call", direction="inbound")
        found = tx.clients.matches(phone="+79120000001", email="son@example.org")
        assert [son.id, mother.id] == [one.id for one in found]


def test_ensure_adds_once_and_finds_ever_after(crm: CRM) -> None:
    """By phone, by email, by another system's name."""
    with crm.begin() as tx:
        anna, added = tx.clients.ensure(name="Anna", phone="8 912 345-67-89", external_id=("shop", "42"))
        by_phone = tx.clients.ensure(name="A.", phone="+79123456789")
        by_name = tx.clients.ensure(name="A.", external_id=("shop", "42"))
    assert added
    assert [(anna.id, False)] * 2 == [(found.id, new) for found, new in (by_phone, by_name)]
    with crm.read() as tx:
        assert 1 == tx.clients.count()
        assert {"shop": "42"} == dict(tx.clients.get(anna.id).external_ids)


def test_ensure_refuses_what_add_would_refuse_even_if_it_finds(crm: CRM) -> None:
    """A bad name does not slip through because the phone is known."""
    with crm.begin() as tx:
        tx.clients.add(name="Anna", phone="+79123456789")
    with pytest.raises(Invalid) as caught, crm.begin() as tx:
        tx.clients.ensure(name=" ", phone="+79123456789", region="russia")
    assert ["name", "region"] == paths(caught)


def test_every_fault_is_told_at_once_and_nothing_is_written(crm: CRM, heard: list[Event]) -> None:
    """Paths are the caller's keywords."""
    with pytest.raises(Invalid) as caught, crm.begin() as tx:
        tx.clients.add(
            name="\x00", kind="robot", phone="12", email="nobody", region="xx", language="русский",  # type: ignore[arg-type]
            time_zone="Mars/Base", tags="vip", owner="", custom=[Field("client", "nope", str).to("x")],
        )  # fmt: skip
    wanted = ["kind", "name", "owner", "region", "language", "time_zone", "tags", "custom.nope", "phone", "email"]
    assert sorted(wanted) == sorted(paths(caught))
    with crm.read() as tx:
        assert (0, 0, []) == (tx.clients.count(), tx.contact_points.count(), heard)


def test_update_changes_what_is_given_and_clears_on_none(crm: CRM, heard: list[Event]) -> None:
    """Personal fields appear in the event by name only."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", region="RU", tags=["new"], custom=[CARD.to("A-17"), LEVEL.to(1)])
    with crm.begin() as tx:
        changed = tx.clients.update(
            anna.id, name="Anna Petrova", region=None, tags=["vip"], custom=[CARD.to(None), LEVEL.to(2)]
        )
    assert ("Anna Petrova", None, 2) == (changed.name, changed.region, changed.version)
    assert (None, 2) == (changed.custom[CARD], changed.custom[LEVEL])
    (event,) = [event for event in heard if isinstance(event, ClientUpdated)]
    told = {change.field: (change.before, change.after) for change in event.changes}
    assert {
        "name": (None, None),
        "region": ("RU", None),
        "tags": ("new", "vip"),
        "custom.card": (None, None),
        "custom.level": ("1", "2"),
    } == told
    assert 2 == event.version
    with crm.read() as tx:
        assert changed == tx.clients.get(anna.id)


def test_updating_to_what_is_there_already_writes_nothing(crm: CRM, heard: list[Event]) -> None:
    """No version, no event."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
    heard.clear()
    with crm.begin() as tx:
        assert anna == tx.clients.update(anna.id, name="Anna")
    assert [] == heard


def test_a_version_somebody_else_has_changed_is_a_conflict(crm: CRM) -> None:
    """What the caller saw earlier is not what is stored."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.clients.update(anna.id, name="Anna P.")
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.clients.update(anna.id, version=1, name="Anna Q.")


def test_kept_instants_do_not_count_as_a_change(crm: CRM) -> None:
    """A touch between reading and saving a form is no conflict."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.touchpoints.record(anna.id, channel="call", direction="inbound")
    with crm.begin() as tx:
        changed = tx.clients.update(anna.id, version=anna.version, name="Anna P.")
        assert tx.clients.get(anna.id).last_touched_at is not None
    assert 2 == changed.version


def test_names_of_other_systems_are_one_client_each(crm: CRM) -> None:
    """Taken is told with the path; changing one frees the old."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", external_ids={"shop": "1"})
        bob = tx.clients.add(name="Bob")
    with pytest.raises(Invalid) as caught, crm.begin() as tx:
        tx.clients.update(bob.id, external_ids={"shop": "1"})
    assert ["external_ids.shop"] == paths(caught)
    with crm.begin() as tx:
        tx.clients.update(anna.id, external_ids={"shop": "2"})
        tx.clients.update(bob.id, external_ids={"shop": "1"})
    with crm.read() as tx:
        assert [anna.id, bob.id] == [
            found.id for value in ("2", "1") if (found := tx.clients.find(external_id=("shop", value)))
        ]


def test_an_owner_is_one_or_nobody(crm: CRM, heard: list[Event]) -> None:
    """Reassignment is an event with both owners and the reason."""
    with crm.bind(actor="17").begin() as tx:
        anna = tx.clients.add(name="Anna")
        pool = tx.clients.add(name="Bob", owner=None)
        tx.clients.assign(anna.id, owner="4", reason="holiday")
        assert [pool.id] == [client.id for client in tx.clients.list(owner=None)]
        assert [anna.id] == [client.id for client in tx.clients.list(owner="4")]
    (event,) = [event for event in heard if isinstance(event, ClientAssigned)]
    assert ("17", "4", "holiday", "17") == (event.from_owner, event.to_owner, event.reason, event.actor)


def test_archived_and_restored_is_where_it_was(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """The lifecycle before comes back; twice changes nothing."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", lifecycle="active")
        assert "archived" == tx.clients.archive(anna.id, reason="double").lifecycle
        tx.clients.archive(anna.id)
        restored = tx.clients.restore(anna.id)
        tx.clients.restore(anna.id)
    assert ("active", None) == (restored.lifecycle, restored.archived_from)
    assert ["client.added", "client.archived", "client.restored"] == topics()


def test_a_lost_client_comes_back_with_a_purchase(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """Lost is no end."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", lifecycle="active")
        tx.clients.lose(anna.id, reason="moved_away")
        tx.purchases.record(anna.id, amount=Money(1, "EUR"))
        assert "active" == tx.clients.get(anna.id).lifecycle
    assert ["client.added", "client.lost", "purchase.recorded", "client.reactivated"] == topics()


def test_decision_makers_are_contacts_with_that_role(crm: CRM) -> None:
    """Others are left out."""
    with crm.begin() as tx:
        firm = tx.clients.add(name="Ada Ltd", kind="organization")
        boss = tx.contacts.add(firm.id, name="Ada", roles=["decision_maker", "owner"])
        tx.contacts.add(firm.id, name="Bob", roles=["accountant"])
        assert (boss,) == tx.clients.decision_makers(firm.id)


def test_unknown_ids_are_not_found(crm: CRM) -> None:
    """Junk from a URL, too; what is no id at all is Invalid."""
    with crm.read() as tx:
        with pytest.raises(NotFound):
            tx.clients.get(client_id("junk"))
        with pytest.raises(NotFound):
            tx.clients.card(client_id("0190a5f0-7c1e-7000-8000-000000000001"))
        with pytest.raises(Invalid, match="id"):
            tx.clients.get("1")  # type: ignore[arg-type]
        assert {} == tx.clients.get_many([client_id("0190a5f0-7c1e-7000-8000-000000000001")])


def test_a_card_shows_everything_of_one_client_once(crm: CRM) -> None:
    """And nothing of another's."""
    with crm.begin() as tx:
        anna, other = tx.clients.add(name="Anna", phone="+79123456789"), tx.clients.add(name="Other")
        expected = list[tuple[object, ...]]()
        for client in (anna, other):
            contact = tx.contacts.add(client.id, name="Boss")
            deal = tx.deals.open(client.id, title="Order", amount=Money(10, "RUB"))
            touchpoint = tx.touchpoints.record(client.id, channel="call", direction="inbound", deal_id=deal.id)
            task = tx.tasks.plan(client.id, title="Call", due=touchpoint.occurred_at)
            ticket = tx.tickets.open(client.id, subject="Where is it?")
            note = tx.notes.add(client.id, text="Likes tea.")
            consent = tx.consents.grant(client.id, purpose="service", channel="email")
            expected.append(((contact,), (touchpoint,), (deal,), (task,), (ticket,), (note,), (consent,)))
    with crm.read() as tx:
        card = tx.clients.card(anna.id)
    assert expected[0] == (
        card.contacts, card.touchpoints, card.deals, card.tasks, card.tickets, card.notes, card.consents
    )  # fmt: skip
    assert (anna.id, 1, ()) == (card.client.id, len(card.contact_points), card.purchases)


def test_custom_fields_filter_on_every_storage_alike(crm: CRM) -> None:
    """Text by the letter, numbers by size, empty by emptiness."""
    with crm.begin() as tx:
        made = [
            tx.clients.add(name=name, custom=given)
            for name, given in (
                ("a", [CARD.to("A-17"), LEVEL.to(3)]),
                ("b", [LEVEL.to(20)]),
                ("c", [CARD.to("a-17")]),
                ("d", []),
            )
        ]

        def names(where: object) -> str:
            return "".join(client.name for client in tx.clients.list(where=where))  # type: ignore[arg-type]

        assert 4 == len(made)
        assert "a" == names(CARD.eq("A-17"))
        assert "ab" == names(LEVEL.ge(3))
        assert "b" == names(LEVEL.gt(3))
        assert "cd" == names(LEVEL.is_empty())
        assert "bcd" == names(~CARD.eq("A-17"))
        assert "ac" == names(CARD.in_(["A-17", "a-17"]))
        assert "a" == names(CARD.starts_with("A") & F.client.name.eq("a"))
        with pytest.raises(Invalid):
            names(Field("client", "nope", str).eq("x"))


def test_tags_filter_by_one_of_them(crm: CRM) -> None:
    """A tag is found whole, never by a part."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", tags=["vip", "vip client"])
        bob = tx.clients.add(name="Bob", tags=["vi"])
        assert [anna.id] == [client.id for client in tx.clients.list(tag="vip")]
        assert [bob.id] == [client.id for client in tx.clients.list(where=~F.client.tags.has("vip"))]


def test_a_repr_shows_no_name(crm: CRM) -> None:
    """Logs and tracebacks print reprs; attributes still tell."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna Canary", phone="+79123456789", custom=[CARD.to("Canary")])
        point = tx.contact_points.list(client_id=anna.id)[0]
    for value in (anna, point, [anna], {1: point}):
        assert "Canary" not in repr(value)
        assert "9123456789" not in repr(value)
    assert "Anna Canary" == anna.name


def test_an_event_says_which_version_it_left(heard: list[Event], crm: CRM) -> None:
    """Subject and version order the events of one record."""
    with crm.begin() as tx:
        anna: Client = tx.clients.add(name="Anna")
        tx.clients.update(anna.id, name="A")
        tx.clients.update(anna.id, market_level="ours")
    assert [(anna.id, 1), (anna.id, 2), (anna.id, 3)] == [(event.subject, event.version) for event in heard]
    last = heard[-1]
    assert isinstance(last, ClientUpdated)
    assert (Change("market_level", "potential", "ours"),) == last.changes


def test_who_is_archived_is_not_lost_besides(crm: CRM) -> None:
    """Restored first; who is lost is lost once."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        lost = tx.clients.lose(anna.id, reason="moved")
        assert lost == tx.clients.lose(anna.id, reason="again")
        tx.clients.archive(anna.id)
        with pytest.raises(Invalid, match="Restore it first"):
            tx.clients.lose(anna.id, reason="moved")
