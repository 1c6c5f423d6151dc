"""Driver connections, kept at hand once opened: a checkout from SQLAlchemy's pool costs 8 µs, more than a lookup."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from crmkit.errors import CRMError, Fault, Invalid, StorageUnreachable
from crmkit.storage.sql.databases.database import Database, Link

T = TypeVar("T")


class Holder(Protocol):
    """Who uses a connection."""

    def cut(self) -> None:
        """Never touch the connection again."""
        ...


@attrs.define(eq=False)
class Connection:
    """One connection of the driver's, and the link we speak to it by."""

    proxied: PoolProxiedConnection
    link: Link


class Connections:
    """Connections nobody uses; more are opened as needed, and a forked child starts without any."""

    def __init__(self, database: Database, engine: sa.Engine) -> None:
        self.database = database
        self.engine = engine
        self.closed = False
        #: Whether the store has a second wall, which must hear whom each statement is for.
        self.walled = False
        self._idle: deque[Connection] = deque()
        self._used: dict[int, tuple[Connection, Holder | None]] = {}
        event.listen(engine, "connect", self._connected)
        _ALL.add(self)

    def begun(self, holder: Holder, *, write: bool) -> Connection:
        """A connection with a transaction begun on it."""
        connection, _ = self.begun_by(holder, lambda link: self.database.begin(link, write=write))
        return connection

    def begun_by(self, holder: Holder, begin: Callable[[Link], T], what: str = "record") -> tuple[Connection, T]:
        """
        A connection with a transaction begun on it by *begin*, and what that answered; it must not commit anything.

        A server may have gone and come back while a connection lay idle. Nothing is lost then, for nothing had been
        begun: that one and its idle siblings are dropped, and a new one is asked for.
        """
        failure: CRMError
        while True:
            rested = bool(self._idle)
            connection = self.take(holder)
            try:
                return connection, begin(connection.link)
            except self.database.errors as error:
                lost, failure = self.database.lost(error), self.database.translated(error, what)
                self.drop(connection)
            except BaseException:
                self.drop(connection)
                raise
            if not (rested and lost):
                break
            self.forget()
        raise failure

    def take(self, holder: Holder | None = None) -> Connection:
        """A connection nobody uses, outside any transaction."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        self._used[id(connection)] = connection, holder
        return connection

    def sound(self, holder: Holder) -> Connection:
        """One that nobody uses and that the server has not left meanwhile: a question may be asked on it at once."""
        while self.database.left((connection := self.take(holder)).link):
            self.drop(connection)
            self.forget()  # its siblings have been left, too
        return connection

    def give(self, connection: Connection) -> None:
        """Put it back."""
        if self._used.pop(id(connection), None) is None:
            return  # it belongs to the process we were forked from
        if self.closed:
            connection.proxied.close()
        else:
            self._idle.append(connection)

    def drop(self, connection: Connection) -> None:
        """Close one that nothing can be said of any more."""
        if self._used.pop(id(connection), None) is not None:
            connection.proxied.invalidate()

    @contextmanager
    def outside(self) -> Generator[Link]:
        """A connection outside any transaction; no driver error gets out, nor leads back to one what does."""
        connection = self.take()
        failure: CRMError
        try:
            yield connection.link
        except self.database.errors as error:
            failure = self.database.translated(error, "schema")
            self.drop(connection)
        except BaseException:
            self.drop(connection)
            raise
        else:
            self.give(connection)
            return
        raise failure

    def forget(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._idle.pop().proxied.invalidate()

    def close(self) -> None:
        """Close what is not in use now, and the rest as soon as it comes back."""
        self.closed = True
        while self._idle:
            self._idle.pop().proxied.close()
        self.engine.dispose()

    def abandon(self) -> None:
        """
        Forget the parent's connections without closing them.

        SQLite forbids any use of them here, closing included, and a server would be told that the parent is leaving.
        Nothing may collect them either, for that closes them; so each gets a reference that nobody gives back.
        """
        for connection, holder in (*((idle, None) for idle in self._idle), *self._used.values()):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
            if holder is not None:
                holder.cut()
        self._idle.clear()
        self._used.clear()
        self.engine.dispose(close=False)

    def _connected(self, driver: Any, _: object) -> None:
        self.database.connected(driver)

    def _open(self) -> Connection:
        if self.closed:
            raise StorageUnreachable("closed")
        failure: CRMError
        try:
            proxied = self.engine.raw_connection()
            return Connection(proxied, self.database.link(proxied.driver_connection))
        except DBAPIError as error:
            failure = self.database.translated(error.orig or error)
        except self.database.errors as error:
            failure = self.database.translated(error)
        except TypeError:
            failure = Invalid(Fault("url", "unknown_option", "The part after ? names an option the driver lacks."))
        raise failure


_ALL: weakref.WeakSet[Connections] = weakref.WeakSet()


def _in_child() -> None:
    for connections in list(_ALL):
        connections.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
