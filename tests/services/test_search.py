"""`tx.clients.list(text=…)`: what a manager types while the telephone rings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from owners_only import OwnersOnly

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.fields import F
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock


def found(crm: CRM, text: str) -> list[str]:
    """The names of those who answer, in order of name."""
    with crm.read() as tx:
        names = [client.name for client in tx.clients.list(text=text, order_by="name")]
        assert names == [client.name for client in tx.clients.stream(text=text, order_by="name")]
        assert len(names) == tx.clients.count(text=text)
    return names


def test_a_name_and_some_digits_find_a_client(crm: CRM) -> None:
    """Each word narrows what is found; a phone is read in the CRM's region."""
    with crm.begin() as tx:
        tx.clients.add(name="Пётр Петров", phone="8 (912) 345-67-89")
        tx.clients.add(name="Анна Петрова", phone="+7 999 000-11-22", email="Anna@Example.org")
    assert ["Анна Петрова", "Пётр Петров"] == found(crm, "петров")
    assert ["Пётр Петров"] == found(crm, "ПЕТРОВ 6789") == found(crm, "8912") == found(crm, "+7 912")
    assert ["Анна Петрова"] == found(crm, "anna@ex") == found(crm, "петрова 1122")
    assert [] == found(crm, "петров 55")


def test_a_firm_is_found_by_its_people_as_long_as_they_are_there(crm: CRM) -> None:
    """Who calls is a person; whom we do business with is the firm."""
    with crm.begin() as tx:
        firm = tx.clients.add(name="Ромашка", kind="organization")
        boss = tx.contacts.add(firm.id, name="Ёлкин")
        tx.contact_points.add(firm.id, messenger="@yolka", network="telegram", contact_id=boss.id)
    assert ["Ромашка"] == found(crm, "елкин") == found(crm, "yolka ромашка")
    with crm.begin() as tx:
        tx.clients.update(firm.id, name="Василёк")
        tx.contacts.update(boss.id, name="Дубов")
        assert [[], []] == [list(tx.clients.list(text=text)) for text in ("ромашка", "елкин")]
        assert 1 == tx.clients.count(text="василек дубов")
    with crm.begin() as tx:
        tx.contacts.remove(boss.id)
    assert [[], [], ["Василёк"]] == [found(crm, text) for text in ("дубов", "ромашка", "yolka")]


def test_a_search_goes_together_with_filters_order_and_pages(crm: CRM, clock: FrozenClock) -> None:
    """It is a list like any other."""
    with crm.begin() as tx:
        for number in range(7):
            anna = tx.clients.add(
                name=f"Anna {number}", owner="17" if number % 2 else None, tags=["vip"][: number // 4]
            )
            at = clock.now() - timedelta(days=number)
            tx.touchpoints.record(anna.id, channel="call", direction="inbound", at=at)
            tx.clients.add(name=f"Bob {number}", owner="17")
    with crm.read() as tx:
        page = tx.clients.list(text="ann", owner=None, order_by="-last_touched_at", limit=3)
        rest = tx.clients.list(text="ann", owner=None, order_by="-last_touched_at", limit=3, after=page.next)
        assert ["Anna 0", "Anna 2", "Anna 4", "Anna 6"] == [client.name for client in (*page, *rest)]
        assert rest.next is None
        vip = F.client.tags.has("vip")
        assert ["Anna 5"] == [client.name for client in tx.clients.stream(text="anna", where=vip, owner="17")]
        assert (3, 1) == (
            tx.clients.count(text="anna", owner="17"),
            tx.clients.count(text="anna", where=vip, owner="17"),
        )


def test_a_stream_of_a_search_gives_every_client(crm: CRM) -> None:
    """More than one chunk of them."""
    with crm.begin() as tx:
        for number in range(1203):
            tx.clients.add(name=f"{'Anna' if number % 6 else 'Bob'} {number:05}")
        wanted = [f"Anna {number:05}" for number in range(1202, -1, -1) if number % 6]
        assert wanted == [client.name for client in tx.clients.stream(text="anna", order_by="-name")]


@pytest.mark.parametrize(
    "text",
    [
        " - ",
        "%",
        "\"'",
        "🙂",
        "a\nb",
        "a\x00",
        "x" * 501,
        " ".join(f"a{number}" for number in range(100, 133)),
        17,
        b"a",
    ],
)
def test_a_text_without_a_word_is_invalid(crm: CRM, text: str) -> None:
    """Rather than everybody; told together with what else is wrong."""
    with crm.read() as tx:
        for ask in (tx.clients.list, tx.clients.count, tx.clients.stream):
            with pytest.raises(Invalid) as caught:
                ask(text=text)
            assert ["text"] == [fault.path for fault in caught.value.faults]
        with pytest.raises(Invalid) as caught:
            tx.clients.list(text=text, limit=0)
        assert ["text", "limit"] == [fault.path for fault in caught.value.faults]


def test_a_policy_hides_others_clients_from_a_search(url: str) -> None:
    """A number somebody else looks after finds nobody, and is not counted."""
    with CRM(open_storage(url), region="RU", access=OwnersOnly()) as crm:
        for actor in ("17", "4"):
            with crm.bind(actor=actor).begin() as tx:
                tx.clients.add(name=f"Anna of {actor}", phone="+79123456789")
        assert ["Anna of 17"] == found(crm.bind(actor="17"), "8912") == found(crm.bind(actor="17"), "anna")
