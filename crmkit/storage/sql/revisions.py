"""Which revision a database is at, and what to do about it. Alembic is loaded for an upgrade only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from crmkit.errors import CRMError, Fault, Invalid, SchemaAhead, SchemaBehind, StorageBusy
from crmkit.storage.opening import Migrate
from crmkit.storage.sql.databases.database import SCHEMA_LOCK, Link
from crmkit.storage.sql.filling import Progress, fill
from crmkit.storage.sql.history import HEAD, HOSTS_VERSION_TABLE, OURS, REVISIONS, VERSION_TABLE
from crmkit.storage.sql.stepping import PAUSE, Begin
from crmkit.storage.sql.wall.standing import is_up

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections

T = TypeVar("T")
#: How long, in seconds, a program waits until others have made or changed the schema.
TURN = 60.0


def prepare(connections: Connections, migrate: Migrate, begin: Begin, progress: Progress | None = None) -> None:
    """Leave a database at our revision, with everything filled, or raise what is wrong with it."""
    if migrate not in ("create", "upgrade", "never"):
        raise Invalid(Fault("migrate", "unknown", "Say 'create', 'upgrade' or 'never'."))
    if migrate == "never" and _is_a_missing_file(connections.engine.url):
        raise SchemaBehind(None, HEAD)  # looking closer would make an empty one
    found = revision_on(connections)
    if found is None and migrate != "never":
        found = in_turn(partial(_create, connections))
    if found != HEAD and found in REVISIONS and migrate == "upgrade":
        in_turn(partial(changing, connections, _upgrade))
    elif found is None or (found != HEAD and found in REVISIONS):
        raise SchemaBehind(found, HEAD)
    elif found != HEAD:
        raise SchemaAhead(found, HEAD)
    connections.walled = is_up(connections)
    if migrate == "upgrade":
        fill(begin, connections, progress)
    elif unfilled(connections):
        raise SchemaBehind(f"{HEAD}, not filled yet", HEAD)


def in_turn(work: Callable[[], T]) -> T:
    """Wait for whoever makes or changes the schema now, and for writers, never so long that others queue behind us."""
    deadline = time.monotonic() + TURN
    while True:
        try:
            return work()
        except StorageBusy:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)


def unfilled(connections: Connections) -> bool:
    """Whether an upgrade has made tables and not filled them, or not to the end."""
    with connections.outside() as link:
        return bool(link.execute("SELECT name FROM crm_filling").fetchall())


def _is_a_missing_file(url: sa.URL) -> bool:
    file = url.database or ""
    return url.get_backend_name() == "sqlite" and not file.startswith("file:") and not Path(file).exists()


def revision_on(connections: Connections) -> str | None:
    """The revision a database is at, None without a schema."""
    with connections.outside() as link:
        return _found(connections, link)


def _found(connections: Connections, link: Link) -> str | None:
    return _placed(connections, link)[1]


def _placed(connections: Connections, link: Link) -> tuple[str, str | None]:
    """The table that says at which revision of ours a database is, and which it is: our own table or a host's."""
    placed: list[tuple[str, str]] = []
    for table in (VERSION_TABLE, HOSTS_VERSION_TABLE):
        if link.execute(connections.database.has_table, (table,)).fetchall():
            rows = [str(row[0]) for row in link.execute(f"SELECT version_num FROM {table}").fetchall()]
            if ours := [row for row in rows if row.startswith(OURS)]:
                placed.append((table, next((row for row in reversed(REVISIONS) if row in ours), ours[0])))
    return max(placed, key=lambda one: _age(one[1]), default=(VERSION_TABLE, None))


def _age(revision: str) -> int:
    """A host that took over the migrations of an older store left our own table behind: the later one is right."""
    return REVISIONS.index(revision) if revision in REVISIONS else len(REVISIONS)


def _create(connections: Connections) -> str | None:
    """
    Make the schema unless somebody else has; who comes second waits and finds it.

    The revision is written last: where making tables cannot be rolled back, who was interrupted begins again.
    """
    database, dialect = connections.database, connections.engine.dialect
    with connections.outside() as link:
        for statement in database.writing:
            link.execute(statement)
        database.lock(link, [SCHEMA_LOCK])
        try:
            if (found := _found(connections, link)) is None:
                for statement in ddl(dialect):
                    link.execute(statement)
                mark = sa.insert(sa.table(VERSION_TABLE, sa.column("version_num"))).values(version_num=HEAD)
                link.execute(str(mark.compile(dialect=dialect)), (HEAD,))
                found = HEAD
            link.execute("COMMIT")
        finally:
            if link.in_transaction:
                link.execute("ROLLBACK")
            database.unlock(link)
        return found


def ddl(dialect: sa.Dialect) -> Iterator[str]:
    """The statements that make the newest schema, without a step in between."""
    from crmkit.storage.sql.derived import tables as derived  # they join the others' metadata
    from crmkit.storage.sql.schema import metadata

    assert derived.search.metadata is metadata
    for table in metadata.sorted_tables:
        yield str(CreateTable(table, if_not_exists=True).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
    yield f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def _upgrade(connection: sa.Connection, version_table: str) -> None:
    """Run the revisions that are missing; who comes second finds nothing to do."""
    from crmkit.storage.sql.migrations import upgrade
    from crmkit.storage.sql.wall.rebuilding import rebuilt

    with rebuilt(connection):
        upgrade(connection, version_table=version_table)


def changing(connections: Connections, work: Callable[[sa.Connection, str], None]) -> None:
    """Do *work* as one who may change a schema, and commit it; it is told the table with the revisions."""
    database = connections.database
    failure: CRMError
    try:
        with connections.engine.connect() as connection:
            connection.begin()  # in SQLAlchemy's books only: so told, Alembic leaves beginning and committing to us
            link = database.link(connection.connection.driver_connection)
            for statement in database.writing:
                link.execute(statement)
            database.lock(link, [SCHEMA_LOCK])
            try:
                for statement in database.hasty:
                    link.execute(statement)
                work(connection, _placed(connections, link)[0])
                database.commit(link)
            finally:
                if link.in_transaction:
                    link.execute("ROLLBACK")
                database.unlock(link)
            return
    except DBAPIError as error:
        failure = database.translated(error.orig or error, "schema")
    except database.errors as error:
        failure = database.translated(error, "schema")
    raise failure
