"""Plugins that take their whole process along: each has a worker of its own, and the others hear everything."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event as Signal, Thread

import pytest

from crmkit import CRM, relay
from crmkit.plugins.settings import config_of

CLIENTS = 3
#: How long one delivery may take, and how long a test waits, in seconds.
ONE, PATIENCE = 5.0, 60
MODULE = """
import os, sys, threading
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on

class Witness(Plugin[None]):
    @on(ClientAdded)
    def hear(self, ctx, event):
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.notes.add(event.client_id, text=f"seen at version {event.version}")

class Hostile(Plugin[None]):
    @on(ClientAdded)
    def hear(self, ctx, event):
        STRIKE
"""
STRIKES = {
    "ends the process": "os._exit(0)",
    "raises no Exception": "raise BaseException",
    "hangs": "threading.Event().wait()",
    "computes for ever": "while True: pass",
    "takes all memory": "self.kept = [0] * (1 << 29)",
    "forks": "os.fork()",
    "changes its event": "object.__setattr__(event, 'version', 99)",
    "closes the CRM": "self.crm.close()",
    "changes the clock": "import crmkit.crm.system as system; system.SystemClock.now = None",
}


@pytest.mark.parametrize("strike", STRIKES.values(), ids=STRIKES)
def test_a_plugin_that_ruins_its_process_keeps_nothing_from_the_others(
    strike: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands stand, and its neighbour hears of every one of them."""
    info = tmp_path / "hostile-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n", encoding="utf-8")
    names = "[crmkit.v1]\nhostile = hostile_module:Hostile\nwitness = hostile_module:Witness\n"
    (info / "entry_points.txt").write_text(names, encoding="utf-8")
    (tmp_path / "hostile_module.py").write_text(MODULE.replace("STRIKE", strike), encoding="utf-8")
    monkeypatch.delitem(sys.modules, "hostile_module", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    url, stop = f"sqlite:///{tmp_path}/crm.db", Signal()
    plugins: dict[str, dict[str, object]] = {"hostile": {}, "witness": {}}
    with CRM.open(url, plugins=plugins, delivery="external") as crm:
        for number in range(CLIENTS):
            with crm.begin() as tx:
                tx.clients.add(name=f"Client {number}")
        limits = relay.Limits(seconds=ONE, memory=1 << 30)
        supervisor = relay.Supervisor(url, config_of(plugins), list(plugins), limits)
        thread = Thread(target=supervisor.run, args=(stop,))
        thread.start()
        try:
            heard = _heard(crm)
        finally:
            stop.set()
            thread.join(PATIENCE)
        assert ["seen at version 1"] * CLIENTS == heard
        assert {} == supervisor.pids()


def _heard(crm: CRM) -> list[str]:
    """What the witness noted, once it has heard everything or patience is at its end."""
    pause, heard = Signal(), list[str]()
    for _ in range(PATIENCE * 5):
        with crm.read() as tx:
            heard = [one.text for one in tx.notes.stream()]
        if len(heard) >= CLIENTS:
            break
        pause.wait(0.2)
    return heard
