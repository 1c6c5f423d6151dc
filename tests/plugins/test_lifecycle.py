"""From being made to being stopped: each plugin on its own."""

from __future__ import annotations

import gc
from typing import Any, cast
from weakref import ref

import attrs
import pytest

from crmkit import CRM
from crmkit.errors import Fault, Invalid, NotStarted, Rejected
from crmkit.events import ClientAdded, Event
from crmkit.plugins import AuthFailed, NotReady, Plugin, on
from crmkit.testing import FrozenClock

steps = list[str]()


@pytest.fixture(autouse=True)
def _no_steps() -> None:
    steps.clear()


class First(Plugin[None]):
    @on(ClientAdded, durable=False)
    def heard(self, event: ClientAdded) -> None:
        steps.append(f"{self.name} heard")

    def start(self) -> None:
        steps.append(f"{self.name} starts")
        self.on_stop(lambda: steps.append(f"{self.name} lets go of the first"))
        self.on_stop(lambda: steps.append(f"{self.name} lets go of the second"))

    def stop(self) -> None:
        steps.append(f"{self.name} stops")


class Second(First):
    name = "second"


def test_plugins_start_in_order_and_stop_in_reverse() -> None:
    """What the first built the second may rest on."""
    crm = CRM.open("memory://", plugins=[First(), Second()])
    crm.close()
    crm.close()
    ends = [["lets go of the second", "lets go of the first", "stops"]] * 2
    assert [
        "first starts",
        "second starts",
        *(f"second {one}" for one in ends[0]),
        *(f"first {one}" for one in ends[1]),
    ] == steps
    assert ["stopped", "stopped"] == [one.state for one in crm.plugins.status()]


class Failing(Second):
    name = "failing"
    error: BaseException | None = NotReady("the exchange does not answer", retry_after=30)

    def start(self) -> None:
        super().start()
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "state", "waits"),
    [
        (NotReady(retry_after=30), "not_ready", 30.0),
        (NotReady(), "not_ready", 5.0),
        (OSError("10.0.0.1 refused anna@example.org"), "not_ready", 5.0),
        (SystemExit(3), "not_ready", 5.0),
        (AuthFailed(), "misconfigured", None),
    ],
    ids=["not ready, says when", "not ready", "raises", "exits", "turned away"],
)
def test_a_plugin_that_cannot_start_harms_no_other(
    clock: FrozenClock, error: BaseException, state: str, waits: float | None
) -> None:
    """Its state says so, what it had begun is let go, and nothing of what it raised is repeated."""
    failing = Failing()
    failing.error = error
    with CRM.open("memory://", clock=clock, plugins=[failing, First()]) as crm:
        told, other = crm.plugins.status()
        wait = None if told.retry_at is None else (told.retry_at - clock.now()).total_seconds()
        assert (state, waits, "running") == (told.state, wait, other.state)
        assert "failing lets go of the first" in steps
        assert "example.org" not in repr(told)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotReady("the exchange does not\nanswer"), "NotReady (the exchange does not answer) at "),
        (AuthFailed("the token is of another shop"), "AuthFailed (the token is of another shop) at "),
        (NotReady(), "NotReady at "),
        (Invalid(Fault("zone", "not_a_time_zone", "'Anna' is none.")), "Invalid (zone: not_a_time_zone) at "),
        (Invalid(Fault("Anna Petrova", "unknown", "No such filter.")), "Invalid (…: unknown) at "),
        (Rejected(Fault("phone", "Anna <anna@example.org>", "No.")), "Rejected (phone: …) at "),
        (NotReady(cast("Any", OSError("anna@example.org"))), "NotReady at "),
        (OSError("anna@example.org"), "OSError at "),
    ],
)
def test_an_operator_reads_what_was_written_for_operators(error: BaseException, reason: str) -> None:
    """The words of `NotReady`, keywords and codes of faults; of anything else the type, for its text may quote."""
    failing = Failing()
    failing.error = error
    with CRM.open("memory://", plugins=[failing]) as crm:
        assert crm.plugins.status()[0].reason.startswith(reason)


def test_a_plugin_that_was_not_ready_is_started_again_when_its_time_has_come(clock: FrozenClock) -> None:
    """`run_due` does it, with a longer wait each time."""
    failing = Failing()
    failing.error = OSError()
    with CRM.open("memory://", clock=clock, plugins=[failing]) as crm:
        waits = list[float]()
        for _ in range(10):
            retry_at = crm.plugins.status()[0].retry_at
            assert retry_at
            waits.append((retry_at - clock.now()).total_seconds())
            crm.run_due()
            assert 1 == len({retry_at, crm.plugins.status()[0].retry_at})
            clock.go_on(seconds=waits[-1])
            crm.run_due()
        assert [5, 10, 20, 40, 80, 160, 320, 600, 600, 600] == waits
        failing.error = None
        clock.go_on(seconds=600)
        crm.run_due()
        assert ("running", None) == (crm.plugins.status()[0].state, crm.plugins.status()[0].retry_at)


def test_a_plugins_crm_acts_as_the_plugin_and_only_while_it_runs() -> None:
    """Listeners' threads write through it; the journal tells who it was."""
    plugin, heard = First(), list[Event]()
    with pytest.raises(NotStarted, match="first"):
        plugin.crm.begin()
    with CRM.open("memory://", plugins=[plugin]) as crm:
        crm.on(Event)(heard.append)
        with plugin.crm.begin() as tx:
            tx.clients.add(name="Anna")
    assert [("system:first", "first")] == [(event.actor, event.source.plugin) for event in heard]
    with pytest.raises(NotStarted):
        plugin.crm.begin()


def test_a_plugin_that_cannot_stop_harms_no_other() -> None:
    """Everybody else is stopped all the same, and the storage is closed."""

    class Stuck(Second):
        name = "stuck"

        def stop(self) -> None:
            raise OSError

    crm = CRM.open("memory://", plugins=[First(), Stuck()])
    crm.close()
    assert "first stops" in steps
    assert 1 == crm.plugins.status()[1].failures


@attrs.frozen
class Wanted:
    url: str


class Needs(Plugin[Wanted]):
    @on(ClientAdded)
    def heard(self, event: ClientAdded) -> None: ...


def test_a_plugin_has_its_settings() -> None:
    """Those it was made with; without any it says which class to give."""
    assert "https://example.org" == Needs(Wanted("https://example.org")).settings.url
    with pytest.raises(Invalid, match=r"Needs\(Wanted\(…\)\)"):
        Needs()


def test_a_crm_that_is_dropped_takes_its_plugins_along() -> None:
    """A program that opens a CRM for each tenant keeps nothing of those it let go."""
    plugin = First()
    crm = CRM.open("memory://", plugins=[plugin])
    seen = ref(crm), ref(plugin)
    crm.close()
    del crm, plugin
    gc.collect()
    assert (None, None) == (seen[0](), seen[1]())
