"""What a database refuses, and how little of it gets out."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.errors import Conflict, CRMError, Invalid, StorageBusy, StorageFull, StorageUnreachable
from crmkit.ports import Storage
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.databases.sqlite import SQLite
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import a_client, a_touchpoint
from crmkit.testing.suite.opened import commit, reading, writing

SECRET = "Anna Secret"


@pytest.fixture
def storage(tmp_path: Path) -> Generator[SQLStorage]:
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    yield storage
    storage.close()


def _failing(work: Callable[[], Any], kind: type[CRMError]) -> CRMError:
    with pytest.raises(kind) as caught:
        work()
    return caught.value


def _all_of(storage: Storage) -> list[Client]:
    with reading(storage) as tx:
        return tx.select(Query(Client))


def _a_folder(path: Path) -> None:
    path.mkdir()


def _no_database(path: Path) -> None:
    path.write_bytes(b"This is a letter to a friend, not a database. " * 40)


def _a_broken_database(path: Path) -> None:
    SQLStorage(f"sqlite:///{path}").close()
    whole = path.read_bytes()
    path.write_bytes(whole[:3000] + b"\xff" * 60_000)


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (_a_folder, {"SQLITE_CANTOPEN", "SQLITE_CANTOPEN_ISDIR"}),
        (_no_database, {"SQLITE_NOTADB"}),
        (_a_broken_database, {"SQLITE_CORRUPT", "SQLITE_NOTADB"}),
    ],
)
def test_what_cannot_be_opened_is_named_by_a_code(
    tmp_path: Path, make: Callable[[Path], None], codes: set[str]
) -> None:
    """Whether it is a folder, a letter or a ruin: one error, with what SQLite calls it."""
    make(tmp_path / "crm.db")
    error = _failing(lambda: SQLStorage(f"sqlite:///{tmp_path}/crm.db"), StorageUnreachable)
    assert isinstance(error, StorageUnreachable)
    assert error.code in codes


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    """A misspelt path would become a second, empty store."""
    error = _failing(lambda: SQLStorage(f"sqlite:///{tmp_path}/missing/crm.db"), StorageUnreachable)
    assert "SQLITE_CANTOPEN" in str(error)
    assert not (tmp_path / "missing").exists()


def test_a_file_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    """A mount without write rights is found at the first attempt, not at the first customer."""
    SQLStorage(f"sqlite:///{tmp_path}/crm.db").close()
    url = f"sqlite:///file:{tmp_path}/crm.db?mode=ro&uri=true"
    storage = SQLStorage(url)
    error = _failing(lambda: commit(storage, a_client()), StorageUnreachable)
    storage.close()
    assert "SQLITE_READONLY" in str(error)


def test_a_page_that_is_broken_is_named_by_a_code_wherever_it_is_met(tmp_path: Path) -> None:
    """SQLite reads the first row of an answer when it is asked, the others when they are fetched."""
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    commit(storage, *(a_client(f"{SECRET} {number}") for number in range(500)))
    ((page,),) = _ask(storage, "SELECT rootpage FROM sqlite_master WHERE name = 'crm_client'")
    storage.close()
    whole, size = (tmp_path / "crm.db").read_bytes(), 4096
    leaf = whole.index(f"{SECRET} 300".encode()) // size
    assert leaf + 1 > page
    (tmp_path / "crm.db").write_bytes(whole[: leaf * size] + b"\xff" * size + whole[(leaf + 1) * size :])
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    error = _failing(lambda: _all_of(storage), StorageUnreachable)
    assert "SQLITE_CORRUPT" in str(error)
    assert (None, None) == (error.__cause__, error.__context__)
    assert {} == storage.connections._used  # pyright: ignore[reportPrivateUsage]
    storage.close()


def _ask(storage: SQLStorage, sql: str) -> list[tuple[Any, ...]]:
    with reading(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        return tx.read(sql, ())


@pytest.mark.parametrize("writes", ["flushed by a read", "at commit"])
def test_a_full_disk_writes_nothing_and_harms_nothing(storage: SQLStorage, writes: str) -> None:
    """The transaction is gone as a whole; once there is room, the next one works."""
    ada = a_client()
    commit(storage, ada)
    pages = _pages(storage, None)
    _pages(storage, pages + 2)

    def too_much() -> None:
        with writing(storage) as tx:
            for number in range(500):
                tx.insert(a_client(f"{SECRET} {number}" * 20))
            if writes == "flushed by a read":
                tx.select(Query(Client))

    error = _failing(too_much, StorageFull)
    assert (None, None) == (error.__cause__, error.__context__)
    assert [ada] == _all_of(storage)
    _pages(storage, 1_000_000)
    commit(storage, a_client("Bob"))
    assert 2 == len(_all_of(storage))


def _pages(storage: SQLStorage, most: int | None) -> int:
    """How many pages the database has; or limit them, on the one connection there is."""
    tx = storage.begin(write=False, scope=EVERYONE)
    count = int(tx.read("PRAGMA page_count", ())[0][0])
    if most is not None:
        tx.read(f"PRAGMA max_page_count={most}", ())
    tx.rollback()
    return count


def test_a_quota_is_a_full_disk_too(tmp_path: Path) -> None:
    """It answers with an input/output error of its own; the caller must do the same: make room."""
    pytest.importorskip("resource")
    source = """
