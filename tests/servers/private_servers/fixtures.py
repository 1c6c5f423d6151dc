"""Fixtures: the URL of an empty store, in a file or on a real server, made or started once for each worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from crmkit.storage.opening import open_storage
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.raising import raise_wall
from crmkit.storage.sql.schema import metadata
from private_servers import mariadb, postgresql
from private_servers.mariadb import MariaDBServer
from private_servers.postgresql import PostgreSQLServer
from private_servers.programs import Missing

S = TypeVar("S")
#: Who owns a store with a wall.
OWNER = "keeper"
#: Whoever a failed test left connected would hold locks on what the next one needs.
_OTHERS = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}


def started(server: Callable[..., S], *settings: str) -> S:
    """The server, or the reason why there is none: a skip, except where real parts are required."""
    try:
        return server(*settings)
    except Missing as error:
        if os.environ.get("CRMKIT_REQUIRE_REAL") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgresql_server() -> Generator[PostgreSQLServer]:
    """A private PostgreSQL; `new()` gives the URL of an empty database."""
    server = started(PostgreSQLServer, *postgresql.FAST)
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb_server() -> Generator[MariaDBServer]:
    """A private MariaDB; `new()` gives the URL of an empty database."""
    server = started(MariaDBServer, *mariadb.FAST)
    yield server
    server.close()


@pytest.fixture(scope="session")
def _sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    open_storage(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(_sqlite_store: Path, tmp_path: Path) -> str:
    """The URL of a store in a file, `crm.db`, with today's schema and nothing in it: a copy takes no time to make."""
    shutil.copyfile(_sqlite_store, tmp_path / "crm.db")
    return f"sqlite:///{tmp_path}/crm.db"


@pytest.fixture(scope="session")
def _postgresql_store(postgresql_server: PostgreSQLServer) -> Generator[sa.Engine]:
    yield from _store(postgresql_server.new())


@pytest.fixture(scope="session")
def _mariadb_store(mariadb_server: MariaDBServer) -> Generator[sa.Engine]:
    yield from _store(mariadb_server.new())


@pytest.fixture
def empty_postgresql(_postgresql_store: sa.Engine) -> Callable[[], str]:
    """Empty the store on PostgreSQL and say its URL, as often as it is called."""
    return lambda: _emptied(_postgresql_store)


@pytest.fixture
def empty_mariadb(_mariadb_store: sa.Engine) -> Callable[[], str]:
    """Empty the store on MariaDB and say its URL, as often as it is called."""
    return lambda: _emptied(_mariadb_store)


@pytest.fixture
def postgresql_url(_postgresql_store: sa.Engine) -> str:
    """The URL of a store on PostgreSQL with today's schema and nothing in it."""
    return _emptied(_postgresql_store)


@pytest.fixture(scope="session")
def _walled_store(postgresql_server: PostgreSQLServer) -> Generator[tuple[sa.Engine, str]]:
    """A store whose wall is up: as a superuser meets it, and the URL of the role that owns it and is none."""
    url = postgresql_server.new_of(OWNER)
    storage = SQLStorage(url)
    raise_wall(storage)
    storage.close()
    engine = sa.create_engine(sa.make_url(url).set(username="crm"), poolclass=NullPool)
    yield engine, url
    engine.dispose()


@pytest.fixture
def empty_walled(_walled_store: tuple[sa.Engine, str]) -> Callable[[], str]:
    """Empty the store whose wall is up and say its URL, as often as it is called."""
    engine, url = _walled_store

    def emptied() -> str:
        _emptied(engine)
        return url

    return emptied


@pytest.fixture
def walled_url(empty_walled: Callable[[], str]) -> str:
    """The URL of an empty store on PostgreSQL whose wall is up, for the role that owns it and is no superuser."""
    return empty_walled()


@pytest.fixture
def mariadb_url(_mariadb_store: sa.Engine) -> str:
    """The URL of a store on MariaDB with today's schema and nothing in it."""
    return _emptied(_mariadb_store)


def _store(url: str) -> Generator[sa.Engine]:
    open_storage(url).close()
    engine = sa.create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


def _emptied(engine: sa.Engine) -> str:
    """Emptying takes milliseconds, a new database with a new schema a quarter of a second."""
    with engine.connect() as connection:
        for (left,) in connection.exec_driver_sql(_OTHERS[engine.dialect.name]).all():
            if engine.dialect.name == "mysql":
                with suppress(OperationalError):  # it may have ended by itself meanwhile
                    connection.exec_driver_sql(f"KILL {left}")
        for table in reversed(metadata.sorted_tables):
            connection.exec_driver_sql(f"DELETE FROM {table.name}")
        connection.commit()
    return engine.url.render_as_string(hide_password=False)
