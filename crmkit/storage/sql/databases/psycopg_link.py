"""A connection of psycopg's, spoken to by whole round trips: what is said together is sent together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, NamedTuple

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

from crmkit.storage.sql.databases.copy_text import blocks

#: How many statements a server remembers for one connection; what is said beyond that is read anew each time.
MOST_PREPARED = 300
#: How many statements we remember to have said once: some are said once ever.
MOST_HEARD = 1000
#: Questions with more parameters are planned each time: a plan made while a table was small would read all of it for
#: hundreds of keys long after it grew, until the server next counts its rows. Planning takes little beside the answer.
MOST_ASKED = 32
_GONE = "The server has closed the connection."


class Answer(NamedTuple):
    """What came back for one statement."""

    rowcount: int
    rows: list[tuple[Any, ...]]
    statusmessage: str

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        return self.rows


class PsycopgLink:
    """
    A connection of psycopg's in autocommit, answering in the binary format.

    Statements go by libpq's pipeline: psycopg's own takes 50 µs for each, this one 10. A statement that is said again
    is prepared; unless the connection was told to prepare nothing, as behind some poolers.
    """

    __slots__ = ("_adapted", "_connection", "_heard", "_numbers", "_prepared", "_server")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._adapted = Transformer(connection)
        self._heard: set[tuple[bytes, tuple[int, ...]]] = set()
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._numbers = count()

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)

    @property
    def has_news(self) -> bool:
        """Whether the server said something that nobody asked for, or hung up."""
        if self._connection.closed:
            return True
        socket = poll()
        socket.register(self._server.socket, POLLIN)
        return bool(socket.poll(0))

    def execute(self, sql: str, args: Sequence[object] = (), /) -> Answer:
        """Run one statement."""
        return self.several(((sql, args),))[0]

    def several(self, said: Sequence[tuple[str, Sequence[object]]], /) -> list[Answer]:
        """
        Run statements one after the other, in one round trip; after one that fails none is run.

        Outside a transaction they commit as one.
        """
        server, asked = self._server, [self._bound(sql, args) for sql, args in said]
        fresh: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        sent: list[bool] = []
        server.enter_pipeline_mode()
        for sql, args, types, formats in asked:
            key = sql, types
            if (name := self._prepared.get(key) or fresh.get(key)) is None and self._comes_again(key, len(fresh)):
                name = fresh[key] = b"crm_%d" % next(self._numbers)
                server.send_prepare(name, sql, types)
                sent.append(False)
            if name is None:
                server.send_query_params(sql, args, types, formats, Format.BINARY)
            else:
                server.send_query_prepared(name, args, formats, Format.BINARY)
            sent.append(True)
        server.pipeline_sync()
        results = self._results(sent)
        server.exit_pipeline_mode()
        for result in results:
            if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY):
                raise psycopg.errors.error_from_result(result)
        self._prepared |= fresh
        return [self._answer(result) for result, wanted in zip(results, sent, strict=True) if wanted]

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        """Run one statement for each row of parameters."""
        with self._connection.cursor() as cursor:
            cursor.executemany(sql.encode(), rows)
        return None

    def copy(self, sql: str, rows: Iterable[Sequence[object]], /) -> None:
        """Stream rows into a table."""
        with self._connection.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            for block in blocks(rows):
                copy.write(block)

    def _bound(
        self, sql: str, args: Sequence[object]
    ) -> tuple[bytes, Sequence[Any], tuple[int, ...], Sequence[Format] | None]:
        numbered, formats = _numbered(sql)
        if len(formats) != len(args):
            raise psycopg.ProgrammingError("A statement takes another number of parameters.")
        adapted = self._adapted
        dumped = adapted.dump_sequence(args, formats)
        return numbered, dumped, adapted.types or (), adapted.formats

    def _comes_again(self, key: tuple[bytes, tuple[int, ...]], fresh: int) -> bool:
        """Whether a statement is worth preparing: it was said before, and there is room for it."""
        if self._connection.prepare_threshold is None or len(self._prepared) + fresh >= MOST_PREPARED:
            return False
        sql, types = key
        if len(types) > MOST_ASKED and sql.startswith(b"SELECT"):
            return False
        if key in self._heard:
            return True
        if len(self._heard) >= MOST_HEARD:
            self._heard.clear()
        self._heard.add(key)
        return False

    def _results(self, sent: Sequence[bool]) -> list[PGresult]:
        """One for each thing that was sent, up to the first that failed; all of what the server says is read."""
        server = self._server
        waiting = poll()
        while server.flush():
            waiting.register(server.socket, POLLIN | POLLOUT)
            ready = waiting.poll()
            if any(event & ~POLLOUT for _, event in ready):
                server.consume_input()
        waiting.register(server.socket, POLLIN)
        found: list[PGresult] = []
        for _ in sent:
            result = self._next(waiting)
            if result is None:
                raise psycopg.OperationalError(_GONE)
            found.append(result)
            while self._next(waiting) is not None:
                pass
            if server.status == ConnStatus.BAD:
                return found
        if (end := self._next(waiting)) is None or end.status != ExecStatus.PIPELINE_SYNC:
            raise psycopg.OperationalError(_GONE)
        return found

    def _next(self, waiting: Any) -> PGresult | None:
        """Wait for it where other threads may go on."""
        server = self._server
        while server.is_busy():
            waiting.poll()
            server.consume_input()
        return server.get_result()

    def _answer(self, result: PGresult) -> Answer:
        said = (result.command_status or b"").decode()
        if not result.nfields:
            changed = result.command_tuples
            return Answer(-1 if changed is None else changed, [], said)
        adapted, rows = self._adapted, result.ntuples
        adapted.set_pgresult(result)
        return Answer(rows, adapted.load_rows(0, rows, tuple), said)


@lru_cache(2048)
def _numbered(sql: str) -> tuple[bytes, list[PyFormat]]:
    """
    A statement with PostgreSQL's own names for its parameters, and how each is written: psycopg does this anew for all that is long.

    >>> _numbered("SELECT %s, '%%', %s")[0]
    b"SELECT $1, '%', $2"
    """
    numbers = count(1)
    made = re.sub(r"%[%s]", lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql)
    return made.encode(), [PyFormat.AUTO] * (next(numbers) - 1)
