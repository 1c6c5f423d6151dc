"""Kills a process that makes or upgrades a store right before its n-th statement, for every n, and begins it again."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import sqlalchemy as sa
from sqlalchemy import event

from crmkit.storage.sql import SQLStorage, migrations
from crmkit.storage.sql.databases.database import Cursor, Database, Link
from crmkit.storage.sql.databases.known import database_of
from crmkit.storage.sql.history import VERSION_TABLE
from older_crmkit.store import engine_of, seed

_DESCRIBED = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    # A column that was dropped and added again stands at a higher number, in the same order.
    "postgresql": "SELECT * FROM (SELECT table_name, column_name, data_type, is_nullable, "
    "row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)::text "
    "FROM information_schema.columns WHERE table_schema = current_schema() "
    "UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = current_schema() "
    "UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint "
    "WHERE connamespace = current_schema()::regnamespace) AS described ORDER BY 1, 2, 3, 4, 5",
}


@attrs.frozen
class Killed:
    """At how many statements it was killed, and where what was there afterwards was not what a clean run leaves."""

    kills: int
    wrong: Sequence[int]


class Counted:
    """Ends the process when the n-th statement is about to be sent."""

    def __init__(self, last: int) -> None:
        self._left = last

    def tick(self, *_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(self, database: Database) -> None:
        """To what SQLAlchemy sends and to what is sent on our own links."""
        event.listen(sa.Engine, "before_cursor_execute", self.tick)
        made, kind_of_database = type(database).link, cast("Any", type(database))

        def link(asked: Database, driver: Any) -> Link:
            found: Any = made(asked, driver)
            if database.name == "sqlite":
                return _Ticking(found, self.tick)
            kind = cast("Any", type(found))
            if not hasattr(kind, "ticking"):
                kind.ticking = True
                for name in ("execute", "executemany"):
                    setattr(kind, name, _ticking(getattr(kind, name), self.tick))
            return cast("Link", found)

        kind_of_database.link = link


def _ticking(method: Callable[..., Any], tick: Callable[[], None]) -> Callable[..., Any]:
    def ticked(*args: Any) -> Any:
        tick()
        return method(*args)

    return ticked


class _Ticking:
    """A connection of SQLite's, whose own methods cannot be replaced."""

    def __init__(self, link: Link, tick: Callable[[], None]) -> None:
        self._link = link
        self.execute: Callable[..., Cursor] = _ticking(link.execute, tick)
        self.executemany: Callable[..., object] = _ticking(link.executemany, tick)

    @property
    def in_transaction(self) -> bool:
        return self._link.in_transaction


def killed_everywhere(url: str, way: str, every: int) -> Killed:
    """Before the first statement and each *every*-th one more, until it gets through."""
    if way == "upgrade":
        seed(url, 3)
    clean = _opened(url, way)
    wrong: list[int] = []
    kills, last = 0, 1
    while True:
        _back(url, way)
        if not _killed(url, way, last):
            return Killed(kills, wrong)
        kills += 1
        if _opened(url, "upgrade") != clean:
            wrong.append(last)
        last += every


def _killed(url: str, way: Any, last: int) -> bool:
    if (child := os.fork()) == 0:
        status = 1
        try:
            Counted(last).listen(database_of(url)[0])
            SQLStorage(url, migrate=way)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise ChildProcessError(status)
    return status != 0


def _opened(url: str, way: Any) -> list[Any]:
    """What the database says of itself and holds, once it was opened."""
    SQLStorage(url, migrate=way).close()
    engine = engine_of(url)
    with engine.connect() as connection:
        tables = sorted(sa.inspect(connection).get_table_names())
        one = _DESCRIBED.get(engine.dialect.name)
        asked = [one] if one else [f"SHOW CREATE TABLE {table}" for table in tables]
        described = [tuple(row) for sql in asked for row in connection.exec_driver_sql(sql)]
        held = [sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}").all())) for table in tables]
    engine.dispose()
    return [tables, described, held]


def _back(url: str, way: str) -> None:
    """As it was before: at the first revision, or empty."""
    engine = engine_of(url)
    if way == "create" and engine.dialect.name == "sqlite":
        for end in ("", "-wal", "-shm"):
            Path(f"{engine.url.database}{end}").unlink(missing_ok=True)
        return
    with engine.connect() as connection:
        migrations.downgrade(connection, "crmkit_0001" if way == "upgrade" else "base")
        if way == "create":
            connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
        connection.commit()
    engine.dispose()


if __name__ == "__main__":
    done = killed_everywhere(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(f"{done.kills} {list(done.wrong)}\n")
