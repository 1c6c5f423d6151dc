"""MariaDB through PyMySQL: many writers, each statement of theirs sees what is committed; readers keep a snapshot."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmkit.domain.ids import uuid_of
from crmkit.domain.instants import micros
from crmkit.errors import (
    Conflict,
    CRMError,
    Fault,
    Invalid,
    MissingExtra,
    StorageBusy,
    StorageFull,
    StorageUnreachable,
)
from crmkit.storage.sql.codecs import BYTES_AND_NAIVE
from crmkit.storage.sql.databases.database import (
    HASTE,
    INDEX_LOCK,
    JOURNAL_END,
    PATIENCE,
    UNSTORABLE,
    Cursor,
    Database,
    Link,
)
from crmkit.storage.sql.mapping import Mappings

try:
    import pymysql
    from pymysql.constants import SERVER_STATUS
except ImportError:
    raise MissingExtra("mariadb", "PyMySQL") from None

#: READ COMMITTED for writers: under REPEATABLE READ a plain SELECT does not see what an UPDATE of the same transaction
#: decides on (MariaDB 10.11, MDEV-39263), so a loser could not even find out who won.
_SETTINGS = (
    f"SET SESSION innodb_lock_wait_timeout = {PATIENCE:.0f}, time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
    "tx_isolation = 'READ-COMMITTED'"
)
_TAKEN = {1062: "unique", 1451: "row is referenced", 1452: "no such reference", 1213: "deadlock", 1020: "changed"}
_BUSY = {1205, 1040, 1203, 1799}
_FULL = {3, 1021, 1114, 1030}
_UNSTORABLE = {1153, 1264, 1292, 1366, 1406, 3854}
_LOST = {1053, 1927, 2003, 2006, 2013, 2055}
#: At its end a change keeps everybody from its table, and asks for those that point to it, too: a writer who has written
#: one of those and comes for the table is then waited for and waits, which InnoDB does not see.
_HASTILY = f"SET STATEMENT lock_wait_timeout = {HASTE}, innodb_lock_wait_timeout = {HASTE} FOR"
#: How many names one statement locks.
MOST_LOCKS = 100


class PyMySQLLink:
    """A connection of PyMySQL's in autocommit."""

    __slots__ = ("_connection", "locked")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.locked = False

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def execute(self, sql: str, args: Sequence[object] = (), /) -> Cursor:
        cursor = self._connection.cursor()
        cursor.execute(sql, tuple(args))
        answer: Cursor = cursor
        return answer

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        return self._connection.cursor().executemany(sql, list(rows))


def _micros(at: Any) -> int:
    return micros(at.replace(tzinfo=UTC))


class MariaDB(Database):
    """Instants are DATETIME(6) in UTC, ids sixteen bytes."""

    name = "mariadb"
    errors = (pymysql.err.MySQLError, *UNSTORABLE)
    mappings = Mappings(BYTES_AND_NAIVE)
    writing = ("START TRANSACTION",)
    reading = (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
    digits, micros = staticmethod(bytes.hex), staticmethod(_micros)
    has_table = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s"
    indexes = "SELECT DISTINCT index_name, 1 FROM information_schema.statistics WHERE table_schema = DATABASE()"
    transactional_ddl = False
    hasty = (f"SET SESSION lock_wait_timeout = {HASTE}",)

    def engine(self, url: sa.URL) -> sa.Engine:
        url = url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})
        return sa.create_engine(url, connect_args={"autocommit": True}, poolclass=NullPool, paramstyle="format")

    def connected(self, driver: Any) -> None:
        if "MariaDB" not in driver.get_server_info():
            raise Invalid(Fault("url", "not_mariadb", "This server is no MariaDB, and crmkit is not tried on others."))
        driver.autocommit(True)
        driver.cursor().execute(_SETTINGS)

    def link(self, driver: Any) -> Link:
        return PyMySQLLink(driver)

    def stored(self, value: object) -> object:
        if isinstance(value, UUID):
            return value.bytes
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value

    def id(self, held: Any) -> UUID:
        return uuid_of(held)

    def instant(self, held: Any) -> datetime:
        at: datetime = held.replace(tzinfo=UTC)
        return at

    def translated(self, error: BaseException, what: str = "record") -> CRMError:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if code in _TAKEN:
            return Conflict(what)
        if code in _BUSY:
            return StorageBusy()
        if code in _FULL:
            return StorageFull()
        if code in _UNSTORABLE or isinstance(error, UNSTORABLE):
            return Invalid(
                Fault("value", "not_storable", "A value is too large or of a kind this storage cannot keep.")
            )
        return StorageUnreachable(str(code) if code else type(error).__name__)

    def journal_end(self, link: Link) -> int:
        """A counter gives numbers in another order than transactions commit: wait for those that are writing."""
        link.execute(f"LOCK TABLES crm_journal READ WAIT {HASTE}")
        ((end,),) = link.execute(JOURNAL_END).fetchall()
        link.execute("UNLOCK TABLES")
        return int(end)

    def end_unless_since(self, link: Link, since: int, sql: str, args: Sequence[object]) -> None:
        link.execute(f"LOCK TABLES crm_journal READ, crm_filling WRITE WAIT {HASTE}")
        if int(link.execute(JOURNAL_END).fetchall()[0][0]) <= since:
            link.execute(sql, args)
        link.execute("UNLOCK TABLES")

    @contextmanager
    def building(self, link: Link) -> Generator[bool]:
        """A named lock of the session."""
        assert isinstance(link, PyMySQLLink)
        ((mine,),) = link.execute("SELECT GET_LOCK(CONCAT(%s, DATABASE()), 0) = 1", (_short(INDEX_LOCK),)).fetchall()
        link.locked = bool(mine)
        yield link.locked
        self.unlock(link)

    def create_index(self, link: Link, name: str, sql: str) -> None:
        """Writers are kept out at its beginning and end only."""
        link.execute(f"{_HASTILY} {sql}")

    def drop_index(self, link: Link, name: str, table: str) -> None:
        link.execute(f"{_HASTILY} DROP INDEX {name} ON {table}")

    def lock(self, link: Link, names: Sequence[str]) -> None:
        """Named locks of the session, in the order given; they are no part of the transaction."""
        assert isinstance(link, PyMySQLLink)
        one = f"GET_LOCK(CONCAT(%s, DATABASE()), {PATIENCE:.0f}) = 1"
        for start in range(0, len(names), MOST_LOCKS):
            link.locked = True
            some = [_short(name) for name in names[start : start + MOST_LOCKS]]
            ((got,),) = link.execute(f"SELECT {' AND '.join([one] * len(some))}", some).fetchall()  # stops at a no
            if got != 1:
                raise StorageBusy

    def unlock(self, link: Link) -> None:
        assert isinstance(link, PyMySQLLink)
        if link.locked:
            link.execute("SELECT RELEASE_ALL_LOCKS()")
            link.locked = False

    def lost(self, error: BaseException) -> bool:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        return code in _LOST or isinstance(error, pymysql.err.InterfaceError)


def _short(name: str) -> str:
    """A lock's name for MariaDB, which takes 64 characters of any case as one; the database's name follows it."""
    return blake2b(name.encode(), digest_size=12).hexdigest()
