"""A private MariaDB, from the system's package."""

from __future__ import annotations

import os
import shutil
import subprocess

import pymysql

from private_servers.programs import Missing, folder_for, unprivileged, wait_for

FAST = ("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--sync-binlog=0")


class MariaDBServer:
    """One server; `new()` makes a database and gives its URL."""

    def __init__(self, *settings: str) -> None:
        server, install = _program("mariadbd"), _program("mariadb-install-db")
        self._who = unprivileged("mysql", "nobody")
        self._folder = folder_for(self._who)
        self._socket = self._folder / "s.sock"
        self._databases = 0
        data = f"--datadir={self._folder / 'data'}"
        self._command = [
            server, "--no-defaults", data, f"--socket={self._socket}", "--skip-networking",
            f"--pid-file={self._folder / 'pid'}", "--innodb-buffer-pool-size=64M", "--max-connections=60",
            "--skip-name-resolve", *settings,
        ]  # fmt: skip
        if self._install(install, data):  # seen once on a busy machine, without a reason that could be found
            shutil.rmtree(self._folder / "data", ignore_errors=True)
            if said := self._install(install, data):
                raise ChildProcessError(said)
        self.start()

    def _install(self, program: str, data: str) -> str:
        """Make the server's own tables; what it said if it could not."""
        made = subprocess.run(
            [program, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self._folder, **self._who,
        )  # fmt: skip
        return made.stdout[-2000:] or str(made.returncode) if made.returncode else ""

    def start(self) -> None:
        """Start it, or start it again."""
        self._socket.unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self._folder, **self._who)
        wait_for(self._answers, "MariaDB did not come up.")

    def crash(self) -> None:
        """End it without a word, and leave the rest to its recovery."""
        self._process.kill()
        self._process.wait()

    def url(self, database: str) -> str:
        return f"mysql+pymysql://root@localhost/{database}?unix_socket={self._socket}"

    def new(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"crm_{self._databases}"
        with pymysql.connect(unix_socket=str(self._socket), user="root") as connection:
            connection.cursor().execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def close(self) -> None:
        """Stop it and remove everything."""
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise ChildProcessError((self._folder / "log").read_text(errors="replace")[-2000:])
        return self._socket.exists()


def _program(name: str) -> str:
    path = os.environ.get("PATH", "") + os.pathsep + os.pathsep.join(("/usr/sbin", "/usr/local/sbin"))
    if (program := shutil.which(name, path=path)) is None:
        raise Missing(f"There is no {name}: apt-get install mariadb-server, or the like.")
    return program
