"""Connections are kept at hand, one for each transaction at a time, and never cross a fork."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.errors import CRMError
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing import a_client, a_touchpoint
from crmkit.testing.suite.opened import commit, reading, writing


@pytest.fixture
def storage(tmp_path: Path) -> Generator[SQLStorage]:
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    yield storage
    storage.close()


def test_every_connection_keeps_the_promises(storage: SQLStorage) -> None:
    """Durable, consistent, patient, and nothing deleted lies about in free pages."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000,
              "trusted_schema": 0}  # fmt: skip
    one, two = (storage.begin(write=False, scope=EVERYONE) for _ in "12")
    for tx in (one, two):
        assert wanted == {name: tx.read(f"PRAGMA {name}", ())[0][0] for name in wanted}
        tx.rollback()


def test_a_connection_is_used_again(storage: SQLStorage) -> None:
    """One after the other, transactions need one; at once, they need as many."""
    seen = {id(_used_by(storage)) for _ in range(5)}
    assert 1 == len(seen)
    one, two = (storage.begin(write=False, scope=EVERYONE) for _ in "12")
    assert one.connection.link is not two.connection.link
    one.rollback()
    two.rollback()


def _used_by(storage: SQLStorage) -> object:
    with reading(storage) as tx:
        assert isinstance(tx, SQLTransaction)
        return tx.connection.link


def test_what_is_open_at_the_close_still_ends(storage: SQLStorage) -> None:
    """Closing is for whoever comes next; a transaction in another thread commits."""
    with writing(storage) as tx:
        tx.insert(a_client())
        storage.close()
    with pytest.raises(CRMError):
        storage.begin(write=False, scope=EVERYONE)
    again = SQLStorage(str(storage.engine.url))
    with reading(again) as tx:
        assert 1 == tx.count(Client, Query(Client).where)
    again.close()


def test_many_threads_write_and_read_at_once(storage: SQLStorage) -> None:
    """Nothing is lost, nobody fails: writers queue, readers go on."""
    ada, errors = a_client(), list[BaseException]()
    commit(storage, ada)

    def work() -> None:
        try:
            for _ in range(20):
                with writing(storage) as tx:
                    tx.insert(a_touchpoint(ada))
                with reading(storage) as tx:
                    tx.card(ada.id)
        except BaseException as error:  # noqa: BLE001  # to be looked at in the main thread
            errors.append(error)

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(storage) as tx:
        assert ([], 120) == (errors, len(tx.select(Query(type(a_touchpoint())))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_works_on_connections_of_its_own(tmp_path: Path) -> None:
    """SQLite forbids a child to touch its parent's: not to read, not to write, not to close them."""
    source = """
import os, sys
from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.errors import TransactionOver
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.transaction import SQLTransaction
from crmkit.testing.builders import a_client
from crmkit.testing.suite.opened import commit

def count(storage):
    tx = storage.begin(write=False, scope=EVERYONE)
    found = tx.count(Client, Query(Client).where)
    tx.rollback()
    return found

storage = SQLStorage(sys.argv[1])
commit(storage, a_client("before"))
reader = storage.begin(write=False, scope=EVERYONE)
assert reader.count(Client, Query(Client).where) == 1
child = os.fork()
if not child:
    try:
        reader.select(Query(Client))
    except TransactionOver:
        reader.rollback()
        commit(storage, a_client("from the child"))
        storage.close()
        sys.exit(40 + count(SQLStorage(sys.argv[1])))
    sys.exit(1)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 42, status
assert reader.count(Client, Query(Client).where) == 1
reader.rollback()
writer = storage.begin(write=True, scope=EVERYONE)
writer.insert(a_client("waiting"))
writer.flush()
child = os.fork()
if not child:
    del writer
    storage.close()
    sys.exit(0)
os.waitpid(child, 0)
writer.commit()
assert count(storage) == 3
storage.close()
"""
    url = f"sqlite:///{tmp_path}/crm.db"
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source, url],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (0, "") == (done.returncode, done.stderr)


class _Interrupted:
    """A link whose caller is interrupted at one kind of statement: Ctrl-C, a signal, a greenlet's deadline."""

    in_transaction = True

    def __init__(self, real: Any, at: str) -> None:
        self._real, self._at = real, at

    def execute(self, sql: str, args: Sequence[object] = ()) -> Any:
        return self._sent(sql, self._real.execute, args)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Any:
        return self._sent(sql, self._real.executemany, rows)

    def _sent(self, sql: str, send: Callable[..., Any], given: object) -> Any:
        if sql.startswith(self._at):
            raise KeyboardInterrupt
        return send(sql, given)


@pytest.mark.parametrize("at", ["SELECT", "INSERT", "COMMIT", "ROLLBACK"])
def test_a_connection_that_was_interrupted_is_never_used_again(storage: SQLStorage, at: str) -> None:
    """The answer that nobody fetched would be taken for that to the next question; nor may it stay in use for ever."""
    tx = storage.begin(write=True, scope=EVERYONE)
    was = tx.connection.link
    tx._link = _Interrupted(was, at)  # pyright: ignore[reportPrivateUsage]
    tx.insert(a_client())
    with pytest.raises(KeyboardInterrupt):
        if at == "SELECT":
            tx.select(Query(Client))
        elif at == "ROLLBACK":
            tx.rollback()
        else:
            tx.commit()
    tx.rollback()
    assert {} == storage.connections._used  # pyright: ignore[reportPrivateUsage]
    assert was is not _used_by(storage)
    commit(storage, a_client())
    with reading(storage) as later:
        assert 1 == later.count(Client, Query(Client).where)
