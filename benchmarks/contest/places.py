"""Where contenders keep their data: a file, a database, or nowhere; each has its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

Database = Literal["sqlite", "postgresql", "memory"]
Place = Callable[[str], str]


@contextmanager
def places(database: Database, durability: str, folder: Path | None) -> Generator[Place]:
    """Give the URL of each contender's place by its name; everything is removed afterwards."""
    if database == "memory":
        yield lambda _: "memory://"
    elif database == "sqlite":
        with TemporaryDirectory(prefix="crmkit-speed-", dir=folder) as made:
            yield lambda name: f"sqlite:///{made}/{name}.db?synchronous={durability}"
    else:
        server = _server()
        try:
            yield lambda _: server.new()
        finally:
            server.close()


def _server() -> Any:
    """The tests' private server."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "servers"))
    from private_servers.postgresql import PostgreSQLServer

    return PostgreSQLServer()
