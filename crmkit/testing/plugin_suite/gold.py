"""K17 to K20: a plugin that lives on any storage, through any crash, with any newer crmkit, and is described."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.domain.events import Event
from crmkit.domain.events.envelope import BY_TOPIC
from crmkit.errors import Drop, Retry
from crmkit.plugins.delivery.loop import finished
from crmkit.plugins.delivery.relay import LEASE
from crmkit.plugins.delivery.subscriber import Attempt
from crmkit.plugins.settings.shown import reference
from crmkit.testing.plugin_suite.trial import Outcome, Run, Trial

#: Where to die: before a commit, and after it, which is before the next beginning. In between nothing lasts.
LASTING = frozenset({"begin", "commit"})


class Gold:
    """What takes more than a day."""

    def test_k17_every_storage_gives_the_same_outcome(self, trial: Trial, tmp_path: Path) -> None:
        """Hosts begin in memory and go on to a database."""
        outcomes = list[Outcome]()
        for url in ("memory://", f"sqlite:///{tmp_path}/crm.db"):
            with trial.opened(url=url) as run:
                run.day()
                run.workshop.relay.drain(advance=True)
                outcomes.append({**run.outcome(), "failures": run.crm.plugins.failures.counts})
        assert outcomes[0] == outcomes[1]

    def test_k18_a_crash_at_any_step_loses_nothing_and_doubles_nothing(self, trial: Trial) -> None:
        """Processes are killed; a new one goes on with what is stored, and with nothing it had in mind."""
        with trial.opened() as run:
            if not run.subscribers():
                pytest.skip("nothing to check: it hears no event for certain")
            run.day()
            run.workshop.relay.drain(advance=True)
            whole = run.outcome()
        for steps in count():
            with trial.opened() as run:
                run.day()
                died = _die(run, steps)
                assert whole == run.outcome(), f"after a crash at storage step {steps}"
            if not died:
                return

    def test_k19_what_a_newer_crmkit_says_besides_is_no_trouble(self, trial: Trial) -> None:
        """Events come to be, and get fields; a plugin that is not upgraded at once must bear it."""
        with trial.opened() as run:
            observers = [one for one in run.crm.plugins.observers.all if one.plugin == trial.kind.name]
            if not observers:
                pytest.skip("nothing to check: it hears no event")
            run.day()
            run.workshop.relay.drain(advance=True)
            for event in list(run.workshop.events):
                for newer in _newer(event):
                    for one in observers:
                        if one.said.durable and isinstance(newer, one.heard):
                            _tell(run, one.name, newer)

    def test_k20_its_readme_has_the_table_of_its_settings(self, trial: Trial) -> None:
        """Whoever changes a setting writes it anew: `crmkit plugins settings NAME` prints it."""
        kind = trial.kind.settings_class
        if kind is None:
            pytest.skip("nothing to check: it has no settings")
        assert trial.readme is not None, "Say where it is: plugin_conformance(…, readme=Path(…))."
        table = reference(kind).strip()
        if table not in trial.readme.read_text(encoding="utf-8"):
            pytest.fail(f"Put this table into {trial.readme.name}:\n\n{table}\n", pytrace=False)


def _die(run: Run, steps: int) -> bool:
    """Die there, begin anew with a fresh plugin on the same storage, and go on to the end."""
    workshop = run.workshop
    died = workshop.steps.dies_after(steps, run.crm.relay.drain, LASTING)
    workshop.clock.go_on(seconds=LEASE.total_seconds() + 1)
    storage = run.crm._shared.storage  # noqa: SLF001  # what outlives a process
    channels = [one for one in run.crm.plugins if one is not run.plugin]
    workshop.make(run.trial.plugin(), *channels, storage=storage)
    workshop.relay.drain(advance=True)
    return died


def _newer(event: Event) -> Iterator[Event]:
    """The same event with a field more, and an event of a class that is not known yet."""
    known, kind = dict(BY_TOPIC), type(event)
    try:
        fuller = attrs.make_class(
            kind.__name__, {"more": attrs.field(default="")}, bases=(kind,), frozen=True, slots=False
        )
        unheard = attrs.make_class(
            "DealFoundAgain", {"deal_id": attrs.field()}, bases=(Event,), frozen=True, slots=False
        )
    finally:
        BY_TOPIC.clear()
        BY_TOPIC.update(known)
    own = [getattr(event, field.name) for field in attrs.fields(kind)]
    yield fuller(*own)
    yield unheard(*own[: len(attrs.fields(Event))], event.subject)


def _tell(run: Run, name: str, event: Any) -> None:
    attempt = Attempt(f"{event.id}:{name}:newer", 1, run.workshop.clock.now() + LEASE, 0)
    try:
        finished(run.crm.relay.subscribers[name].handle(event, attempt))
    except (Drop, Retry):
        return