import resource, sys
from crmkit.errors import StorageFull
from crmkit.storage.sql import SQLStorage
from crmkit.testing.builders import a_client
from crmkit.testing.suite.opened import commit
storage = SQLStorage(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    commit(storage, *(a_client("x" * 1000) for _ in range(1000)))
except StorageFull:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    commit(storage, a_client("after"))
    print("full")
storage.close()
"""
    url = f"sqlite:///{tmp_path}/crm.db"
    done = subprocess.run([sys.executable, "-c", source, url], check=False, capture_output=True, text=True)
    assert ("full\n", "") == (done.stdout, done.stderr)
    storage = SQLStorage(url)
    assert ["after"] == [client.name for client in _all_of(storage)]
    storage.close()


def test_a_writer_that_waits_too_long_gives_up(storage: SQLStorage, tmp_path: Path) -> None:
    """With an error that says so, and the storage still works."""
    tx = storage.begin(write=False, scope=EVERYONE)
    tx.read("PRAGMA busy_timeout=20", ())
    tx.rollback()
    other = sqlite3.connect(tmp_path / "crm.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    _failing(lambda: storage.begin(write=True, scope=EVERYONE), StorageBusy)
    other.execute("ROLLBACK")
    other.close()
    commit(storage, a_client())
    assert 1 == len(_all_of(storage))


@pytest.mark.parametrize(
    "wrong",
    [attrs.evolve(a_client(SECRET), version=2**63), a_client(f"{SECRET} \ud800")],
    ids=["a number too large", "half a letter"],
)
def test_a_value_no_column_can_hold_is_invalid(storage: SQLStorage, wrong: Client) -> None:
    """Rooms check before; should one not, nothing is written and nothing shown."""
    error = _failing(lambda: commit(storage, a_client(), wrong), Invalid)
    assert (None, None) == (error.__cause__, error.__context__)
    assert SECRET not in str(error)
    assert [] == _all_of(storage)


def test_a_conflict_shows_no_values(storage: SQLStorage) -> None:
    """Neither in its text nor in what hangs on it: logs keep both."""
    commit(storage, a_touchpoint(external_id=SECRET))
    error = _failing(lambda: commit(storage, a_touchpoint(external_id=SECRET, summary=SECRET)), Conflict)
    assert SECRET not in repr(error) + str(error)
    assert (None, None) == (error.__cause__, error.__context__)


def test_an_unknown_failure_is_known_by_its_code() -> None:
    """Its text stays with the driver."""
    with closing(sqlite3.connect(":memory:")) as driver, pytest.raises(sqlite3.OperationalError) as caught:
        driver.execute(f"SELECT '{SECRET}' FROM nowhere")
    error = SQLite().translated(caught.value)
    assert isinstance(error, StorageUnreachable)
    assert "SQLITE_ERROR" == error.code
