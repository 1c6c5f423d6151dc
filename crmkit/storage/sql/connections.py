"""Driver connections, kept at hand once opened: a checkout from SQLAlchemy's pool costs 8 µs, more than a lookup."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import time
import weakref
from collections import deque
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from crmkit.errors import CRMError, Fault, Invalid, StorageUnreachable
from crmkit.storage.sql.failures import translated

PATIENCE = 5.0
#: The wait for locks comes first, for the change to WAL needs one.
PRAGMAS = (
    f"busy_timeout={PATIENCE * 1000:.0f}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
    "secure_delete=ON", "trusted_schema=OFF",
)  # fmt: skip


class Holder(Protocol):
    """Who uses a connection."""

    def cut(self) -> None:
        """Never touch the connection again."""
        ...


class Connections:
    """Connections nobody uses; more are opened as needed, and a forked child starts without any."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.closed = False
        self._idle: deque[PoolProxiedConnection] = deque()
        self._used: dict[int, tuple[PoolProxiedConnection, Holder | None]] = {}
        event.listen(engine, "connect", _prepare)
        _ALL.add(self)

    def take(self, holder: Holder | None = None) -> PoolProxiedConnection:
        """A connection nobody uses."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        self._used[id(connection)] = connection, holder
        return connection

    def give(self, connection: PoolProxiedConnection) -> None:
        """Put it back."""
        if self._used.pop(id(connection), None) is None:
            return  # it belongs to the process we were forked from
        if self.closed:
            connection.close()
        else:
            self._idle.append(connection)

    def drop(self, connection: PoolProxiedConnection) -> None:
        """Close one that nothing can be said of any more."""
        if self._used.pop(id(connection), None) is not None:
            connection.invalidate()

    def close(self) -> None:
        """Close what is not in use now, and the rest as soon as it comes back."""
        self.closed = True
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    def abandon(self) -> None:
        """
        Forget the parent's connections without closing them: SQLite forbids any use of them here, closing included.

        Nothing may collect them either, for that closes them; so each gets a reference that nobody gives back.
        """
        for connection, holder in (*((idle, None) for idle in self._idle), *self._used.values()):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
            if holder is not None:
                holder.cut()
        self._idle.clear()
        self._used.clear()
        self.engine.dispose(close=False)

    def _open(self) -> PoolProxiedConnection:
        if self.closed:
            raise StorageUnreachable("closed")
        failure: CRMError
        try:
            return self.engine.raw_connection()
        except DBAPIError as error:
            failure = translated(error.orig or error)
        except sqlite3.Error as error:
            failure = translated(error)
        except TypeError:
            failure = Invalid(Fault("url", "unknown_option", "The part after ? names an option the driver lacks."))
        raise failure


def _prepare(connection: Any, _: object) -> None:
    for pragma in PRAGMAS:
        _patiently(connection, f"PRAGMA {pragma}")


def _patiently(connection: Any, statement: str) -> None:
    """SQLite does not wait for the lock that the change to WAL needs, however long it was told to."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute(statement).close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


_ALL: weakref.WeakSet[Connections] = weakref.WeakSet()


def _in_child() -> None:
    for connections in list(_ALL):
        connections.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
