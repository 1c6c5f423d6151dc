"""`crmkit outbox …`, as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crmkit import CRM
from crmkit.cli.outbox import outbox
from crmkit.errors import Invalid
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on


class Deaf(Plugin[None]):
    @on(ClientAdded, attempts=1)
    def hear(self, event: ClientAdded) -> None:
        raise RuntimeError(event.id)


class Patient(Plugin[None]):
    @on(ClientAdded)
    def hear(self, event: ClientAdded) -> None:
        raise RuntimeError(event.id)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store where two events are dead for one subscriber and wait for another."""
    url = f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, plugins=[Deaf(), Patient()], delivery="inline") as crm:
        for name in ("Ada Lovelace", "Grace Hopper"):
            with crm.begin() as tx:
                tx.clients.add(name=name)
    return url


def _run(*words: str) -> Result:
    return CliRunner().invoke(outbox, [*words], env={"COLUMNS": "400"})


def _states(url: str) -> dict[str, list[str]]:
    told = json.loads(_run("list", url, "--json").output)["deliveries"]
    names = {one["subscriber"] for one in told}
    return {name: [one["state"] for one in told if one["subscriber"] == name] for name in sorted(names)}


def test_what_waits_and_what_is_dead_is_listed_without_personal_data(url: str) -> None:
    """Ids, topics, types and places."""
    told = _run("list", url).output
    assert "RuntimeError at test_outbox.py" in told
    assert "deaf.hear: 0 wait, 2 dead, since " in told
    assert "Ada" not in told
    assert {"deaf.hear": ["dead"] * 2, "patient.hear": ["waiting"] * 2} == _states(url)


def test_a_list_goes_on_where_its_page_ended(url: str) -> None:
    """A page is bounded; following `next` shows each once."""
    seen, words = list[str](), list[str]()
    while True:
        page = json.loads(_run("list", url, "--json", "--limit", "3", *words).output)
        seen += [one["id"] for one in page["deliveries"]]
        if page["next"] is None:
            break
        words = ["--after", page["next"]]
    assert 4 == len(seen) == len(set(seen))


def test_the_dead_are_told_again_when_somebody_says_so(url: str) -> None:
    """With all attempts before them, by whoever relays."""
    assert "2 will be told again.\n" == _run("retry", url, "--subscriber", "deaf.hear").output
    assert {"deaf.hear": ["waiting"] * 2, "patient.hear": ["waiting"] * 2} == _states(url)


def test_one_delivery_is_forgotten_and_no_other(url: str) -> None:
    """By its id."""
    one = json.loads(_run("list", url, "--json", "--state", "dead").output)["deliveries"][0]
    assert "1 forgotten.\n" == _run("discard", url, "--id", one["id"]).output
    assert {"deaf.hear": ["dead"], "patient.hear": ["waiting"] * 2} == _states(url)


def test_all_are_forgotten_only_when_that_is_said(url: str) -> None:
    """A command without a choice changes nothing."""
    assert 2 == _run("discard", url).exit_code
    assert 4 == sum(map(len, _states(url).values()))
    assert "4 forgotten.\n" == _run("discard", url, "--all").output
    assert "Nothing waits, and nothing is dead.\n" == _run("list", url).output


def test_what_is_no_id_is_said_to_be_none(url: str) -> None:
    """Before anything is changed."""
    assert isinstance(_run("retry", url, "--id", "17").exception, Invalid)
