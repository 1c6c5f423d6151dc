"""R5 and S11: any call to the driver may fail; the store stays as it was, and nobody's data gets out."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from promises.faults import FAULTS, Plan, planted
from promises.figures import Figure
from promises.scales import scales
from promises.shop import CALLS, CANARY, Ids, shop

from crmkit import CRM, Transaction
from crmkit.domain.where import EVERYTHING
from crmkit.errors import CRMError, OutcomeUnknown
from crmkit.ports import RECORDS
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
    plan, failed, texts = planted(monkeypatch), 0, list[str]()
    caplog.set_level(logging.DEBUG)
    storage = SQLStorage(url)
    with CRM(storage, region="RU") as crm:
        for place, verb in enumerate(scale):
            every = range(len(FAULTS[database]))
            for number in every if run == "nightly" else [place % len(every)]:
                for said in _failing(crm, storage, plan, database, verb, number):
                    failed += 1
                    texts.append(said)
    seen = [text for text in (*texts, caplog.text) if CANARY in text]
    tell(
        "R5",
        database,
        run,
        {"verbs": len(scale), "failed calls": failed, "left half": 0, "foreign errors": 0, "leaked": 0},
        "",
    )
    tell("S11", database, run, {"errors looked at": len(texts), "personal texts seen": len(seen)}, "")
    assert [] == seen


def _failing(crm: CRM, storage: SQLStorage, plan: Plan, database: str, verb: str, number: int) -> Iterator[str]:
    """Let every call of a verb fail in turn, until it gets through; what each error said."""
    ids, fault = shop(crm), FAULTS[database][number]
    for at in range(2 if fault.lost else 1, 500):  # a connection lost at BEGIN is replaced, and nobody hears of it
        before = _fingerprint(crm, ids)
        plan.arm(fault, at)
        try:
            with crm.begin() as tx:
                CALLS[verb](tx, ids)
            error = None
        except CRMError as raised:
            error = raised
        expected, fired, late = plan.expected, plan.fired, fault.late and plan.at_commit
        plan.disarm()
        assert not storage.connections._used, f"{verb} leaked a connection at call {at}"
        if not fired:
            assert error is None
            assert before != _fingerprint(crm, ids), f"{verb} has changed nothing"
            return
        assert expected is type(error), f"{verb}, call {at}: {error!r}"
        if late:
            assert isinstance(error, OutcomeUnknown)
            assert before != _fingerprint(crm, ids), f"{verb} is not there, though its commit came through"
            return
        assert before == _fingerprint(crm, ids), f"{verb} left something behind at call {at}"
        yield from _texts_of(error)
    raise AssertionError(verb)


def _fingerprint(crm: CRM, ids: Ids) -> Any:
    """How much there is of everything, and all there is of this shop."""
    with crm.read() as tx:
        store = tx._unit.store
        counts = [store.count(kind, EVERYTHING) for kind in RECORDS]
        clients = [tx.clients.get(ids[name]) for name in ("client", "other", "away", "merged")]
        hanging = [dict(store.hanging_on(client.id)) for client in clients]
        people = [user.name for user in tx.users.list(limit=1000)]
        return counts, store.journal_length(), clients, hanging, people, tx.pipelines.count()


def _texts_of(error: BaseException | None) -> Iterator[str]:
    """All that an error and what hangs on it could show."""
    while error is not None:
        yield f"{error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__


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
    with CRM.open("memory://", region="RU") as crm:
        for verb in CALLS:
            ids = shop(crm)
            for at in range(1, 200):
                before = _fingerprint(crm, ids)
                calls.update(left=at, made=0)
                try:
                    crm.run(lambda tx: CALLS[verb](tx, ids) and None, key=f"{verb}-{call}", attempts=1)  # noqa: B023
                except MemoryError:
                    tried += 1
                    calls.update(left=0)
                    assert before == _fingerprint(crm, ids)
                else:
                    calls.update(left=0)
                    break
    assert tried >= 7
