"""R5, under a key: whatever is cut off, wherever, a command that is run until it is answered is done once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from promises.figures import Figure
from promises.losses import WAYS, Cut, How, cut_off
from promises.scales import scales
from promises.shop import CALLS, CANARY, Ids, shop

from crmkit import CRM, Client
from crmkit.domain.query import Query
from crmkit.errors import CRMError, OutcomeUnknown, StorageUnreachable
from crmkit.ports import RECORDS
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.schema import metadata

Tell = Callable[..., Figure]
Stored = dict[Any, Any]
#: One that locks and inserts, one that reads, changes and deletes: each way of being cut off, at each of their calls.
SOME = ("clients.ensure", "contacts.remove")


@attrs.define
class Once:
    """One database, whose calls are cut off one after the other; and what came of it."""

    crm: CRM
    storage: SQLStorage
    cut: Cut
    counts: Counter[str] = attrs.field(factory=Counter[str])
    faults: list[str] = attrs.field(factory=list[str])
    texts: list[str] = attrs.field(factory=list[str])

    def verb(self, verb: str, how: How) -> None:
        """Cut off each call of one verb in turn; each time the store must change as if nothing had been."""
        changes = list[Any]()
        for at in range(1, 500):
            self.empty()
            ids, key = shop(self.crm), f"{verb} {how} {at}"
            before = self.stored(key)
            self.cut.arm(how, at)
            result = self.until_answered(verb, ids, key, before)
            self.cut.disarm()
            after = self.stored(key)
            changes.append((_difference(before, after), result is None))
            again = self.crm.run(lambda tx: CALLS[verb](tx, ids) and None, key=key)  # noqa: B023
            self.blame("doubled", verb, again != result or self.stored(key) != after)
            self.blame("leaked", verb, bool(self.storage.connections._used))
            if self.cut.hit is None:
                break
            self.counts["calls cut off"] += 1
        self.blame("half", verb, any(change != changes[-1] for change in changes))

    def until_answered(self, verb: str, ids: Ids, key: str, before: Stored) -> Any:
        """Run it as a host does who must have it done: again and again under one key."""
        for _ in range(3):
            try:
                return self.crm.run(lambda tx: _told(CALLS[verb](tx, ids)), key=key)
            except (CRMError, KeyboardInterrupt) as error:
                self.texts += _texts_of(error)
                there = self.stored(key) != before
                self.counts["landed unacknowledged"] += there
                self.blame("foreign", verb, self.cut.how.startswith("lost") != isinstance(error, CRMError))
                self.blame("half", verb, there != self.cut.done)
                unknown = self.cut.hit == "COMMIT" and self.cut.how.startswith("lost")
                self.blame("foreign", verb, unknown != isinstance(error, OutcomeUnknown))
                self.blame("leaked", verb, bool(self.storage.connections._used))
        raise AssertionError(f"{verb} does not get through.")

    def blame(self, fault: str, verb: str, wrong: bool) -> None:
        """Note what is wrong."""
        if wrong:
            self.faults.append(f"{fault}: {verb}, {self.cut.how}, call {self.cut.at}: {self.cut.hit}")

    def stored(self, key: str) -> Stored:
        """Every record, the journal and what the key remembers."""
        with self.crm.read() as tx:
            store = tx._unit.store
            held: Stored = {(kind, record.id): record for kind in RECORDS for record in store.select(Query(kind))}
            return held | {"journal": list(store.journal()), "key": store.recall(key)}

    def empty(self) -> None:
        """Begin anew, so that looking stays cheap."""
        with self.storage.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            for table in reversed(metadata.sorted_tables):
                connection.exec_driver_sql(f"DELETE FROM {table.name}")
            connection.exec_driver_sql("COMMIT")


@pytest.mark.parametrize("database", WAYS)
@scales(plain=("notes.add",), heavy=SOME, nightly=tuple(CALLS))
def test_a_command_that_is_cut_off_anywhere_is_done_once_under_its_key(
    request: pytest.FixtureRequest, database: str, run: str, scale: tuple[str, ...], tmp_path: Path, tell: Tell,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Nobody but the server knows whether a commit came through before the line went dead; the key remembers."""
    url = f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")
    cut, ways = cut_off(monkeypatch), WAYS[database]
    caplog.set_level(logging.DEBUG)
    storage = SQLStorage(url)
    with CRM(storage, region="RU") as crm:
        once = Once(crm, storage, cut)
        for verb in scale:
            for how in ways[:1] if run == "plain" else ways:
                once.verb(verb, how)
        version = _version(storage)
    counts = {"verbs": len(scale), **once.counts} | {
        kind: sum(fault.startswith(kind) for fault in once.faults) for kind in ("half", "doubled", "foreign", "leaked")
    }
    tell("R5", f"{database}, cut off under a key", run, counts, version)
    assert [] == once.faults
    assert [] == [text for text in (*once.texts, caplog.text) if CANARY in text]
    assert counts["calls cut off"] > 3 * len(scale)


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_a_reader_who_is_cut_off_at_the_end_is_not_asked_to_wonder(
    request: pytest.FixtureRequest, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What became of the commit is a question for those who wrote; who only read need not run anything under a key."""
    cut, url = cut_off(monkeypatch), request.getfixturevalue(f"{database}_url")
    with CRM.open(url) as crm, pytest.raises(StorageUnreachable) as caught, crm.read() as tx:
        tx.clients.count()
        cut.arm("lost before", 1)
    assert StorageUnreachable is caught.type


def _told(result: Any) -> Any:
    """What may be remembered under a key: a record, or nothing."""
    return result if isinstance(result, Client) else None


def _difference(before: Stored, after: Stored) -> Mapping[Any, int]:
    """How many records of each kind came, went and changed, by how many versions; and what was told."""
    told = Counter[Any]()
    for key in {*before, *after} - {"journal", "key"}:
        old, new = before.get(key), after.get(key)
        if old != new:
            told[key[0], old is None, new is None, getattr(new, "version", 0) - getattr(old, "version", 0)] += 1
    for entry in after["journal"][len(before["journal"]) :]:
        told[tuple(event.topic for event in entry.events)] += 1
    told["key"] = (before["key"] is None) + 2 * (after["key"] is None)
    return told


def _texts_of(error: BaseException | None) -> list[str]:
    """All that an error and what hangs on it could show."""
    texts = list[str]()
    while error is not None:
        texts.append(f"{error} {error!r} {error.args}")
        error = error.__cause__ or error.__context__
    return texts


def _version(storage: SQLStorage) -> str:
    with storage.engine.connect() as connection:
        asked = "SELECT sqlite_version()" if storage.name == "sqlite" else "SELECT version()"
        return f"{storage.name} {str(connection.exec_driver_sql(asked).scalar()).removeprefix('PostgreSQL ')[:20]}"
