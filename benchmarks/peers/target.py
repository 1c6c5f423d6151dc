"""The database that a peer shall use, read from its URL, and emptied."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit


class Target(NamedTuple):
    """A place for data: what its URL says, in parts, as every package wants them differently."""

    kind: Literal["memory", "sqlite", "postgresql"]
    file: str = ""
    synchronous: str = "FULL"
    host: str = ""
    port: int = 5432
    user: str = ""
    password: str = ""
    database: str = ""

    @property
    def pragmas(self) -> tuple[str, ...]:
        """What each connection to SQLite begins with."""
        return ("PRAGMA journal_mode=WAL", f"PRAGMA synchronous={self.synchronous}", "PRAGMA foreign_keys=ON")

    @property
    def parameters(self) -> dict[str, str]:
        """How libpq is told to connect."""
        named = {
            "host": self.host,
            "port": str(self.port),
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
        }
        return {name: value for name, value in named.items() if value}

    def dsn(self) -> str:
        """The same in one string."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**self.parameters)


def target(url: str) -> Target:
    """
    Read `memory://`, `sqlite:////path/file.db?synchronous=NORMAL`, or `postgresql://user:password@host:port/database`.

    A socket's folder is given as `postgresql://user@/database?host=/folder`; ValueError for anything else.

    >>> target("sqlite:////tmp/shop.db").file
    '/tmp/shop.db'
    >>> target("postgresql+psycopg://crm@/shop?host=/run").parameters
    {'host': '/run', 'port': '5432', 'user': 'crm', 'dbname': 'shop'}
    """
    parts = urlsplit(url)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    match parts.scheme.partition("+")[0]:
        case "memory":
            return Target("memory")
        case "sqlite" if parts.path.startswith("//"):
            synchronous = asked.get("synchronous", "FULL").upper()
            if synchronous not in ("OFF", "NORMAL", "FULL", "EXTRA"):
                raise ValueError(f"synchronous is OFF, NORMAL, FULL or EXTRA, and not {synchronous}.")
            return Target("sqlite", file=unquote(parts.path[1:]), synchronous=synchronous)
        case "postgresql":
            return Target(
                "postgresql",
                host=asked.get("host") or parts.hostname or "",
                port=parts.port or int(asked.get("port", 5432)),
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                database=parts.path.removeprefix("/"),
            )
        case _:
            raise ValueError("Peers take memory://, sqlite:////an/absolute/path, or postgresql://….")


def emptied(place: Target) -> None:
    """Remove all that is there; nobody may be connected."""
    if place.kind == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(place.file + suffix).unlink(missing_ok=True)
    elif place.kind == "postgresql":
        import psycopg

        with psycopg.connect(place.dsn()) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


def settled(place: Target) -> None:
    """Let a database that was just filled do now what it would else do while somebody measures."""
    if place.kind == "sqlite":
        connection = sqlite3.connect(place.file, isolation_level=None)
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    elif place.kind == "postgresql":
        import psycopg

        with psycopg.connect(place.dsn(), autocommit=True) as server:
            server.execute("VACUUM ANALYZE")
