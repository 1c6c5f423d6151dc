"""Where contenders keep their data: a file, a database, or nowhere; each has its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import urlsplit

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
        os.environ["PGPORT"] = port = str(_free_port())
        server = _server()
        try:
            yield lambda _: f"postgresql://crm@127.0.0.1:{port}/{_name(server.new())}"
        finally:
            server.close()


def _server() -> Any:
    """The tests' private server."""
    sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "servers"))
    from private_servers.postgresql import PostgreSQLServer

    return PostgreSQLServer("listen_addresses=127.0.0.1")


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
