"""The examples of docs/hooks.md, at work: each is called by a real command, and does what it says."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hooks.crm_access_scope import Countries
from hooks.crm_after_deal_won import FollowUp
from hooks.crm_after_event import Audit
from hooks.crm_around_command import Metrics
from hooks.crm_assign_owner import Fair
from hooks.crm_check_change import Wholesale
from hooks.crm_check_contact_attempt import Sundays
from hooks.crm_check_deal_stage import Pipeline
from hooks.crm_filter_payload import Discreet
from hooks.crm_filter_touchpoint import Tidy
from hooks.crm_on_dead_letter import Postmaster
from hooks.crm_on_plugin_error import Watch
from hooks.crm_plan_merge import Eldest
from hooks.crm_project import Thanks
from hooks.crm_register_channels import Texting
from hooks.crm_register_commands import Resender
from hooks.crm_register_consent_purposes import Birthdays
from hooks.crm_register_endpoints import Forms
from hooks.crm_register_fields import SIZE, Shoes
from hooks.crm_register_health_checks import Mail
from hooks.crm_register_jobs import Morning
from hooks.crm_register_migrations import Answers
from hooks.crm_register_observers import Bells, BellsSettings
from hooks.crm_resolve_client import Directory
from hooks.crm_timeline import Archive

from crmkit import CRM, MemoryStorage, Money
from crmkit.access import Policy, Role, System
from crmkit.errors import Invalid, Rejected
from crmkit.events import ClientAdded, DealWon
from crmkit.http import wsgi
from crmkit.plugins import EventContext, Plugin, Receipt, Request, Response, on
from crmkit.plugins.registry import declared
from crmkit.testing import FrozenClock, a_touchpoint

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "hooks"
clock = FrozenClock()


@contextmanager
def _open(*plugins: Plugin[Any]) -> Generator[CRM]:
    with CRM.open(
        "memory://", region="RU", clock=clock, plugins=plugins, delivery="inline", consent="permissive"
    ) as crm:
        yield crm


def registers_event_types() -> None:
    # In a process of its own: an event that is declared stays in the catalogue for all other tests.
    program = """
        from hooks.crm_register_event_types import Loyalty
        from crmkit import CRM
        from crmkit.plugins import Plugin, on

        class Listening(Plugin[None]):
            @on("loyalty.card_issued")
            def hear(self, event):
                print(event.topic, event.client_id == anna.id)

        with CRM.open("memory://", plugins=[Loyalty(), Listening()], delivery="inline") as crm:
            with crm.begin() as tx:
                anna = tx.clients.add(name="Anna")
                tx.deals.win(tx.deals.open(anna.id, title="Order").id)
            print([one.state for one in crm.plugins.status()])
    """
    paths = os.pathsep.join([str(EXAMPLES.parent), *sys.path])
    ran = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    sys.stderr.write(ran.stderr)
    assert "loyalty.card_issued True\n['running', 'running']\n" == ran.stdout


def registers_fields() -> None:
    with _open(Shoes()) as crm, crm.begin() as tx:
        assert 38 == tx.clients.add(name="Anna", custom=[SIZE.to(38)]).custom[SIZE]


def narrows_whom_sellers_see() -> None:
    policy = Policy(Role("seller", read="all"), Role("head", read="all"))
    with CRM(MemoryStorage(), access=policy, plugins=[Countries()]) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            for user, role in (("17", "seller"), ("2", "head")):
                tx.users.put(user, name=user, roles=[role])
            for region in ("DE", "FR"):
                tx.clients.add(name=region, region=region)
        for user, seen in (("17", ["DE"]), ("2", ["DE", "FR"])):
            with crm.bind(actor=user).read() as tx:
                assert seen == [client.name for client in tx.clients.list(order_by="name")]


def registers_consent_purposes() -> None:
    with _open(Birthdays()) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna", email="anna@example.org")
        tx.consents.grant(anna.id, purpose="birthday", channel="email")
        assert tx.consents.may_contact(anna.id, purpose="birthday", channel="email").allowed


def registers_channels() -> None:
    class Thankful(Plugin[None]):
        @on(DealWon)
        def thank(self, ctx: EventContext, event: DealWon) -> None:
            got = ctx.contact(event.client_id, channel="sms", purpose="service", to="+79123456789", text="Thanks!")
            receipts.append(got)

    receipts, texting = list[Receipt](), Texting()
    with _open(texting, Thankful()) as crm:
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna", phone="+79123456789")
            tx.consents.grant(anna.id, purpose="service", channel="sms")
            tx.deals.win(tx.deals.open(anna.id, title="Order").id)
        assert [one.reference for one in receipts] == list(texting.sent)
        assert ["Thanks!"] == [message.text for message in texting.sent.values()]


def registers_health_checks() -> None:
    with _open(mail := Mail()) as crm:
        ((plugin, check),) = crm.plugins.health_checks()
        assert ("mail", "smtp", "The mail server does not answer. Check its address.") == (
            plugin, check.name, check.run(),
        )  # fmt: skip
        mail.connected = True
        assert check.run() is None


def registers_endpoints() -> None:
    with _open(Forms()) as crm:
        answers = list[str]()
        form = Request("POST", "/forms/contact", body=b"name=Anna&phone=89123456789")
        assert Response.text("Thank you.") == crm.plugins.endpoints()["forms", "contact"].handle(form)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/forms/contact",
            "wsgi.input": BytesIO(),
            "CONTENT_LENGTH": "0",
        }
        list(wsgi(crm)(environ, lambda status, *_: answers.append(status)))  # type: ignore[arg-type]
        assert ["422"] == [status[:3] for status in answers]
        with crm.read() as tx:
            assert ["Anna"] == [client.name for client in tx.clients.list()]


def registers_commands() -> None:
    with _open(Resender()) as crm:
        assert [("resender", "resend")] == [(plugin, command.name) for plugin, command in crm.plugins.commands()]


def registers_observers() -> None:
    bells = Bells(BellsSettings({"sales": ("deal.*",), "all": ("*",)}))
    with _open(bells) as crm, crm.begin() as tx:
        tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
    assert ["client.added", "deal.opened", "deal.opened"] == sorted(bells.rung)


def registers_jobs() -> None:
    with _open(Morning()) as crm:
        with crm.begin() as tx:
            tx.tasks.plan(title="Call back", due=clock.now() + timedelta(hours=1))
        for _ in range(2):
            crm.run_due()
            clock.go_on(days=1)
        with crm.read() as tx:
            assert "1 overdue" in [task.title for task in tx.tasks.list()]


def registers_migrations() -> None:
    with tempfile.TemporaryDirectory() as folder:
        CRM.open(f"sqlite:///{folder}/crm.db", plugins=[Answers()]).close()
        with closing(sqlite3.connect(f"{folder}/crm.db")) as store:
            assert 0 == store.execute("SELECT count(*) FROM answers__answer").fetchone()[0]


def resolves_a_client() -> None:
    with _open(directory := Directory()) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        directory.known["+79120000002"] = anna.id
        assert anna.id == tx.calls.start(number="8 912 000-00-02").client_id


def adds_to_a_timeline() -> None:
    with _open(archive := Archive()) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        letter = a_touchpoint(anna, minutes=-5)
        archive.letters.append(letter)
        assert [letter] == [*tx.touchpoints.timeline(anna.id)]


def filters_a_payload() -> None:
    with _open(Discreet()) as crm:
        assert {"id": 1} == crm.plugins.filtered({"id": 1, "discount": 20}, "webhooks:shop")


def stands_around_a_command() -> None:
    with _open(metrics := Metrics()) as crm, crm.begin() as tx:
        tx.clients.add(name="Anna")
        with suppress(Invalid):
            tx.clients.add(name="")
        assert ({"clients.add": 2}, {"clients.add": 1}) == (metrics.calls, metrics.raised)


def filters_a_touchpoint() -> None:
    with _open(Tidy()) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        assert "Hi" == tx.touchpoints.record(anna.id, channel="email", direction="inbound", summary=" Hi\n").summary


def checks_a_change() -> None:
    with _open(Wholesale()) as crm:
        with pytest.raises(Rejected, match="Say where they are"), crm.begin() as tx:
            tx.clients.add(name="Anna")
        with crm.begin() as tx:
            assert "RU" == tx.clients.add(name="Anna", region="RU").region


def checks_a_deals_stage() -> None:
    with _open(Pipeline()) as crm:
        with crm.begin() as tx:
            deal = tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
        with pytest.raises(Rejected, match="amount"), crm.begin() as tx:
            tx.deals.win(deal.id)
        with crm.begin() as tx:
            tx.deals.update(deal.id, amount=Money(1, "EUR"))
            assert "won" == tx.deals.win(deal.id).status


def assigns_an_owner() -> None:
    with _open(Fair()) as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        assert ["17", "18", "17"] == [tx.deals.open(anna.id, title="Order").owner for _ in range(3)]


def checks_an_attempt_to_contact() -> None:
    week = FrozenClock()
    with CRM.open("memory://", region="RU", clock=week, plugins=[Sundays()], consent="permissive") as crm:
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna", phone="+79123456789")
            tx.consents.grant(anna.id, purpose="service", channel="voice")
        outcomes = list[str]()
        for _ in range(7):
            try:
                with crm.begin() as tx:
                    outcomes.append(tx.calls.dial(anna.id, purpose="service").state)
            except Rejected as rejected:
                outcomes += [f"{week.now().isoweekday()} {fault.code} {fault.plugin}" for fault in rejected.faults]
            week.advance(days=1)
    assert ["7 sunday sundays", *["dialing"] * 6] == sorted(outcomes)


def plans_a_merge() -> None:
    with _open(Eldest()) as crm:
        with crm.begin() as tx:
            anna = tx.clients.add(name="Anna")
        clock.go_on(seconds=1)
        with crm.begin() as tx:
            assert anna.id == tx.clients.merge(anna.id, into=tx.clients.add(name="Anna B.").id).id


def projects() -> None:
    with _open(Thanks()) as crm:
        with crm.begin() as tx:
            tx.deals.win(tx.deals.open(tx.clients.add(name="Anna").id, title="Order").id)
        with crm.read() as tx:
            assert ["Thank them."] == [note.text for note in tx.notes.list()]


def hears_every_event() -> None:
    with _open(audit := Audit()) as crm, crm.bind(actor="17").begin() as tx:
        tx.notes.add(tx.clients.add(name="Anna").id, text="Hi")
    assert ["client.added by 17", "note.added by 17"] == [*audit.lines.values()]


def hears_one_event() -> None:
    with _open(FollowUp()) as crm:
        with crm.begin() as tx:
            tx.deals.win(tx.deals.open(tx.clients.add(name="Anna").id, title="Order").id)
        with crm.read() as tx:
            assert ["Ask how it went"] == [task.title for task in tx.tasks.list()]


def hears_of_a_failure() -> None:
    class Broken(Plugin[None]):
        @on(ClientAdded, attempts=1)
        def fail(self, event: ClientAdded) -> None:
            raise OSError

    watch, postmaster = Watch(), Postmaster()
    with _open(Broken(), watch, postmaster) as crm, crm.begin() as tx:
        tx.clients.add(name="Anna")
    assert ["broken: OSError in on client.added"] == watch.alarms
    assert [("client.added", "broken.fail", 1)] == [
        (letter.topic, letter.subscriber, letter.attempts) for letter in postmaster.letters
    ]


SCENARIOS: dict[str, Callable[[], None]] = {
    "crm_register_event_types": registers_event_types,
    "crm_register_fields": registers_fields,
    "crm_access_scope": narrows_whom_sellers_see,
    "crm_register_consent_purposes": registers_consent_purposes,
    "crm_register_channels": registers_channels,
    "crm_register_health_checks": registers_health_checks,
    "crm_register_endpoints": registers_endpoints,
    "crm_register_commands": registers_commands,
    "crm_register_observers": registers_observers,
    "crm_register_jobs": registers_jobs,
    "crm_register_migrations": registers_migrations,
    "crm_resolve_client": resolves_a_client,
    "crm_timeline": adds_to_a_timeline,
    "crm_filter_payload": filters_a_payload,
    "crm_around_command": stands_around_a_command,
    "crm_filter_touchpoint": filters_a_touchpoint,
    "crm_check_change": checks_a_change,
    "crm_check_deal_stage": checks_a_deals_stage,
    "crm_check_contact_attempt": checks_an_attempt_to_contact,
    "crm_assign_owner": assigns_an_owner,
    "crm_plan_merge": plans_a_merge,
    "crm_project": projects,
    "crm_after_event": hears_every_event,
    "crm_after_deal_won": hears_one_event,
    "crm_on_plugin_error": hears_of_a_failure,
    "crm_on_dead_letter": hears_of_a_failure,
}


@pytest.mark.parametrize("hook", SCENARIOS)
def test_each_example_is_called_by_a_real_command_and_does_what_it_says(
    hook: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An example that is never run is wrong in a year; a hook that nobody calls is a promise nobody keeps."""
    monkeypatch.setenv("CRMKIT_TRACE_HOOKS", "1")
    SCENARIOS[hook]()
    called = capsys.readouterr().err
    assert f"crmkit: {hook}: " in called or (hook == "crm_after_event" and ".crm_after_event," in called)


def test_every_hook_there_is_has_an_example_and_a_scenario() -> None:
    """A hook without either is not written down yet."""
    assert {*declared(), "crm_after_deal_won"} == SCENARIOS.keys() == {path.stem for path in EXAMPLES.glob("*.py")}
