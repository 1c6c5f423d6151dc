"""`crmkit relay` and `crmkit worker`: tell plugins what waits, in a process of its own."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from threading import Event

import click
from rich.console import Console

from crmkit import CRM
from crmkit.cli.opening import config_at, heads_option, opened, plugins_option
from crmkit.errors import Fault, Invalid
from crmkit.plugins import Drained, Plugins
from crmkit.relay import Limits, Supervisor, run


@click.command()
@click.argument("url")
@plugins_option
@click.option("--once", is_flag=True, help="End when nothing is due any more.")
@click.option("--isolate", is_flag=True, help="A worker process for each plugin.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 60),
    default=60,
    show_default=True,
    help="How long one delivery, or a plugin's start, may take before its worker is killed, with --isolate.",
)
@heads_option
@click.option("--memory", type=click.IntRange(64), help="Megabytes a worker may have, with --isolate.")
def relay(
    url: str, file: Path | None, once: bool, isolate: bool, seconds: float, memory: int | None, heads: Path | None
) -> None:  # fmt: skip
    """Tell plugins of what happened in the store at URL, until SIGTERM or SIGINT; what it holds is finished first."""
    config, stop = config_at(file), _stopped_by_signals()
    if not isolate:
        with opened(url, config, heads) as crm:
            run(crm, stop, once=once, told=_progress())
        return
    if url.startswith("memory:"):
        raise Invalid(Fault("url", "memory", "Worker processes share no memory. Give the URL of a file or a server."))
    if heads is not None:
        raise Invalid(
            Fault("heads", "isolated", "Workers do not seal. Run `crmkit worker --heads` beside, without --isolate.")
        )
    known = Plugins(config)
    known.left_out = frozenset(config.enabled)  # what starting one does, it does to a worker
    with CRM.open(url, plugins=known, delivery="external", migrate="never") as crm:
        heard = {one.plugin for one in crm.relay.subscribers.values()}  # a fault stands here, before workers repeat it
    limits = Limits(seconds, None if memory is None else memory * 1024 * 1024)
    Supervisor(url, config, [name for name in config.enabled if name in heard], limits).run(stop, once=once)


@click.command()
@click.argument("url")
@plugins_option
@click.option("--once", is_flag=True, help="End when nothing is due any more.")
@heads_option
@click.option("--every", type=click.FloatRange(1), default=60, show_default=True, help="Seconds between looks.")
def worker(url: str, file: Path | None, once: bool, every: float, heads: Path | None) -> None:
    """As relay, and do what becomes due by the clock, every so often."""
    stop, looked = _stopped_by_signals(), 0.0
    with opened(url, config_at(file), heads) as crm:

        def look() -> None:
            nonlocal looked
            if not looked or time.monotonic() >= looked + every:
                crm.run_due()
                looked = time.monotonic()

        run(crm, stop, once=once, told=_progress(), before=look)


def _stopped_by_signals() -> Event:
    """Set by the first signal; a second one ends at once."""
    stop = Event()

    def on_signal(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop


class _Line:
    """One line on a terminal, overwritten with each step."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = Drained()

    def __call__(self, step: Drained) -> None:
        self._total += step
        total = self._total
        self._console.print(
            f"told {total.told}, to be told again {total.again}, dead {total.dead}, not wanted {total.dropped}",
            end="\r", highlight=False,
        )  # fmt: skip


def _progress() -> _Line | None:
    console = Console(file=sys.stderr)
    return _Line(console) if console.is_terminal else None
