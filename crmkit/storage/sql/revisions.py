"""Which revision a database is at, and what to do about it. Alembic is loaded for an upgrade only."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from crmkit.errors import CRMError, Fault, Invalid, SchemaAhead, SchemaBehind
from crmkit.storage.opening import Migrate
from crmkit.storage.sql.failures import DRIVER_ERRORS, translated
from crmkit.storage.sql.history import HEAD, REVISIONS, VERSION_TABLE

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections


def prepare(connections: Connections, migrate: Migrate) -> None:
    """Leave a database at our revision, or raise what is wrong with it."""
    if migrate not in ("create", "upgrade", "never"):
        raise Invalid(Fault("migrate", "unknown", "Say 'create', 'upgrade' or 'never'."))
    file = connections.engine.url.database or ""
    if migrate == "never" and not file.startswith("file:") and not Path(file).exists():
        raise SchemaBehind(None, HEAD)  # looking closer would make an empty file
    found = revision_on(connections)
    if found is None and migrate != "never":
        found = _create(connections)
    if found != HEAD and found in REVISIONS and migrate == "upgrade":
        _upgrade(connections)
    elif found is None or (found != HEAD and found in REVISIONS):
        raise SchemaBehind(found, HEAD)
    elif found != HEAD:
        raise SchemaAhead(found, HEAD)


def revision_on(connections: Connections) -> str | None:
    """The revision a database is at, None without a schema."""
    with _driver(connections) as driver:
        return _found(driver)


def _found(driver: sqlite3.Connection) -> str | None:
    there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    if driver.execute(there, (VERSION_TABLE,)).fetchone() is None:
        return None
    rows = [str(row[0]) for row in driver.execute(f"SELECT version_num FROM {VERSION_TABLE}")]
    return next((row for row in reversed(REVISIONS) if row in rows), rows[0] if rows else None)


def _create(connections: Connections) -> str | None:
    """Make the schema unless somebody else has; who comes second waits and finds it."""
    with _driver(connections) as driver:
        driver.execute("BEGIN IMMEDIATE")
        if (found := _found(driver)) is None:
            for statement in ddl(connections.engine.dialect):
                driver.execute(statement)
            driver.execute(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES (?)", (HEAD,))
            found = HEAD
        driver.execute("COMMIT")
        return found


def ddl(dialect: sa.Dialect) -> Iterator[str]:
    """The statements that make the newest schema, without a step in between."""
    from crmkit.storage.sql.schema import metadata

    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))
    yield f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def _upgrade(connections: Connections) -> None:
    from crmkit.storage.sql.migrations import upgrade

    failure: CRMError
    try:
        with connections.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            upgrade(connection)
            connection.commit()
            return
    except DBAPIError as error:
        failure = translated(error.orig or error, "schema")
    raise failure


@contextmanager
def _driver(connections: Connections) -> Generator[sqlite3.Connection]:
    """A driver connection outside any transaction; no driver error gets out."""
    connection = connections.take()
    driver = cast(sqlite3.Connection, connection.driver_connection)
    failure: CRMError | None = None
    try:
        yield driver
    except DRIVER_ERRORS as error:
        failure = translated(error, "schema")
    finally:
        if driver.in_transaction:
            driver.execute("ROLLBACK")
        connections.give(connection)
    if failure is not None:
        raise failure
