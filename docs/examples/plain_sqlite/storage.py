"""
A storage on the standard library's sqlite3: a table for each kind of record, over crmkit's public names alone.

A record is kept as JSON, beside the few columns that something is looked up by. SQLite itself sees to what must be
unique, to what must be there, and to commits. One transaction writes at a time; readers keep their snapshot.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Lock

from plain_sqlite.tables import STATEMENTS, TABLES
from plain_sqlite.transaction import PlainSQLiteTransaction, translated

from crmkit.errors import Fault, Invalid, StorageUnreachable
from crmkit.ports import Scope

PATIENCE = 5.0


class PlainSQLiteStorage:
    """
    A store in one SQLite file: `PlainSQLiteStorage("crm.db")`.

    >>> from crmkit import CRM
    >>> from tempfile import mkdtemp
    >>> with CRM(PlainSQLiteStorage(f"{mkdtemp()}/crm.db")) as crm, crm.begin() as tx:
    ...     tx.clients.add(name="Anna").name
    'Anna'
    """

    name = "plainsqlite"

    def __init__(self, path: str | Path) -> None:
        self._path, self._closed = path, False
        self._idle, self._door = list[sqlite3.Connection](), Lock()
        connection = self._connected()
        try:
            self._make(connection)
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            self.take_back(connection)

    def begin(self, *, write: bool, scope: Scope) -> PlainSQLiteTransaction:
        """Open a transaction; a second writer waits for the first, then gives up with `StorageBusy`."""
        connection = self._connected()
        try:
            connection.execute("begin immediate" if write else "begin")
        except sqlite3.Error as error:
            self.take_back(connection)
            raise translated(error) from error
        return PlainSQLiteTransaction(connection, scope, write, self.take_back)

    def take_back(self, connection: sqlite3.Connection) -> None:
        """Undo what is open on a connection, and keep it for the next transaction."""
        try:
            connection.rollback()
        except sqlite3.Error:
            connection.close()
            return
        with self._door:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def revision(self) -> str | None:
        """Nothing: what a record consists of is in its JSON, and tables that are missing are made."""
        return None

    def close(self) -> None:
        """Take no more transactions, and let go of the file as the open ones end; harmless twice."""
        with self._door:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connected(self) -> sqlite3.Connection:
        with self._door:
            if self._closed:
                raise StorageUnreachable("closed")
            if self._idle:
                return self._idle.pop()
        try:
            connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise translated(error) from error
        try:
            for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
                connection.execute(f"pragma {pragma}")
        except sqlite3.Error as error:
            connection.close()
            raise translated(error) from error
        return connection

    def _make(self, connection: sqlite3.Connection) -> None:
        """Make what is missing at once or not at all: in a new file everything, with a newer crmkit a new kind."""
        there = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        if not there.issuperset(TABLES):
            connection.execute("begin immediate")
            for statement in STATEMENTS:
                connection.execute(statement)
            connection.execute("commit")


def opened(url: str, *, migrate: str) -> PlainSQLiteStorage:
    """Open `plainsqlite:///crm.db` for `CRM.open`: what the entry point names."""
    if migrate not in ("create", "upgrade", "never"):
        raise Invalid(Fault("migrate", "unknown", "Say 'create', 'upgrade' or 'never'."))
    scheme, _, path = url.partition(":///")
    if scheme != "plainsqlite" or not path:
        raise Invalid(Fault("url", "no_file", "Name a file: plainsqlite:///crm.db."))
    return PlainSQLiteStorage(path)
