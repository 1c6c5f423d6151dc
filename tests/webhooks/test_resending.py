"""Posting past events again, or to a target that came later."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from receiver import SECRET, Receiver, Tell, target

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.ids import EventId
from crmkit.plugins import load, new_secret, sign
from crmkit.testing import NOON, FrozenClock
from crmkit.webhooks.commands import resend, secret

LATER = {"topics": ("client.added",)}


def add(crm: CRM, count: int = 1) -> None:
    for _ in range(count):
        with crm.begin() as tx:
            tx.clients.add(name="Anna")


def test_what_was_posted_is_posted_again_under_its_old_id(telling: Tell, shop: Receiver, clock: FrozenClock) -> None:
    """A receiver that lost it takes it; one that has it does nothing twice."""
    crm = telling({"shop": target(shop, **LATER)})
    add(crm, 3)
    crm.relay.drain()
    clock.go_on(days=1)
    since = clock.now()
    add(crm, 2)
    crm.relay.drain()
    before = [got.id for got in shop.got]
    assert 2 == crm.relay.resend("webhooks.shop", since=since)
    assert 2 == crm.relay.drain().told
    assert sorted(before[3:]) == sorted(got.id for got in shop.got[5:])


def test_single_events_are_posted_again_by_their_ids(telling: Tell, shop: Receiver) -> None:
    """The receiver knows them: they are in what it was sent."""
    crm = telling({"shop": target(shop, **LATER)})
    add(crm, 3)
    crm.relay.drain()
    wanted = json.loads(shop.got[1].body)["data"]["id"]
    assert 1 == crm.relay.resend("webhooks.shop", ids=[EventId(UUID(wanted))])
    crm.relay.drain()
    assert [shop.got[1].id] == [got.id for got in shop.got[3:]]


def test_only_what_a_target_hears_is_posted_again_and_to_no_other(telling: Tell, shop: Receiver) -> None:
    """The other has had it."""
    crm = telling({"shop": target(shop, **LATER), "other": target(shop, topics=("note.added",))})
    with crm.begin() as tx:
        tx.notes.add(tx.clients.add(name="Anna").id, text="Hello")
    crm.relay.drain()
    assert 1 == crm.relay.resend("webhooks.other", since=NOON.replace(year=2000))
    crm.relay.drain()
    assert ["client.added", "note.added", "note.added"] == sorted(json.loads(got.body)["type"] for got in shop.got)


def test_what_waits_stays_as_it_is_and_what_is_dead_waits_again(
    telling: Tell, shop: Receiver, clock: FrozenClock
) -> None:
    """Nothing is posted twice because two people asked for it."""
    crm = telling({"shop": target(shop, attempts=1, **LATER)})
    since = clock.now()
    shop.status(500)
    add(crm)
    assert 1 == crm.relay.drain().dead
    assert [1, 0] == [crm.relay.resend("webhooks.shop", since=since) for _ in range(2)]
    shop.status(200)
    assert 1 == crm.relay.drain().told
    assert 1 == len({got.id for got in shop.got})


def test_a_target_that_came_later_hears_of_the_past(
    telling: Tell, shop: Receiver, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its receiver begins with what happened before; the whole journal is looked through, however long."""
    url = f"sqlite:///{tmp_path}/past.db"
    monkeypatch.setattr("crmkit.plugins.delivery.resending.CHUNK", 5)
    since = clock.now()
    with CRM.open(url, clock=clock) as crm:
        add(crm, 21)
    plugin = list(telling({"shop": target(shop, **LATER)}).plugins)
    with CRM.open(url, clock=clock, plugins=plugin, delivery="external") as crm:
        assert 21 == crm.relay.resend("webhooks.shop", since=since)


@pytest.mark.parametrize(
    ("subscriber", "since", "codes"),
    [("webhooks.shop", None, ["missing"]), ("shop", datetime(2026, 1, 1), ["unknown", "naive"])],
)
def test_what_is_to_be_posted_again_must_be_said(
    telling: Tell, shop: Receiver, subscriber: str, since: datetime | None, codes: list[str]
) -> None:
    """A slip must not post everything to everybody."""
    crm = telling({"shop": target(shop)})
    with pytest.raises(Invalid) as caught:
        crm.relay.resend(subscriber, since=since)
    assert codes == [one.code for one in caught.value.faults]


@pytest.fixture
def listed(tmp_path: Path, shop: Receiver, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """A host's file with one target; the plugin is installed with crmkit, or beside it."""

    def write() -> Path:
        if not entry_points(group="crmkit.v1", name="webhooks"):
            info = tmp_path / "crmkit_webhooks-1.dist-info"
            info.mkdir()
            (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crmkit-webhooks\nVersion: 1\n")
            (info / "entry_points.txt").write_text("[crmkit.v1]\nwebhooks = crmkit.webhooks:WebHooks\n")
            monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.setenv("SHOP_SECRET", SECRET)
        file = tmp_path / "crmkit.toml"
        file.write_text(
            '[plugins]\nenabled = ["webhooks"]\n'
            f'[plugins.webhooks]\nallow = ["{shop.place}"]\n'
            f'[plugins.webhooks.targets.shop]\nurl = "{shop.url}"\n'
            'topics = ["client.*"]\nsecrets = [{env = "SHOP_SECRET"}]\n'
        )
        return file

    return write


def test_an_operator_has_past_events_posted_again(listed: Callable[[], Path], tmp_path: Path, shop: Receiver) -> None:
    """From the host's own file; what tells events there posts them."""
    url, file = f"sqlite:///{tmp_path}/crm.db", listed()
    with CRM.open(url) as crm:
        add(crm, 2)
    result = CliRunner().invoke(resend, [url, "shop", "--since", "2020-01-01", "--plugins", str(file)])
    assert (0, "2 will be posted to shop.\n") == (result.exit_code, result.output)
    with CRM.open(url, plugins=load(file), delivery="external") as crm:
        assert 2 == crm.relay.drain().told
    assert 2 == len(shop.got)


@pytest.mark.parametrize("words", [[], ["--since", "yesterday"], ["--id", "7"]])
def test_an_operator_who_mistypes_is_told_how_to_write_it(words: list[str]) -> None:
    """Nothing was opened yet."""
    result = CliRunner().invoke(resend, ["sqlite:///nowhere/at-all.db", "shop", *words])
    assert 2 == result.exit_code
    assert "Give --since" in result.output or "Write " in result.output


def test_a_new_secret_is_one_that_signs() -> None:
    """It is printed once and kept nowhere, and no two are the same."""
    printed = CliRunner().invoke(secret).output.strip()
    assert sign(printed, "m", NOON, b"")
    assert printed != new_secret()
