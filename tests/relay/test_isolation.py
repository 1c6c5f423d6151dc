"""A plugin's handlers in a process of its own: whatever they do to it, the others hear everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

import pytest
from installing import install

from crmkit import CRM
from crmkit.plugins import PluginsConfig, load
from crmkit.plugins.delivery.relay import LEASE
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
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[str, PluginsConfig]]:
    """A store with five new clients, whom a good and a bad plugin are to hear of."""

    def shop(deed: str) -> tuple[str, PluginsConfig]:
        name = f"crmkit_deed_{deed}"
        install(tmp_path, name, name, SOURCE.replace("DEED", DEEDS[deed]), good="Good", bad="Bad")
        cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
        (tmp_path / "crmkit.toml").write_text('[plugins]\nenabled = ["bad", "good"]\n')
        config, url = load(tmp_path / "crmkit.toml"), f"sqlite:///{tmp_path}/shop.db"
        with CRM.open(url, plugins=config, delivery="external") as crm:
            for number in range(5):
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


def test_a_delivery_that_kills_its_worker_has_lost_an_attempt(
    shop: Callable[[str], tuple[str, PluginsConfig]], tmp_path: Path
) -> None:
    """And is due again only when its claim ends."""
    url, config = shop("exits")
    Supervisor(url, config, ["bad", "good"]).run(Event(), once=True)
    with CRM.open(url) as crm:
        left = crm.relay.outbox.list().items
    assert [("bad.hear", "waiting", 1)] * 5 == [(one.subscriber, one.state, one.attempts) for one in left]
    assert all(one.due_at - one.updated_at == LEASE for one in left)
