"""
A shop's back office on Flask: look clients up, correct them, move deals along, bring in a CSV.

`pip install crmkit flask`, then `flask --app app run`. Your own login and CSRF protection go in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any, get_args

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crmkit import CRM, ContactPoint, Faults, Lifecycle, Source, Transaction
from crmkit.errors import Conflict, CRMError, Invalid, NotFound, Rejected
from crmkit.fields import F
from crmkit.ids import ClientId, client_id, contact_point_id, deal_id
from crmkit.rows import csv_rows

FILTERS = ("text", "lifecycle", "owner", "tag")
ORDERS = {"name": "Name", "-last_bought_at": "Bought last", "-last_touched_at": "Spoken to last"}
COLUMNS = {
    "Name": "name",
    "Phone": "phone",
    "E-mail": "email",
    "Tags": "tags",
    "Shoe size": "-",
}  # as the shop's files call them
ANSWERS: dict[type[CRMError], int] = {Invalid: 400, Rejected: 403, NotFound: 404, Conflict: 409}

shop = Blueprint("shop", __name__)


def create_app(crm: CRM | None = None) -> Flask:
    """Make the shop; its tests hand in a CRM in memory. One CRM serves all threads."""
    app = Flask(__name__)
    app.extensions["crmkit"] = crm or CRM.open("sqlite:///shop.db", region="DE")
    app.register_blueprint(shop)
    for error in ANSWERS:
        app.register_error_handler(error, _explain)
    return app


def acting() -> CRM:
    """Give the CRM for whoever is logged in: what they change is put down to them. Binding is cheap."""
    crm: CRM = current_app.extensions["crmkit"]
    return crm.bind(actor=request.remote_user, source=Source("web"))


@shop.get("/")
def clients() -> str:
    """Search, filter, sort and leaf through. What is left empty is not asked; the archived show if asked for."""
    asked: dict[str, Any] = {name: value for name in FILTERS if (value := request.args.get(name))}
    here = None if "lifecycle" in asked else F.client.lifecycle.ne("archived")
    order: Any = request.args.get("order_by") or "name"
    with acting().read() as tx:
        page = tx.clients.list(**asked, where=here, order_by=order, after=request.args.get("after"), limit=20)
        total = tx.clients.count(**asked, where=here)
    choices = {"order": order, "orders": ORDERS, "states": get_args(Lifecycle)}
    return render_template("clients.html", page=page, total=total, asked=asked, **choices)


@shop.get("/clients/<id>")
def card(id: str) -> str:
    """Show everything about one client; an id that is none is a 404 like one nobody has."""
    with acting().read() as tx:
        return render_template("card.html", card=tx.clients.card(client_id(id)))


@shop.route("/clients/<id>/edit", methods=["GET", "POST"])
def edit(id: str) -> Response | str | tuple[str, int]:
    """Show what is there, or write what came back; faults stand beside their fields, with what was typed."""
    client = client_id(id)
    if request.method == "GET":
        with acting().read() as tx:
            return render_template("edit.html", id=id, form=_shown(tx, client), faults={})
    try:
        with acting().begin() as tx:
            _save(tx, client, request.form)
    except (Invalid, Rejected) as error:
        faults = {fault.path: fault.message for fault in error.faults}
        return render_template("edit.html", id=id, form=request.form, faults=faults), 422
    return redirect(url_for(".card", id=id))


@shop.get("/board")
def board() -> str:
    """Show the open deals, a column per stage, each with its client's name."""
    with acting().read() as tx:
        deals = tx.deals.board()
        named = tx.clients.get_many({deal.client_id for column in deals.columns for deal in column.deals})
    return render_template("board.html", board=deals, clients=named)


@shop.post("/deals/<id>")
def move(id: str) -> Response:
    """Move a deal, or win it; who saw an older state of it is told."""
    deal, to, seen = deal_id(id), request.form["to"], int(request.form["version"])
    with acting().begin() as tx:
        if to == "won":
            tx.deals.win(deal, version=seen)
        else:
            tx.deals.move(deal, to=to, version=seen)
    return redirect(url_for(".board"))


@shop.route("/import", methods=["GET", "POST"])
def bring_in() -> str:
    """Try a file, or bring it in; every row that is refused is named, the others are kept."""
    report = None
    if request.method == "POST":
        lines = TextIOWrapper(request.files["file"].stream, encoding="utf-8-sig", newline="")
        report = acting().import_clients(csv_rows(lines, COLUMNS), on_match="update", dry_run="try" in request.form)
    return render_template("import.html", columns=COLUMNS, report=report)


def _explain(error: Exception) -> tuple[str, int]:
    status = next(code for kind, code in ANSWERS.items() if isinstance(error, kind))
    return render_template("error.html", error=error, status=status), status


def _shown(tx: Transaction, id: ClientId) -> Mapping[str, object]:
    client, phone = tx.clients.get(id), _phone(tx, id)
    return {
        "version": client.version,
        "name": client.name,
        "language": client.language or "",
        "owner": client.owner or "",
        "tags": ", ".join(sorted(client.tags)),
        "phone_id": phone.id if phone else "",
        "phone_version": phone.version if phone else "",
        "phone": phone.value if phone else "",
    }


def _phone(tx: Transaction, id: ClientId) -> ContactPoint | None:
    return next(iter(tx.contact_points.list(client_id=id, kind="phone", primary=True)), None)


def _save(tx: Transaction, id: ClientId, form: Mapping[str, str]) -> None:
    """Call a verb for each part of the form; what they all find wrong comes at once."""
    with Faults() as faults:
        with faults:
            tx.clients.update(
                id,
                version=int(form["version"]),
                name=form["name"],
                language=form["language"] or None,
                tags={tag.strip() for tag in form["tags"].split(",") if tag.strip()},
            )
        with faults:
            tx.clients.assign(id, owner=form["owner"] or None)
        with faults:
            _change_phone(tx, id, form)


def _change_phone(tx: Transaction, id: ClientId, form: Mapping[str, str]) -> None:
    """Write the phone, which has a version of its own: who comes too late is told by it, or finds it gone."""
    if not form["phone_id"]:
        if form["phone"]:
            tx.contact_points.add(id, phone=form["phone"])
        return
    shown, version = contact_point_id(form["phone_id"]), int(form["phone_version"])
    try:
        if form["phone"]:
            tx.contact_points.replace(shown, version=version, phone=form["phone"])
        else:
            tx.contact_points.remove(shown)
    except NotFound:
        raise Conflict("contact point", shown) from None
