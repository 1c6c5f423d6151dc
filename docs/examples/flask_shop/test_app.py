"""The shop on storage in memory: nothing to install, nothing to clean up."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from app import create_app
from flask.testing import FlaskClient

from crmkit import CRM, Client, Money
from crmkit.testing import FrozenClock


@pytest.fixture
def crm() -> Iterator[CRM]:
    with CRM.open("memory://", region="DE", clock=FrozenClock()) as crm:
        yield crm


@pytest.fixture
def ada(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Ada Lovelace", phone="030 901820", tags=["vip"], owner="17")


@pytest.fixture
def web(crm: CRM) -> FlaskClient:
    web = create_app(crm).test_client()
    web.environ_base["REMOTE_USER"] = "18"
    return web


def form(crm: CRM, client: Client, **changed: str) -> dict[str, str]:
    """What a browser sends back when these fields were changed."""
    with crm.read() as tx:
        phone = tx.contact_points.list(client_id=client.id, kind="phone")[0]
    shown = {"name": client.name, "phone": phone.value, "language": "", "owner": "17", "tags": "vip"}
    versions = {"version": str(client.version), "phone_id": str(phone.id), "phone_version": str(phone.version)}
    return shown | versions | changed


def test_the_list_is_searched_filtered_and_sorted(crm: CRM, web: FlaskClient, ada: Client) -> None:
    with crm.begin() as tx:
        tx.clients.add(name="Adam")
    for query in ("text=90+18+20", "tag=vip", "owner=17", "text=ada&lifecycle=prospect&tag=vip"):
        page = web.get(f"/?{query}&lifecycle=&after=").text
        assert ada.name in page
        assert "Adam" not in page
    assert web.get("/?order_by=age").status_code == 400


def test_who_is_archived_is_shown_only_if_asked_for(crm: CRM, web: FlaskClient, ada: Client) -> None:
    with crm.begin() as tx:
        tx.clients.archive(ada.id)
    assert ada.name not in web.get("/").text
    assert ada.name in web.get("/?lifecycle=archived").text


def test_pages_follow_one_another_and_keep_the_question(crm: CRM, web: FlaskClient) -> None:
    with crm.begin() as tx:
        for number in range(25):
            tx.clients.add(name=f"Client {number:02}", tags=["new"])
    first = web.get("/?tag=new").text
    assert "25 clients" in first
    after = first.partition("after=")[2].partition("&")[0]
    second = web.get(f"/?tag=new&order_by=name&after={after}").text
    assert "Client 19" in first
    assert "Client 20" in second
    assert "Client 19" not in second


def test_a_card_shows_the_client_and_an_unknown_one_is_404(crm: CRM, web: FlaskClient, ada: Client) -> None:
    with crm.begin() as tx:
        tx.deals.win(tx.deals.open(ada.id, title="Engine", amount=Money("1500", "EUR")).id)
    page = web.get(f"/clients/{ada.id}").text
    assert "030 901820" in page
    assert "Engine: 1500.00 EUR won" in page
    assert web.get("/clients/nobody").status_code == 404


def test_an_edit_is_written_for_who_made_it(crm: CRM, web: FlaskClient, ada: Client) -> None:
    sent = form(crm, ada, name="Ada King", phone="030 901821", owner="", tags="vip, poet")
    assert web.post(f"/clients/{ada.id}/edit", data=sent).status_code == 302
    with crm.read() as tx:
        card = tx.clients.card(ada.id)
    assert (card.client.name, card.client.owner, set(card.client.tags)) == ("Ada King", None, {"vip", "poet"})
    assert [point.value for point in card.contact_points] == ["030 901821"]


def test_every_fault_stands_beside_its_field(crm: CRM, web: FlaskClient, ada: Client) -> None:
    sent = form(crm, ada, name="", phone="by pigeon", language="german", owner="x" * 101)
    answer = web.post(f"/clients/{ada.id}/edit", data=sent)
    assert answer.status_code == 422
    for field in ("name", "phone", "language", "owner"):
        assert f'<em id="{field}-fault"></em>' not in answer.text
    assert '<em id="tags-fault"></em>' in answer.text
    assert 'value="by pigeon"' in answer.text


def test_a_fault_in_one_field_keeps_the_others_from_being_written(crm: CRM, web: FlaskClient, ada: Client) -> None:
    web.post(f"/clients/{ada.id}/edit", data=form(crm, ada, name="Ada King", phone="by pigeon"))
    with crm.read() as tx:
        assert tx.clients.get(ada.id) == ada


@pytest.mark.parametrize("field", ["name", "phone"])
def test_who_was_slower_is_told(crm: CRM, web: FlaskClient, ada: Client, field: str) -> None:
    first, second = form(crm, ada, **{field: "030 901821"}), form(crm, ada, **{field: "030 901822"})
    assert web.post(f"/clients/{ada.id}/edit", data=first).status_code == 302
    assert web.post(f"/clients/{ada.id}/edit", data=second).status_code == 409


def test_a_deal_crosses_the_board_and_is_won(crm: CRM, web: FlaskClient, ada: Client) -> None:
    with crm.begin() as tx:
        deal = tx.deals.open(ada.id, title="Engine", amount=Money("1500", "EUR"))
    assert "Ada Lovelace" in web.get("/board").text
    web.post(f"/deals/{deal.id}", data={"to": "offer", "version": "1"})
    web.post(f"/deals/{deal.id}", data={"to": "won", "version": "2"})
    with crm.read() as tx:
        assert tx.deals.get(deal.id).status == "won"
        assert [step.actor for step in tx.deals.history(deal.id)] == [None, "18", "18"]


def test_a_file_is_tried_then_brought_in(crm: CRM, web: FlaskClient, ada: Client) -> None:
    text = (
        "\ufeffName,Phone,E-mail,Tags,Shoe size\nAda L.,+49 30 901820,,poet,37\nBob,by pigeon,,,\nEve,,eve@x.org,a;b,\n"
    )

    def upload(**pressed: str) -> str:
        return web.post("/import", data={"file": (BytesIO(text.encode()), "clients.csv"), **pressed}).text

    assert "Would be: 1 added, 1 updated, 1 refused" in upload(**{"try": ""})
    page = upload()
    assert "1 added, 1 updated, 1 refused" in page
    assert "Row 2, phone" in page
    with crm.read() as tx:
        assert set(tx.clients.get(ada.id).tags) == {"vip", "poet"}
        assert set(tx.clients.list(text="eve")[0].tags) == {"a", "b"}
