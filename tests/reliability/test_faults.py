"""R5 and S11: any call to the driver may fail; the store stays as it was, and nobody's data gets out."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from promises.contents import empty, stored, texts_of, version_of
from promises.faults import FAULTS, Fault, Plan, planted
from promises.figures import Figure
from promises.scales import scales
from promises.shop import CALLS, CANARY, JUDGED, Ids, shop

from crmkit import CRM, MemoryBlobs, Transaction
from crmkit.services.transaction import room
from crmkit.storage.sql import SQLStorage

Tell = Callable[..., Figure]
FEW = ("clients.add", "clients.merge", "deals.win", "calls.end")


def test_every_changing_verb_is_made_to_fail() -> None:
    """A verb nobody tries would be the one that leaves half behind."""
    verbs = set[str]()
    with CRM.open("memory://") as crm, crm.begin() as tx:
        for name, value in vars(Transaction).items():
            if isinstance(value, room):
                methods = inspect.getmembers(getattr(tx, name), inspect.ismethod)
                verbs |= {f"{name}.{verb}" for verb, method in methods if hasattr(method, "__crm_command__")}
    assert verbs == set(CALLS)


@pytest.mark.parametrize("database", FAULTS)
@scales(plain=FEW, heavy=tuple(CALLS), nightly=tuple(CALLS))
def test_whatever_call_fails_the_store_stays_as_it_was(
    request: pytest.FixtureRequest, database: str, run: str, scale: tuple[str, ...], tmp_path: Path, tell: Tell,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Verb by verb, call by call, error by error: a typed error, nothing half, nothing leaked, and then it works."""
    url = f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")
    plan, storage = planted(monkeypatch), SQLStorage(url)
    caplog.set_level(logging.DEBUG)
    with CRM(storage, region="RU", blobs=MemoryBlobs(), consent=JUDGED) as crm:
        tried = Tried(crm, storage, plan)
        for place, verb in enumerate(scale):
            every = FAULTS[database]
            for fault in every if run == "nightly" else every[place % len(every) :][:1]:
                tried.verb(verb, fault)
        version = version_of(storage)
    wrong = {
        kind: sum(one.startswith(kind) for one in tried.wrong) for kind in ("left half", "foreign errors", "leaked")
    }
    tell("R5", database, run, {"verbs": len(scale), "failed calls": tried.calls, **wrong}, version)
    seen = [text for text in (*tried.texts, caplog.text) if CANARY in text]
    tell("S11", database, run, {"errors looked at": len(tried.texts), "personal texts seen": len(seen)}, version)
    assert [] == tried.wrong
    assert [] == seen
    assert tried.calls > 3 * len(scale)


@attrs.define
class Tried:
    """One database whose driver fails, and what came of it."""

    crm: CRM
    storage: SQLStorage
    plan: Plan
    calls: int = 0
    wrong: list[str] = attrs.field(factory=list[str])
    texts: list[str] = attrs.field(factory=list[str])

    def verb(self, verb: str, fault: Fault) -> None:
        """Let every call of a verb fail in turn, until it gets through."""
        empty(self.storage)
        ids, plan = shop(self.crm), self.plan
        before = stored(self.crm)
        for at in range(2 if fault.lost else 1, 500):  # a connection lost at BEGIN is replaced, and nobody hears of it
            plan.arm(fault, at)
            error = self.failed(verb, ids)
            expected, fired, done = plan.expected, plan.fired, fault.late and plan.at_commit
            plan.disarm()
            self.calls += fired
            self.texts += texts_of(error)
            self.blame("leaked", verb, at, self.storage.connections._used)
            self.blame("foreign errors", verb, at, fired and type(error) is not expected and error)
            there = before != stored(self.crm)
            self.blame("left half", verb, at, there != (done or not fired))
            if there:
                return
        raise AssertionError(f"{verb} does not get through.")

    def failed(self, verb: str, ids: Ids) -> BaseException | None:
        """Whatever a verb raises, if it does."""
        try:
            with self.crm.begin() as tx:
                CALLS[verb](tx, ids)
        except Exception as error:  # noqa: BLE001  # a driver's error would be the fault we look for
            return error
        return None

    def blame(self, what: str, verb: str, at: int, wrong: object) -> None:
        """Note what is wrong."""
        if wrong:
            self.wrong.append(f"{what}: {verb}, call {at}: {wrong!r}")


@pytest.mark.parametrize("call", ["insert", "replace", "keep", "delete", "append", "remember", "commit"])
def test_whatever_call_fails_in_memory_the_store_stays_as_it_was(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An equal adapter: a failure in the middle of a block, wherever, leaves what was before it."""
    from crmkit.storage.memory.transaction import MemoryTransaction

    real, calls = getattr(MemoryTransaction, call), {"left": 0, "made": 0}

    def failing(tx: MemoryTransaction, *args: Any) -> Any:
        calls["made"] += 1
        if calls["made"] == calls["left"] and tx.write:
            raise MemoryError(CANARY)
        return real(tx, *args)

    monkeypatch.setattr(MemoryTransaction, call, failing)
    tried = 0
    with CRM.open("memory://", region="RU", consent=JUDGED) as crm:
        for verb in CALLS:
            ids = shop(crm)
            for at in range(1, 200):
                before = stored(crm, f"{verb}-{call}")
                calls.update(left=at, made=0)
                try:
                    crm.run(lambda tx: CALLS[verb](tx, ids) and None, key=f"{verb}-{call}", attempts=1)  # noqa: B023
                except MemoryError:
                    tried += 1
                    calls.update(left=0)
                    assert before == stored(crm, f"{verb}-{call}")
                else:
                    calls.update(left=0)
                    break
    assert tried >= 7
