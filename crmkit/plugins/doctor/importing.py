"""P11: what importing a plugin costs and does, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from crmkit.plugins.discovery import API, Offer, installed
from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.settings import PluginsConfig

#: More than so many seconds are felt by everybody who starts a process.
SLOW = 0.2
#: How long an import may take before it is given up, in seconds.
_GIVEN_UP = 60
#: crmkit is there already when a plugin is imported, so it does not count; nor does what writes bytecode.
_MEASURED = """
import json, sys, threading, time
path, module = json.loads(sys.argv[1])
sys.path[:] = path
sys.dont_write_bytecode = True
import crmkit, crmkit.plugins, crmkit.events, crmkit.plugins.settings, crmkit.plugins.outbound
import asyncio, ssl, http.client
done = set()
def heard(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        done.add("opens sockets")
    elif event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
        done.add("starts processes")
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        done.add("writes files")
sys.addaudithook(heard)
threads, begun = threading.active_count(), time.perf_counter()
__import__(module)
seconds = time.perf_counter() - begun
if threading.active_count() > threads:
    done.add("starts threads")
sys.stdout.write("\\n" + json.dumps([seconds, sorted(done)]))
sys.stdout.flush()
import os
os._exit(0)
"""


def of_import(config: PluginsConfig) -> Iterator[Finding]:
    """
    Of each listed plugin that is installed; one that cannot be imported is told elsewhere.

    P11: Import what is heavy where it is used, and begin threads, files and connections in `start`.
    """
    offers = installed()
    for name in config.enabled:
        for offer in [one for one in offers.get(name, ()) if one.api == API][:1]:
            yield from _measured(name, offer)


def _measured(name: str, offer: Offer) -> Iterator[Finding]:
    try:
        ran = subprocess.run(  # noqa: S603  # this Python, with what would be imported anyway
            [sys.executable, "-c", _MEASURED, json.dumps([sys.path, offer.entry.module])],
            capture_output=True, text=True, timeout=_GIVEN_UP, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        yield Finding("P11", name, f"Importing it had not ended after {_GIVEN_UP} seconds. Begin work in start().")
        return
    if ran.returncode:
        return
    seconds, deeds = json.loads(ran.stdout.rpartition("\n")[2])
    if seconds > SLOW:
        say = (
            f"Importing it takes {seconds * 1000:.0f} ms, more than {SLOW * 1000:.0f}. Import what is heavy when used."
        )
        yield Finding("P11", name, say)
    for deed in deeds:
        yield Finding("P11", name, f"Importing it {deed}. Do that in start().")
