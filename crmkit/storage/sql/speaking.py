"""How a transaction speaks to its database: when it begins, how it ends, what becomes of errors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from crmkit.domain.records import Record, noun
from crmkit.domain.scope import Scope
from crmkit.errors import CRMError, OutcomeUnknown, StorageUnreachable, TransactionOver
from crmkit.ports.storage import StorageTransaction
from crmkit.storage.sql.together import Gathered, combined
from crmkit.storage.sql.wall.hearing import SAY, Heard, heard

if TYPE_CHECKING:
    import sqlalchemy as sa

    from crmkit.storage.sql.connections import Connection, Connections
    from crmkit.storage.sql.databases.database import Cursor, Database, Link


T = TypeVar("T")
#: How many rows go with one statement where they cannot be copied.
BATCH = 100
#: Statements and their parameters.
Said = Sequence[tuple[str, Sequence[object]]]


class Speaking(StorageTransaction):
    """
    A transaction on one connection. No driver error gets out.

    It begins with the first thing said: a reader's snapshot is of that moment. Where the database can write several
    tables with one statement, what a transaction wrote goes in one, and if that is all there is to say, it needs no
    transaction around it. Where it takes several statements at once, the beginning goes with what is said first, the
    commit with what is said last. Where the store has a second wall, that hears whom each statement is for.
    """

    __slots__ = ("_alone", "_connection", "_connections", "_failure", "_finished", "_gathered", "_heard", "_link", "_lost",
                 "_opens", "_scope", "_walled", "_writes", "database")  # fmt: skip
    _scope: Scope

    def converse(self, connections: Connections, *, write: bool) -> None:
        """Be ready to speak; who writes begins now, unless the database lets writers wait for each other later."""
        self._connections = connections
        self.database: Database = connections.database
        self._writes = write
        self._walled = connections.walled
        self._heard: Heard | None = None
        #: Whether it begins together with what it says first.
        self._opens = write and self.database.sends_together
        self._failure: CRMError | None = None
        self._gathered: Gathered | None = None
        self._connection: Connection | None = None
        self._link: Link | None = None  # None until it has begun
        self.ended = self._lost = self._alone = self._finished = False
        if write and not self.database.writes_together:
            self._begin()
        elif connections.closed:
            raise StorageUnreachable("closed")

    @abstractmethod
    def _flush(self, *, whole: bool) -> None:
        """Write what waits; *whole* if that is the end."""

    @property
    def connection(self) -> Connection:
        """The connection, with the transaction begun on it."""
        self._alone = False
        if self._link is None:
            self._begin()
        assert self._connection is not None
        return self._connection

    def _first(self, scope: Scope | None, *, changing: bool = False) -> Said:
        """What a wall must hear before a statement of this scope, None for the transaction's: nothing, if it has."""
        if not self._walled:
            return ()
        said = heard(scope or self._scope, changing=changing)
        if said == self._heard:
            return ()
        self._heard = said
        return ((SAY, said),)

    def _first_of_inserts(self) -> Said:
        """The same before one that only adds rows, which whoever acts may."""
        return () if self._heard is not None else self._first(None)

    def stand_behind_the_wall(self) -> None:
        """Let what others say on the connection be no more than the scope's."""
        if self._walled:
            link = self.connection.link
            for sql, args in self._first(None):
                self._say("record", link.execute, sql, args)

    def alone(self) -> None:
        self._alone = self._link is None and not self._writes and self.database.reads_alone

    def _begin(self) -> Link:
        """Begin with what is said first, unless that is a question asked by itself."""
        self._heard = None
        if self._alone:
            self._alone = False
            return self._unbegun()
        if self._connection is not None:
            self._connections.give(self._connection)
            self._connection = None  # it may be another's before the next one is here
        self._connection = self._connections.begun(self, write=self._writes)
        self._link = self._connection.link
        return self._link

    def _unbegun(self) -> Link:
        """A connection to say one thing on, which the database makes a transaction of by itself."""
        if self._connection is None:
            self._connection = self._connections.sound(self)
        return self._connection.link

    def rows(self, sql: str, args: Sequence[object] = (), scope: Scope | None = None) -> list[tuple[Any, ...]]:
        """
        All that one statement answers: SQLite reads most of it only when it is fetched, and may fail there, too.

        *scope* is whose the statement is, if it is another than the transaction's.
        """
        if self._link is None and self._opens:
            return self._opening("record", sql, args, scope, changing=False).fetchall()
        link = self._link or self._begin()
        if first := self._first(scope):
            return self._say("record", _answers, self.database, link, [*first, (sql, args)])[-1]
        return self._say("record", _answer, link, sql, args)

    def several(self, asked: Sequence[tuple[str, Sequence[object]]]) -> list[list[tuple[Any, ...]]]:
        """What several questions answer, all of one snapshot; in one round trip where there is such a thing."""
        alone, self._alone = self._alone and self.database.sends_together, False
        if not alone:
            link = self._link or self._begin()
            first = self._first(None)
            return self._say("record", _answers, self.database, link, [*first, *asked])[len(first) :]
        self._heard = None
        begin = [*[(sql, ()) for sql in self.database.reading], *self._first(None)]
        self._heard = None
        try:
            found = self._say("record", _answers, self.database, self._unbegun(), [*begin, *asked, ("COMMIT", ())])
        except BaseException:
            if self._connection is not None:  # who knows what is still begun there
                self._connections.drop(self._connection)
                self._connection = None
            raise
        return found[len(begin) : -1]

    def execute(
        self, sql: str, args: Sequence[object] = (), kind: type[Record] | None = None, scope: Scope | None = None
    ) -> Cursor:
        """Run one statement that changes what *scope* shows, None for the transaction's."""
        if self._link is None and self._opens:
            return self._opening(_said_of(kind), sql, args, scope, changing=True)
        link = self._link or self._begin()
        if first := self._first(scope, changing=True):
            return self._say(_said_of(kind), self.database.several, link, [*first, (sql, args)])[-1]
        return self._say(_said_of(kind), link.execute, sql, args)

    def _opening(self, what: str, sql: str, args: Sequence[object], scope: Scope | None, *, changing: bool) -> Cursor:
        """Begin with what is said first, in one round trip."""
        first = self._first(scope, changing=changing)
        said = [*[(one, ()) for one in self.database.writing], *first, (sql, args)]

        def begin(link: Link) -> Cursor:
            return self.database.several(link, said)[-1]

        begun: tuple[Connection, Cursor] = self._say(what, self._connections.begun_by, self, begin, what)
        self._connection, answer = begun
        self._link = self._connection.link
        return answer

    def write(self, sql: str, rows: Iterable[Sequence[object]], kind: type[Record] | None = None) -> None:
        """Run one statement for each row, now or with others that are gathered."""
        if self._gathered is not None:
            rows = list(rows)
            if self._gathered.takes(sql, rows, kind):
                return
            self._send()  # in their order
        link = self._link or self._begin()
        if first := self._first(None, changing=True) if "UPDATE" in sql else self._first_of_inserts():
            self._say(_said_of(kind), self.database.several, link, first)
        self._say(_said_of(kind), link.executemany, sql, rows)

    def fill(self, sql: str, table: sa.Table, rows: Iterable[Sequence[object]], what: str = "record") -> None:
        """Add many rows to a table, by the fastest way there is; *sql* adds one."""
        if self._gathered is not None:
            self._send()  # in their order
        link = self._link or self._begin()
        if self._walled:  # PostgreSQL 18 copies into no table that hides rows
            if first := self._first_of_inserts():
                self._say(what, self.database.several, link, first)
            self._say(what, _in_batches, link, sql, rows)
        else:
            self._say(what, self.database.fill, link, sql, table, rows)

    def lock(self, names: Iterable[str]) -> None:
        """Sorted, so that two who want the same names never wait for each other."""
        self._say("lock", self.database.lock, self._link or self._begin(), sorted(set(names)))

    @contextmanager
    def together(self, *, whole: bool) -> Generator[None]:
        """Send what is written inside the block as one statement; *whole* if that is the end."""
        self._gathered = Gathered()
        try:
            yield
            self._send(whole=whole)
        finally:
            self._gathered = None

    def _send(self, *, whole: bool = False) -> None:
        assert self._gathered is not None
        if not self._gathered:
            return
        sql, args, kind = self._gathered.taken()
        if not whole:
            self.execute(sql, args, kind)
        elif self._link is not None:
            said = [*self._first_of_inserts(), (sql, args)]
            self._say(_said_of(kind), self.database.finish, self._link, said, ends=True)
            self._finished = True
        elif self._walled:
            link, said = self._unbegun(), [*self._first(None), (sql, args)]
            self._say(_said_of(kind), self.database.several, link, said, ends=True)  # they commit as one
        else:
            self._say(_said_of(kind), self._unbegun().execute, sql, args, ends=True)

    def commit(self) -> None:
        try:
            self._complete()
        except BaseException:
            self.rollback()
            raise
        self._end()

    def _complete(self) -> None:
        if self.ended:
            raise TransactionOver
        if self._failure is not None:
            raise self._failure
        if self._writes:
            self._flush(whole=True)
        if (link := self._link) is None or self._finished:
            return  # nothing was begun, what was said was whole by itself; or the commit went with it
        if self._writes:
            self._say("transaction", self.database.commit, link, ends=True)
        else:
            self._say("transaction", link.execute, "ROLLBACK")  # who only reads has written nothing, whatever was tried

    def rollback(self) -> None:
        if self.ended:
            return
        lost, self._lost = self._lost, True  # until it has answered
        try:
            if not lost and self._link is not None and self._link.in_transaction:  # a full disk ends it by itself
                self._link.execute("ROLLBACK")
            self._lost = lost
        except self.database.errors:
            pass
        finally:
            self._end()

    def cut(self) -> None:
        """Never touch the connection again: others may use it now."""
        self.ended = True
        self._link = _GONE

    def _say(self, what: str, do: Callable[..., T], *args: Any, ends: bool = False) -> T:
        """
        Say something to the database; *what* is told of if it fails.

        If it *ends* the transaction and the connection is gone, nobody knows whether it did.
        """
        failure: CRMError
        try:
            return do(*args)
        except self.database.errors as error:
            failure = self._translated(error, what)
        except CRMError as error:
            failure = error
        except BaseException:
            self._lost = True  # interrupted: what the server still says would pass for the answer to what comes next
            raise
        if ends and self._lost:
            failure = OutcomeUnknown(getattr(failure, "code", ""))
        raise self._noted(failure)  # out here, so that nothing leads back to the driver's error

    def _translated(self, error: BaseException, what: str) -> CRMError:
        self._lost = self._lost or self.database.lost(error)
        return self.database.translated(error, what)

    def _noted(self, failure: CRMError) -> CRMError:
        """*failure*, to be raised; whoever catches it and commits all the same commits nothing."""
        self._failure = failure
        return failure

    def _end(self) -> None:
        """Give the connection back, or close it if nothing can be said of it: that rolls back, whatever its state."""
        link, lost, self._lost = self._link, self._lost, True  # until it has answered
        self.cut()
        try:
            if not lost and link is not None:
                self.database.unlock(link)
            self._lost = lost
        except self.database.errors:
            pass
        finally:
            if self._connection is not None:
                (self._connections.drop if self._lost else self._connections.give)(self._connection)


def _answer(link: Link, sql: str, args: Sequence[object]) -> list[tuple[Any, ...]]:
    return link.execute(sql, args).fetchall()


def _answers(
    database: Database, link: Link, asked: Sequence[tuple[str, Sequence[object]]]
) -> list[list[tuple[Any, ...]]]:
    return [cursor.fetchall() for cursor in database.several(link, asked)]


def _in_batches(link: Link, sql: str, rows: Iterable[Sequence[object]]) -> None:
    """Insert many rows where they cannot be copied: a hundred with a statement take half the time of single ones."""
    left = iter(rows)
    while some := list(islice(left, BATCH)):
        if len(some) < BATCH:
            link.executemany(sql, some)
        else:
            link.execute(combined(((sql, BATCH),)), list(chain.from_iterable(some)))


def _said_of(kind: type[Record] | None) -> str:
    return noun(kind) if kind else "record"


class _Gone:
    """Stands where the link of a transaction was that is over."""

    in_transaction = False

    def execute(self, *_: object) -> NoReturn:
        raise TransactionOver

    executemany = execute


_GONE: Link = _Gone()
