"""The n-th call to a server is cut off: the connection goes, before or after the server did it, or a deadlock ends it.

Nothing is made up here: sockets are shut and servers told to fail, so that each error is the driver's and the server's
own, and the server's session is in the state it has after one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import attrs
import psycopg
import pytest

from crmkit.storage.sql.databases.mariadb import PyMySQLLink
from crmkit.storage.sql.databases.psycopg_link import PsycopgLink
from crmkit.storage.sql.databases.sqlite import SQLite
from promises.faults import trip
from promises.shop import CANARY

How = Literal["lost before", "lost after", "deadlock", "interrupted before", "interrupted after"]
#: SQLite has no connection to lose, and one writer at a time.
WAYS: dict[str, tuple[How, ...]] = {
    "postgresql": ("lost before", "lost after", "deadlock", "interrupted before", "interrupted after"),
    "mariadb": ("lost before", "lost after", "deadlock", "interrupted before", "interrupted after"),
    "sqlite": ("interrupted before", "interrupted after"),
}
_DEADLOCK = {
    PsycopgLink: (f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = '{CANARY}'; END $$",),
    PyMySQLLink: ("ROLLBACK", f"SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = '{CANARY}'"),
}


@attrs.define
class Cut:
    """Which call is cut off, and how; `hit` is its statement, once it was."""

    how: How = "lost before"
    at: int = 0
    calls: int = 0
    hit: str | None = None

    def arm(self, how: How, at: int) -> None:
        """Count anew."""
        self.how, self.at, self.calls, self.hit = how, at, 0, None

    def disarm(self) -> None:
        """Let everything through."""
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether the commit was done when the call was cut off: itself, or what gives the locks back after it."""
        return (self.hit == "COMMIT" and self.how.endswith("after")) or self.hit == "SELECT RELEASE_ALL_LOCKS()"

    def call(self, link: Any, sql: str, run: Callable[[str], Any]) -> Any:
        """One call to the server; *run* sends a statement on the same link."""
        self.calls += 1
        if not self.at or self.calls != self.at:
            return run(sql)
        self.hit = sql
        if self.how.endswith("after"):
            run(sql)
        match self.how:
            case "lost before" | "lost after":
                _shut(link)
                return run("SELECT 1")
            case "deadlock":
                for statement in _DEADLOCK[type(link)]:
                    run(statement)
                raise AssertionError("The server was told to fail, and did not.")
            case _:
                raise KeyboardInterrupt


def _shut(link: Any) -> None:
    """The network between us and the server is gone."""
    connection = link._connection
    if isinstance(connection, psycopg.Connection):
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
    else:
        connection._sock.shutdown(socket.SHUT_RDWR)


class CutOffConnection:
    """SQLite's own connection is the link, and cannot be changed: this stands before it."""

    def __init__(self, connection: Any, cut: Cut) -> None:
        self._connection, self._cut = connection, cut

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def execute(self, sql: str, args: Sequence[Any] = ()) -> Any:
        return self._cut.call(self, sql, lambda sent: self._connection.execute(sent, args))

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        return self._cut.call(self, sql, lambda sent: self._connection.executemany(sent, rows))


def cut_off(monkeypatch: pytest.MonkeyPatch) -> Cut:
    """What cuts off calls on every connection opened from now on."""
    cut = Cut()

    def link_of(_: SQLite, driver: Any) -> CutOffConnection:
        return CutOffConnection(driver, cut)

    monkeypatch.setattr(SQLite, "link", link_of)
    for link in (PsycopgLink, PyMySQLLink):
        _between(monkeypatch, cut, link)
    several = PsycopgLink.several

    def call(self: Any, said: Sequence[Any]) -> Any:
        if len(said) == 1:
            return several(self, said)
        whole = trip(said)
        return cut.call(self, whole, lambda sent: several(self, said if sent == whole else [(sent, ())]))

    monkeypatch.setattr(PsycopgLink, "several", call)
    return cut


def _between(monkeypatch: pytest.MonkeyPatch, cut: Cut, link: Any) -> None:
    one, many = link.execute, link.executemany

    def execute(self: Any, sql: str, args: Sequence[Any] = ()) -> Any:
        return cut.call(self, sql, lambda sent: one(self, sent, args if sent == sql else ()))

    def executemany(self: Any, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        return cut.call(self, sql, lambda sent: many(self, sent, rows) if sent == sql else one(self, sent))

    monkeypatch.setattr(link, "execute", execute)
    monkeypatch.setattr(link, "executemany", executemany)
