"""PostgreSQL through psycopg: many writers, each statement of theirs sees what is committed; readers keep a snapshot."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from struct import unpack
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmkit.domain.ids import uuid_of
from crmkit.domain.instants import instant, micros
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
from crmkit.storage.sql.codecs import AS_THEY_ARE
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
from crmkit.storage.sql.wall.hearing import AS_HOUSE

try:
    import psycopg
    from psycopg.adapt import Loader
    from psycopg.pq import Format

    from crmkit.storage.sql.databases.psycopg_link import PsycopgLink
except ImportError:
    raise MissingExtra("postgresql", "psycopg") from None

if TYPE_CHECKING:
    from psycopg.abc import Buffer

#: PostgreSQL counts its microseconds from 2000.
_SINCE_1970 = 946_684_800_000_000
_TAKEN = {"23505": "unique", "23503": "foreign key", "40001": "serialization", "40P01": "deadlock"}
_BUSY = {"55P03", "53300", "57P03"}
_FULL = {"53100", "54023"}


class _Id(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> object:
        return uuid_of(bytes(data))


class _Instant(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> object:
        (count,) = unpack("!q", data)
        return instant(count + _SINCE_1970)


class PostgreSQL(Database):
    """Ids and instants are PostgreSQL's own types, read without a detour over text."""

    name = "postgresql"
    errors = (psycopg.Error, *UNSTORABLE)
    mappings = Mappings(AS_THEY_ARE)
    writing = ("BEGIN",)
    reading = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
    digits, micros = staticmethod(attrgetter("hex")), staticmethod(micros)
    has_table = "SELECT 1 WHERE to_regclass(%s::text) IS NOT NULL"
    indexes = (
        "SELECT relname::text, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE pg_table_is_visible(indexrelid)"
    )
    transactional_ddl = True
    reads_alone = True
    writes_together = True
    sends_together = True
    has_walls = True
    hasty = (f"SET LOCAL lock_timeout = {HASTE * 1000}",)

    def engine(self, url: sa.URL) -> sa.Engine:
        url = url.set(drivername="postgresql+psycopg")
        return sa.create_engine(
            url, connect_args={"autocommit": True}, poolclass=NullPool, paramstyle="format", use_native_hstore=False
        )

    def connected(self, driver: Any) -> None:
        driver.autocommit = True  # SQLAlchemy's own first look at the server has turned it off
        driver.execute(f"SET lock_timeout = {PATIENCE * 1000:.0f}").close()
        driver.execute("SET TimeZone = 'UTC'").close()
        driver.adapters.register_loader("uuid", _Id)
        driver.adapters.register_loader("timestamptz", _Instant)

    def link(self, driver: Any) -> Link:
        return PsycopgLink(driver)

    def stored(self, value: object) -> object:
        return value

    def id(self, held: Any) -> UUID:
        id: UUID = held
        return id

    def instant(self, held: Any) -> datetime:
        at: datetime = held
        return at

    def translated(self, error: BaseException, what: str = "record") -> CRMError:
        code = getattr(error, "sqlstate", None) or ""
        if code in _TAKEN:
            return Conflict(what)
        if code in _BUSY:
            return StorageBusy()
        if code in _FULL:
            return StorageFull()
        if (
            code.startswith("22")
            or isinstance(error, UNSTORABLE)
            or (not code and isinstance(error, psycopg.DataError))
        ):
            return Invalid(
                Fault("value", "not_storable", "A value is too large or of a kind this storage cannot keep.")
            )
        return StorageUnreachable(code or type(error).__name__)

    def commit(self, link: Link) -> None:
        """PostgreSQL answers the COMMIT of a transaction that failed with ROLLBACK, and with no error."""
        assert isinstance(link, PsycopgLink)
        if link.execute("COMMIT").statusmessage != "COMMIT":
            raise psycopg.errors.InFailedSqlTransaction

    def several(self, link: Link, said: Sequence[tuple[str, Sequence[object]]]) -> list[Cursor]:
        assert isinstance(link, PsycopgLink)
        return list[Cursor](link.several(said))

    def finish(self, link: Link, said: Sequence[tuple[str, Sequence[object]]]) -> None:
        assert isinstance(link, PsycopgLink)
        if link.several((*said, ("COMMIT", ())))[-1].statusmessage != "COMMIT":
            raise psycopg.errors.InFailedSqlTransaction

    def journal_end(self, link: Link) -> int:
        """A sequence gives numbers in another order than transactions commit: wait for those that are writing."""
        link.execute("BEGIN")
        end = self._last(link)
        link.execute("COMMIT")
        return end

    def end_unless_since(self, link: Link, since: int, sql: str, args: Sequence[object]) -> None:
        link.execute("BEGIN")
        if self._last(link) <= since:
            link.execute(sql, args)
        link.execute("COMMIT")

    def _last(self, link: Link) -> int:
        for statement in (*self.hasty, "LOCK TABLE crm_journal IN SHARE MODE"):
            link.execute(statement)
        link.execute(*AS_HOUSE)  # behind the wall the journal is nobody else's to see
        ((end,),) = link.execute(JOURNAL_END).fetchall()
        return int(end)

    def fill(self, link: Link, sql: str, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
        """By COPY, which takes one message where single inserts take one each."""
        assert isinstance(link, PsycopgLink)
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        link.copy(f'COPY "{table.name}" ({names}) FROM STDIN', rows)

    @contextmanager
    def building(self, link: Link) -> Generator[bool]:
        """Never waited for: one who waits sees the tables as they were, and whoever builds would wait for that one."""
        ((mine,),) = link.execute("SELECT pg_try_advisory_lock(%s)", (_number(INDEX_LOCK),)).fetchall()
        yield mine
        if mine:
            link.execute("SELECT pg_advisory_unlock(%s)", (_number(INDEX_LOCK),))

    def create_index(self, link: Link, name: str, sql: str) -> None:
        """Who was interrupted left an index that is never used, yet kept up."""
        self.drop_index(link, name, "")
        self._at_leisure(link, sql.replace("INDEX", "INDEX CONCURRENTLY", 1))

    def drop_index(self, link: Link, name: str, table: str) -> None:
        self._at_leisure(link, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def _at_leisure(self, link: Link, sql: str) -> None:
        """Wait for old snapshots as long as it takes, which holds nobody up: who gave up would begin anew."""
        ((patience,),) = link.execute("SELECT current_setting('lock_timeout')").fetchall()
        link.execute("SET lock_timeout = 0")
        link.execute(sql)  # if it fails the connection is closed, and its settings with it
        link.execute("SELECT set_config('lock_timeout', %s, false)", (patience,))

    def lock(self, link: Link, names: Sequence[str]) -> None:
        """Advisory locks of the transaction, in the order given."""
        sql = "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number"
        link.execute(sql, ([_number(name) for name in names],))

    def left(self, link: Link) -> bool:
        """A server that goes says so, or closes the socket: either way there is something to read."""
        assert isinstance(link, PsycopgLink)
        return link.has_news

    def lost(self, error: BaseException) -> bool:
        code = getattr(error, "sqlstate", None) or ""
        closed = isinstance(error, psycopg.OperationalError) and not code
        return closed or code.startswith("08") or code in {"57P01", "57P02", "25P03"}


def _number(name: str) -> int:
    """A name as the 64 bits that PostgreSQL locks by; two names that share them would only wait for each other."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
