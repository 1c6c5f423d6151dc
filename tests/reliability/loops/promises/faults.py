"""The n-th call to a driver fails, as that driver really fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import psycopg
import pymysql
import pytest

from crmkit.errors import Conflict, CRMError, OutcomeUnknown, StorageBusy, StorageFull, StorageUnreachable
from crmkit.storage.sql.databases.mariadb import PyMySQLLink
from crmkit.storage.sql.databases.psycopg_link import PsycopgLink
from crmkit.storage.sql.databases.sqlite import SQLite
from promises.shop import CANARY


@attrs.frozen
class Fault:
    """What a driver raises, what crmkit must make of it, and what has happened to the connection and the commit."""

    make: Callable[[], BaseException]
    becomes: type[CRMError]
    lost: bool = False
    late: bool = False


def _sqlite(kind: type[sqlite3.Error], name: str) -> Callable[[], BaseException]:
    def make() -> BaseException:
        error = kind(f"it fails at {CANARY}")
        error.sqlite_errorname = name
        return error

    return make


def _mariadb(code: int) -> Callable[[], BaseException]:
    return lambda: pymysql.err.OperationalError(code, f"it fails at {CANARY}")


def _postgresql(kind: type[psycopg.Error]) -> Callable[[], BaseException]:
    return lambda: kind(f"Key (email)=({CANARY}) fails")


FAULTS: dict[str, tuple[Fault, ...]] = {
    "sqlite": (
        Fault(_sqlite(sqlite3.OperationalError, "SQLITE_FULL"), StorageFull),
        Fault(_sqlite(sqlite3.OperationalError, "SQLITE_BUSY"), StorageBusy),
        Fault(_sqlite(sqlite3.OperationalError, "SQLITE_IOERR_READ"), StorageUnreachable),
        Fault(_sqlite(sqlite3.DatabaseError, "SQLITE_CORRUPT"), StorageUnreachable),
    ),
    "postgresql": (
        Fault(_postgresql(psycopg.errors.SerializationFailure), Conflict),
        Fault(_postgresql(psycopg.errors.DeadlockDetected), Conflict),
        Fault(_postgresql(psycopg.errors.LockNotAvailable), StorageBusy),
        Fault(_postgresql(psycopg.errors.DiskFull), StorageFull),
        Fault(_postgresql(psycopg.OperationalError), StorageUnreachable, lost=True),
        Fault(_postgresql(psycopg.OperationalError), StorageUnreachable, lost=True, late=True),
    ),
    "mariadb": (
        Fault(_mariadb(1213), Conflict),
        Fault(_mariadb(1205), StorageBusy),
        Fault(_mariadb(1021), StorageFull),
        Fault(_mariadb(2013), StorageUnreachable, lost=True),
        Fault(_mariadb(2013), StorageUnreachable, lost=True, late=True),
    ),
}


#: What is sent once all is decided: should it fail, the connection is closed, and nothing else follows.
AFTERWARDS = ("ROLLBACK", "SELECT RELEASE_ALL_LOCKS()")


@attrs.define
class Plan:
    """
    Which call fails, and how; whether it has, and whether it was the commit.

    A transaction that could not begin because somebody writes cannot begin the next moment either: `held` is what goes
    on failing.
    """

    fault: Fault | None = None
    at: int = 0
    calls: int = 0
    fired: bool = False
    at_commit: bool = False
    held: str = ""

    def arm(self, fault: Fault, at: int) -> None:
        """Count anew, and fail at one call."""
        self.fault, self.at, self.calls, self.fired, self.at_commit, self.held = fault, at, 0, False, False, ""

    def disarm(self) -> None:
        """Let everything through."""
        self.fault = None

    def call(self, what: str, run: Callable[[], Any], close: Callable[[], object]) -> Any:
        """One call to the driver."""
        if self.fault is None or what in AFTERWARDS:
            return run()
        if what == self.held:
            raise self.fault.make()
        self.calls += 1
        if self.calls != self.at:
            return run()
        self.fired, self.at_commit = True, what == "COMMIT"
        if self.fault.becomes is StorageBusy and what.startswith("BEGIN"):
            self.held = what
        if self.fault.late and self.at_commit:
            run()
        if self.fault.lost:
            close()
        raise self.fault.make()

    @property
    def expected(self) -> type[CRMError]:
        """What the caller must be told."""
        assert self.fault is not None
        return OutcomeUnknown if self.fault.lost and self.at_commit else self.fault.becomes


class FailingConnection:
    """SQLite's own connection is the link, and cannot be changed: this stands before it."""

    def __init__(self, connection: sqlite3.Connection, plan: Plan) -> None:
        self._connection, self._plan = connection, plan

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, args: Sequence[Any] = ()) -> Any:
        return self._plan.call(sql, lambda: self._connection.execute(sql, args), self._connection.close)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        return self._plan.call(sql, lambda: self._connection.executemany(sql, rows), self._connection.close)


def planted(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan that every connection opened from now on follows."""
    plan = Plan()

    def link(_: object, driver: sqlite3.Connection) -> FailingConnection:
        return FailingConnection(driver, plan)

    monkeypatch.setattr(SQLite, "link", link)
    monkeypatch.setattr("crmkit.storage.sql.databases.sqlite.PATIENCE", 0.05)  # nobody waits for what never ends
    for kind in (PsycopgLink, PyMySQLLink):
        for name in ("execute", "executemany"):
            _plant(monkeypatch, plan, kind, name)
    several = PsycopgLink.several

    def call(self: Any, said: Sequence[Any]) -> Any:
        if len(said) == 1:
            return several(self, said)
        return plan.call(trip(said), lambda: several(self, said), self._connection.close)

    monkeypatch.setattr(PsycopgLink, "several", call)
    return plan


def trip(said: Sequence[Any]) -> str:
    """What a round trip of several statements decides: whether there is a transaction, or whether it is done."""
    (first, _), (last, _) = said[0], said[-1]
    return str(last if last == "COMMIT" and not first.startswith("BEGIN") else first)


def _plant(monkeypatch: pytest.MonkeyPatch, plan: Plan, link: Any, name: str) -> None:
    real = getattr(link, name)

    def call(self: Any, sql: str, *rest: Any) -> Any:
        return plan.call(sql, lambda: real(self, sql, *rest), self._connection.close)

    monkeypatch.setattr(link, name, call)
