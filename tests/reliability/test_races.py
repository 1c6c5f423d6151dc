"""R7, R11: many who write at once lose nothing, and nobody is turned away."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM
from crmkit.errors import Conflict
from crmkit.storage.sql import SQLStorage

Start = Callable[..., subprocess.Popen[str]]
Tell = Callable[..., Figure]
SERVERS = ("sqlite", "postgresql", "mariadb")
PATIENCE = 300.0


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """An empty store on the database that the test is run with."""
    return f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


def _together(children: list[subprocess.Popen[str]]) -> list[Mapping[str, Any]]:
    """Let all begin at once; what each counted."""
    for child in children:
        assert child.stdout
        assert '"ready"\n' == child.stdout.readline()
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=PATIENCE) for child in children]
    assert [(0, "")] * len(children) == [
        (child.returncode, wrong) for child, (_, wrong) in zip(children, said, strict=True)
    ]
    return [json.loads(told) for told, _ in said]


def _version(url: str) -> str:
    storage = SQLStorage(url)
    with storage.engine.connect() as connection:
        said = ".".join(map(str, connection.dialect.server_version_info or ()))
    storage.close()
    return f"{storage.name} {said}"


@pytest.mark.parametrize("database", SERVERS)
@scales(plain=20, heavy=500, nightly=5_000)
def test_eight_processes_write_and_nobody_is_turned_away(
    url: str, database: str, run: str, scale: int, script: Start, tell: Tell
) -> None:
    """What waits behind a lock waits, below the five seconds after which it would be told that the store is busy."""
    CRM.open(url).close()
    processes = 2 if run == "plain" else 8
    asked = [json.dumps({"do": "write", "times": scale, "who": f"{number}"}) for number in range(processes)]
    counts = _together([script("writers", url, one) for one in asked])
    with CRM.open(url) as crm, crm.read() as tx:
        assert processes * scale == tx.clients.count()
    told = {"processes": processes, "writes": processes * scale, "errors": sum(int(one["errors"]) for one in counts),
            "ms longest wait": round(1000 * max(one["longest"] for one in counts))}  # fmt: skip
    tell("R7", database, run, told, _version(url))
    assert 0 == told["errors"]
    assert told["ms longest wait"] < 5_000


#: A server's writers conflict instead of queueing: a thousand changes of one client each are a matter of nights there.
SHARE = {"sqlite": 4, "postgresql": 8, "mariadb": 16}


@pytest.mark.parametrize("database", SERVERS)
@scales(plain=5, heavy=1_000, nightly=1_000)
def test_sixteen_who_change_one_client_lose_no_change(
    url: str, database: str, run: str, scale: int, script: Start, tell: Tell
) -> None:
    """Every change is made upon the one before it; whoever was overtaken is told, and begins anew."""
    writers = 3 if run == "plain" else 16
    scale = scale // SHARE[database] if run == "heavy" else scale
    with CRM.open(url) as crm:
        with crm.begin() as tx:
            ada = tx.clients.add(name="0")
        asked = json.dumps({"do": "increment", "times": scale, "who": str(ada.id)})
        counts = _together([script("writers", url, asked) for _ in range(writers)])
        with crm.read() as tx:
            after = tx.clients.get(ada.id)
    done, again, waits = (sum(int(one[what]) for one in counts) for what in ("successes", "conflicts", "waits"))
    tell(
        "R11",
        database,
        run,
        {
            "writers": writers,
            "changes": done,
            "conflicts": again,
            "waits in vain": waits,
            "lost": done - int(after.name),
        },
        _version(url),
    )
    assert (writers * scale, str(writers * scale), writers * scale + 1) == (done, after.name, after.version)


@scales(plain=5, heavy=1_000)
def test_sixteen_threads_who_change_one_client_in_memory_lose_no_change(run: str, scale: int, tell: Tell) -> None:
    """An equal adapter keeps the same promise, among the threads it can be reached from."""
    with CRM.open("memory://") as crm:
        with crm.begin() as tx:
            ada = tx.clients.add(name="0")
        errors = list[BaseException]()

        def change() -> None:
            done = 0
            try:
                while done < scale:
                    try:
                        with crm.begin() as tx:
                            client = tx.clients.get(ada.id)
                            tx.clients.update(ada.id, name=str(int(client.name) + 1), version=client.version)
                        done += 1
                    except Conflict:
                        continue
            except BaseException as error:  # noqa: BLE001  # to be looked at in the main thread
                errors.append(error)

        threads = [Thread(target=change) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        with crm.read() as tx:
            after = tx.clients.get(ada.id)
    tell("R11", "memory", run, {"writers": 16, "changes": 16 * scale, "lost": 16 * scale - int(after.name)}, "memory")
    assert ([], str(16 * scale), 16 * scale + 1) == (errors, after.name, after.version)
