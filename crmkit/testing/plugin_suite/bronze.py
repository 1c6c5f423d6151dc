"""K01 to K06: a plugin that is imported, configured, started and let go as the house expects it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from weakref import ref

import attrs
import pytest

from crmkit.errors import Invalid
from crmkit.plugins.implementations import found_in
from crmkit.plugins.registry import declared, generated
from crmkit.plugins.settings.hints import entries_of
from crmkit.testing.plugin_suite.importing import forbidden_imports, imported
from crmkit.testing.plugin_suite.inside import Watch
from crmkit.testing.plugin_suite.trial import Trial

#: How long importing may take, in seconds, on top of crmkit itself.
PATIENCE = 0.2
#: How often it is measured while it seems too long: a machine may be busy, and reads a file for the first time.
TRIES = 4


class Bronze:
    """What can be said without telling it anything."""

    def test_k01_importing_it_is_quick_and_touches_nothing(self, trial: Trial) -> None:
        """Hosts import every plugin they list, some in programs that never run it."""
        for _ in range(TRIES):
            said = imported(trial.kind)
            assert [] == said["touched"]
            if said["seconds"] < PATIENCE:
                return
        pytest.fail(f"Importing it takes more than {PATIENCE} s: import what is heavy where it is used.")

    def test_k02_it_is_made_of_its_settings_alone_and_names_each_missing_one(
        self, trial: Trial, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Making it touches nothing: work begins in `start`. An operator mends a file by what the error says."""
        watch = Watch(lambda: 0, monkeypatch)
        watch.around("__init__", trial.plugin)
        assert [] == watch.seen
        kind = trial.kind.settings_class
        entries = () if kind is None else entries_of(kind)
        required = [one.key for one in entries if cast("Any", one.field.default) is attrs.NOTHING]
        for name in required:
            rest = {key: value for key, value in trial.settings.items() if key != name}
            with pytest.raises(Invalid) as caught:
                attrs.evolve(trial, settings=rest).plugin()
            assert [f"plugins.{trial.kind.name}.{name}"] == [fault.path for fault in caught.value.faults]

    def test_k03_it_imports_what_is_public_and_no_more(self, trial: Trial) -> None:
        """The rest of crmkit changes without notice; blinker is for hosts."""
        assert [] == list(forbidden_imports(trial.kind))

    def test_k04_every_method_that_looks_like_a_hook_is_one(self, trial: Trial) -> None:
        """A misspelt hook would never be called, and nobody would know."""
        assert () == tuple(found_in(trial.plugin(), {**declared(), **generated()}).faults)

    def test_k05_it_starts_and_stops_twice_and_leaves_nothing(self, trial: Trial) -> None:
        """No thread, no socket: a host that reloads must not run out of them."""
        before = _running()
        with trial.opened() as run:
            plugins, now = run.crm.plugins, run.workshop.clock.now()
            assert trial.kind.name in plugins.running(), plugins.status()[0].reason
            plugins.stop()
            plugins.start(run.crm._as_plugin, now)  # noqa: SLF001  # what `CRM` does
            assert trial.kind.name in plugins.running(), plugins.status()[0].reason
            assert not plugins.status()[0].failures
        for thread in threading.enumerate():
            if thread.ident not in before[0] and thread is not threading.current_thread():
                thread.join(2)
        assert before == _running()

    def test_k06_two_crms_share_nothing_and_a_dropped_one_is_gone(self, trial: Trial) -> None:
        """A host opens one for each tenant."""
        before = dict(_shared(trial))
        gone = _used(trial)
        gc.collect()
        assert [None, None] == [one() for one in gone], "Something keeps it: a list of the module's, or the class's?"
        assert before == dict(_shared(trial))


def _running() -> tuple[set[int | None], int]:
    folder = Path("/proc/self/fd")
    sockets = 0
    for one in os.listdir(folder) if folder.exists() else ():  # noqa: PTH208  # entries vanish while one looks
        try:
            sockets += os.readlink(folder / one).startswith("socket:")  # noqa: PTH115
        except OSError:
            continue
    return {one.ident for one in threading.enumerate() if one.is_alive()}, sockets


def _used(trial: Trial) -> list[ref[Any]]:
    with trial.opened() as first, trial.opened() as second:
        for run in (first, second):
            run.day()
            run.workshop.relay.drain()
        return [ref(first.crm), ref(first.plugin)]


def _shared(trial: Trial) -> Iterator[tuple[str, int]]:
    """How much is in the containers of the class and of its module."""
    import sys

    places: list[Mapping[str, Any]] = [
        vars(one) for one in trial.kind.__mro__ if one.__module__ == trial.kind.__module__
    ]
    places.append(vars(sys.modules.get(trial.kind.__module__, object)))
    for place in places:
        for name, value in place.items():
            if isinstance(value, (list, dict, set)) and not name.startswith("__"):
                yield f"{place.get('__qualname__', '')}{name}", len(value)  # pyright: ignore[reportUnknownArgumentType]
