"""SQLite: one file, one writer at a time, snapshots for readers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime
from operator import index
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmkit.domain.ids import uuid_of
from crmkit.domain.instants import instant, micros
from crmkit.errors import Conflict, CRMError, Fault, Invalid, StorageBusy, StorageFull, StorageUnreachable
from crmkit.storage.sql.codecs import BYTES_AND_MICROS
from crmkit.storage.sql.databases.database import JOURNAL_END, PATIENCE, UNSTORABLE, Database, Link
from crmkit.storage.sql.mapping import Mappings

#: The wait for locks comes first, for the change to WAL needs one.
PRAGMAS: tuple[str, ...] = (
    f"busy_timeout={PATIENCE * 1000:.0f}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
    "secure_delete=ON", "trusted_schema=OFF",
)  # fmt: skip
#: How long, in milliseconds, SQLite waits by itself before it is asked anew, and looks often again.
TURN = 20
_TAKEN = ("PRIMARYKEY", "UNIQUE", "ROWID", "FOREIGNKEY", "TRIGGER")
#: A quota answers a write with an input/output error, a full disk with SQLITE_FULL.
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE")


class SQLite(Database):
    """Instants are integer microseconds, ids sixteen bytes; the driver's own connection is the link."""

    name = "sqlite"
    errors = (sqlite3.Error, *UNSTORABLE)
    mappings = Mappings(BYTES_AND_MICROS)
    #: A write claims the file at once: one that began to read could not be sure to become a writer later.
    writing = ("BEGIN IMMEDIATE",)
    reading = ("BEGIN",)
    digits, micros = staticmethod(bytes.hex), staticmethod(index)
    has_table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    indexes = "SELECT name, 1 FROM sqlite_master WHERE type = 'index'"
    has_statistics = False
    transactional_ddl = True
    reads_alone = True

    def engine(self, url: sa.URL) -> sa.Engine:
        if url.database in (None, "", ":memory:") or "memory" in (url.database, url.query.get("mode")):
            raise Invalid(Fault("url", "no_file", "SQLite needs a file here: sqlite:///shop.db. In memory: memory://."))
        if url.query and url.query.get("uri") != "true":
            raise Invalid(
                Fault("url", "unknown_option", "SQLite takes options in the form sqlite:///file:shop.db?…&uri=true.")
            )
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False, "cached_statements": 512}
        return sa.create_engine(url, connect_args=options, poolclass=NullPool)

    def connected(self, driver: Any) -> None:
        for pragma in PRAGMAS:
            _patiently(driver, f"PRAGMA {pragma}")

    def link(self, driver: Any) -> Link:
        link: Link = driver
        return link

    def begin(self, link: Link, *, write: bool) -> None:
        """
        Begin; who writes waits for whoever does, in short turns.

        SQLite itself looks less and less often the longer it waits, so that among many writers those who came last
        are let in first, and one of them may wait in vain for ever.
        """
        if not write:
            link.execute("BEGIN")
            return
        deadline = time.monotonic() + PATIENCE
        link.execute(f"PRAGMA busy_timeout={TURN}")
        try:
            while True:
                try:
                    link.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                        raise
        finally:
            link.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")

    def stored(self, value: object) -> object:
        if isinstance(value, UUID):
            return value.bytes
        return micros(value) if isinstance(value, datetime) else value

    def id(self, held: Any) -> UUID:
        return uuid_of(held)

    def instant(self, held: Any) -> datetime:
        return instant(held)

    def translated(self, error: BaseException, what: str = "record") -> CRMError:
        code = getattr(error, "sqlite_errorname", "")
        if code.startswith("SQLITE_CONSTRAINT_") and code.endswith(_TAKEN):
            return Conflict(what)
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return StorageBusy()
        if code in _FULL:
            return StorageFull()
        if code == "SQLITE_TOOBIG" or (
            not code and isinstance(error, (*UNSTORABLE, sqlite3.InterfaceError, sqlite3.DataError))
        ):
            return Invalid(
                Fault("value", "not_storable", "A value is too large or of a kind this storage cannot keep.")
            )
        return StorageUnreachable(code or type(error).__name__)

    def journal_end(self, link: Link) -> int:
        """One writer at a time: what is not there yet will come behind."""
        ((end,),) = link.execute(JOURNAL_END).fetchall()
        return int(end)

    def end_unless_since(self, link: Link, since: int, sql: str, args: Sequence[object]) -> None:
        """One writer at a time: whoever is not there yet comes behind."""
        link.execute("BEGIN IMMEDIATE")
        if self.journal_end(link) <= since:
            link.execute(sql, args)
        link.execute("COMMIT")

    def lock(self, link: Link, names: Sequence[str]) -> None:
        """Nothing to do: one transaction writes at a time, and BEGIN IMMEDIATE has waited for that."""

    def lost(self, error: BaseException) -> bool:
        return False


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
