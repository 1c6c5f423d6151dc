"""A plugin's handlers in a process of its own: whatever they do to it, the others hear everything."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast
from uuid import uuid4

import pytest
from installing import install

from crmkit import CRM
from crmkit.plugins import Plugins, PluginsConfig, load
from crmkit.plugins.delivery.backoff import longest_wait
from crmkit.plugins.delivery.relay import NEVER_BACK
from crmkit.relay import Limits, Supervisor

SOURCE = """
    import os
    import threading
    from pathlib import Path
    from crmkit.events import ClientAdded
    from crmkit.plugins import Plugin, on

    HERE = Path(__file__).parent

    class Good(Plugin[None]):
        @on(ClientAdded)
        def hear(self, event):
            with (HERE / "good.txt").open("a") as out:
                out.write(f"{event.id}\\n")

    class Bad(Plugin[None]):
        @on(ClientAdded)
        def hear(self, event):
            with (HERE / "bad.txt").open("a") as out:
                out.write(f"{event.id}\\n")
            DEED
"""
DEEDS = {
    "exits": "os._exit(3)",
    "hangs": "threading.Event().wait()",
    "eats": "kept = [bytearray(1 << 24) for _ in range(1000)]",
    "forks": "os.fork()",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, PluginsConfig]]:
    """A store with five new clients, whom a good and a bad plugin are to hear of."""

    def shop(deed: str, source: str = SOURCE, clients: int = 5) -> tuple[str, PluginsConfig]:
        name = f"crmkit_deed_{deed}_{uuid4().hex}"  # or this process would take another test's module for it
        install(tmp_path, name, name, source.replace("DEED", DEEDS[deed]), good="Good", bad="Bad")
        cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
        (tmp_path / "crmkit.toml").write_text('[plugins]\nenabled = ["bad", "good"]\n')
        config, url = load(tmp_path / "crmkit.toml"), f"sqlite:///{tmp_path}/shop.db"
        known = Plugins(config)
        known.left_out = frozenset({"bad"})
        with CRM.open(url, plugins=known, delivery="external") as crm:
            for number in range(clients):
                with crm.begin() as tx:
                    tx.clients.add(name=f"Client {number}")
        return url, config

    return shop


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("deed", ["exits", "hangs", "eats", "forks"])
def test_the_others_hear_everything_whatever_a_handler_does(
    shop: Callable[[str], tuple[str, PluginsConfig]], tmp_path: Path, deed: str
) -> None:
    """Its worker is lost and started again; theirs is another one."""
    url, config = shop(deed)
    supervisor, stop = Supervisor(url, config, ["bad", "good"], Limits(2.0, 1 << 30)), Event()
    thread = Thread(target=supervisor.run, args=(stop,))
    thread.start()
    try:
        until = time.monotonic() + 60
        while (len(_lines(tmp_path / "good.txt")) < 5 or len(_lines(tmp_path / "bad.txt")) < 2) and (
            time.monotonic() < until
        ):
            thread.join(0.05)
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(30)
    assert 5 == len(set(_lines(tmp_path / "good.txt"))) == len(_lines(tmp_path / "good.txt"))
    assert 2 <= len(set(_lines(tmp_path / "bad.txt")))
    assert {} == supervisor.pids()


def test_a_delivery_that_kills_its_worker_has_failed(
    shop: Callable[..., tuple[str, PluginsConfig]],
) -> None:
    """It has lost an attempt and is told again after a while, without a wait for the end of a claim nobody holds."""
    url, config = shop("exits", clients=1)
    Supervisor(url, config, ["bad", "good"]).run(Event(), once=True)
    with CRM.open(url) as crm:
        (left,) = crm.relay.outbox.list()
    assert ("bad.hear", "waiting", None, NEVER_BACK) == (left.subscriber, left.state, left.claimed_by, left.error)
    assert 1 <= left.attempts
    assert left.due_at - left.updated_at <= longest_wait(left.attempts)


STARTS = """
    import os
    import threading
    from pathlib import Path
    from crmkit.events import ClientAdded
    from crmkit.plugins import Plugin, Veto, hookimpl, on

    class Good(Plugin[None]):
        @on(ClientAdded)
        def hear(self, ctx, event):
            with ctx.begin() as tx:
                if ctx.once(tx):
                    tx.notes.add(event.client_id, text="heard")
            with (Path(__file__).parent / "good.txt").open("a") as out:
                out.write(f"{event.id}\\n")

    class Bad(Plugin[None]):
        def WHEN(self):
            DEED

        @hookimpl
        def crm_check_change(self, ctx, changes):
            with (Path(__file__).parent / "checked.txt").open("a") as out:
                out.write("checked\\n")

        @on(ClientAdded)
        def hear(self, event):
            raise AssertionError
"""


@pytest.mark.parametrize("deed", ["exits", "hangs"])
def test_a_plugin_that_cannot_be_started_keeps_nothing_from_the_others(
    shop: Callable[..., tuple[str, PluginsConfig]], tmp_path: Path, deed: str
) -> None:
    """Its start ends a worker of theirs once; what it decides is decided all the same, and what it is to hear waits."""
    url, config = shop(deed, STARTS.replace("WHEN", "start"))
    Supervisor(url, config, ["bad", "good"], Limits(3.0)).run(Event(), once=True)
    assert 5 == len(set(_lines(tmp_path / "good.txt"))) == len(_lines(tmp_path / "good.txt"))
    assert ["checked"] * 10 == _lines(tmp_path / "checked.txt"), "Five clients, and a note for each."
    known = Plugins(config)
    known.left_out = frozenset({"bad"})
    with CRM.open(url, plugins=known, delivery="external") as crm:
        left = crm.relay.outbox.list().items
    assert [("bad.hear", 0)] * 5 == [(one.subscriber, one.attempts) for one in left]


def test_a_plugin_that_cannot_be_stopped_is_killed_when_everything_is_told(
    shop: Callable[..., tuple[str, PluginsConfig]], tmp_path: Path
) -> None:
    """Nothing is told again."""
    url, config = shop("hangs", STARTS.replace("WHEN", "stop"))
    Supervisor(url, config, ["good"], Limits(3.0)).run(Event(), once=True)
    assert 5 == len(set(_lines(tmp_path / "good.txt"))) == len(_lines(tmp_path / "good.txt"))


def test_the_command_line_starts_no_plugin_itself(
    shop: Callable[..., tuple[str, PluginsConfig]], tmp_path: Path
) -> None:
    """Or the supervisor would be the first that it takes along."""
    url, _ = shop("exits", STARTS.replace("WHEN", "start"))
    ended = subprocess.run(
        [sys.executable, "-c", "import crmkit.cli; crmkit.cli.main()", "relay", url, "--isolate", "--once"],
        cwd=tmp_path, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (0, 5) == (ended.returncode, len(_lines(tmp_path / "good.txt")))
    assert "bad cannot be started: what waits for it stays" in ended.stderr
