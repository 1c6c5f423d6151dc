"""What the SQL storage asks of a database: how to connect, begin, lock, and what its errors mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from crmkit.errors import CRMError
from crmkit.storage.sql.mapping import Mappings

#: How long, in seconds, a transaction waits for another's lock before it gives up with `StorageBusy`.
PATIENCE = 5.0
JOURNAL_END = "SELECT COALESCE(MAX(seq), 0) FROM crm_journal"
#: How long, in seconds, a change of the schema waits for writers, who all queue behind it; then it tries again.
HASTE = 1
#: Who may make or change a schema: a lock of this name is held meanwhile.
SCHEMA_LOCK = "crmkit:schema"
#: Who builds indexes beside writers holds this one.
INDEX_LOCK = "crmkit:indexes"
#: What Python itself raises for numbers and texts that no column can hold.
UNSTORABLE = (OverflowError, UnicodeEncodeError)


class Cursor(Protocol):
    """The answer to one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        ...


class Link(Protocol):
    """A driver's connection, spoken to in one way: statements with positional parameters, nothing begun by itself."""

    @property
    def in_transaction(self) -> bool:
        """Whether something begun has not ended, as far as the driver knows."""
        ...

    def execute(self, sql: str, args: Sequence[object] = (), /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        """Run one statement for each row of parameters."""
        ...


class Database(ABC):
    """One kind of database. Stateless: every storage on such a database shares it."""

    #: In one word: what a storage on it is called.
    name: str
    #: What a driver of this database may raise.
    errors: tuple[type[BaseException], ...]
    #: How records lie in its tables.
    mappings: Mappings
    #: The statements that begin a transaction that writes, and one that reads a snapshot.
    writing: tuple[str, ...]
    reading: tuple[str, ...]
    #: An id as it is stored in hexadecimal digits, an instant as it is stored in microseconds; an error for what is none.
    digits: Callable[[Any], str]
    micros: Callable[[Any], int]
    #: One parameter; a row comes back if there is a table of this name.
    has_table: str
    #: All indexes that are there: their names, and whether they are built to the end.
    indexes: str
    #: Whether a statement that makes or changes tables can be rolled back.
    transactional_ddl: bool
    #: Whether it knows by itself how much a condition lets through.
    has_statistics: bool = True
    #: Whether one question may be asked without beginning anything: it sees one snapshot all the same.
    reads_alone: bool = False
    #: Whether inserts into several tables may be one statement; a transaction that writes then begins late, if at all.
    writes_together: bool = False
    #: Whether several statements may go in one round trip; a transaction then begins with what it says first.
    sends_together: bool = False
    #: Whether it can hide rows by itself: see `crmkit.storage.sql.wall`.
    has_walls: bool = False
    #: Said before a schema is changed: who waits there for a table keeps everybody behind waiting too.
    hasty: tuple[str, ...] = ()

    @abstractmethod
    def engine(self, url: sa.URL) -> sa.Engine:
        """An engine without a pool of its own, whose connections begin nothing by themselves."""

    @abstractmethod
    def connected(self, driver: Any) -> None:
        """Make a new connection keep our promises."""

    @abstractmethod
    def link(self, driver: Any) -> Link:
        """Speak to a driver's connection."""

    def begin(self, link: Link, *, write: bool) -> None:
        """Begin a transaction."""
        for statement in self.writing if write else self.reading:
            link.execute(statement)

    @abstractmethod
    def stored(self, value: object) -> object:
        """A value as a column holds it, for parameters of conditions."""

    @abstractmethod
    def id(self, held: Any) -> UUID:
        """Undo `stored` for an id."""

    @abstractmethod
    def instant(self, held: Any) -> datetime:
        """Undo `stored` for an instant."""

    @abstractmethod
    def translated(self, error: BaseException, what: str = "record") -> CRMError:
        """
        The error crmkit raises instead, by code and never by text: a driver's text may hold a person's data.

        *what* says in words what was being written. What comes back is raised outside the `except` block that caught
        the driver's error, so that not even `__context__` leads back to it.
        """

    @abstractmethod
    def journal_end(self, link: Link) -> int:
        """The number of the last journal entry, once every transaction that might commit a lower one has ended."""

    @abstractmethod
    def end_unless_since(self, link: Link, since: int, sql: str, args: Sequence[object]) -> None:
        """Run *sql* if no journal entry came after *since*, while nobody commits one."""

    @contextmanager
    def building(self, link: Link) -> Generator[bool]:
        """Be the only one who builds indexes, outside any transaction; False if somebody else does."""
        yield True

    def create_index(self, link: Link, name: str, sql: str) -> None:
        """Build an index, unless somebody else has meanwhile; others may write, or wait until it is built."""
        link.execute(sql.replace("INDEX", "INDEX IF NOT EXISTS", 1))

    def drop_index(self, link: Link, name: str, table: str) -> None:
        """Drop an index that is there, as gently."""
        link.execute(f"DROP INDEX IF EXISTS {name}")

    @abstractmethod
    def lock(self, link: Link, names: Sequence[str]) -> None:
        """Hold these names, sorted already, until the transaction ends."""

    def fill(self, link: Link, sql: str, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows, as *sql* would one by one."""
        link.executemany(sql, rows)

    def unlock(self, link: Link) -> None:  # noqa: B027  # most have nothing to do
        """After the end: give back what did not end with the transaction."""

    def commit(self, link: Link) -> None:
        """Commit; an error if nothing was."""
        link.execute("COMMIT")

    def several(self, link: Link, said: Sequence[tuple[str, Sequence[object]]]) -> list[Cursor]:
        """Run statements one after the other; where they can go together, none is run after one that fails."""
        return [link.execute(sql, args) for sql, args in said]

    def finish(self, link: Link, said: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Run the last statements of a transaction and commit, as `commit` does."""
        self.several(link, said)
        self.commit(link)

    def left(self, link: Link) -> bool:  # a file leaves nobody
        """Whether the server has closed a connection while nobody used it; asked before something is sent alone."""
        return False

    @abstractmethod
    def lost(self, error: BaseException) -> bool:
        """Whether the connection itself is gone, so that nothing more can be said on it."""
