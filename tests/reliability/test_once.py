"""R5, under a key: whatever is cut off, wherever, a command that is run until it is answered is done once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from promises.contents import Stored, empty, stored, texts_of, version_of
from promises.figures import Figure
from promises.losses import WAYS, Cut, How, cut_off
from promises.scales import scales
from promises.shop import CALLS, CANARY, JUDGED, Ids, shop

from crmkit import CRM, Client, MemoryBlobs
from crmkit.errors import CRMError, OutcomeUnknown, StorageUnreachable
from crmkit.storage.sql import SQLStorage

Tell = Callable[..., Figure]
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
            empty(self.storage)
            ids, key = shop(self.crm), f"{verb} {how} {at}"
            before = stored(self.crm, key)
            self.cut.arm(how, at)
            result = self.until_answered(verb, ids, key, before)
            self.cut.disarm()
            after = stored(self.crm, key)
            changes.append((_difference(before, after), result is None))
            again = self.crm.run(lambda tx: CALLS[verb](tx, ids) and None, key=key)  # noqa: B023
            self.blame("doubled", verb, again != result or stored(self.crm, key) != after)
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
                self.texts += texts_of(error)
                there = stored(self.crm, key) != before
                self.counts["landed unacknowledged"] += there
                self.blame("foreign errors", verb, self.cut.how.startswith("lost") != isinstance(error, CRMError))
                self.blame("half", verb, there != self.cut.done)
                unknown = self.cut.hit == "COMMIT" and self.cut.how.startswith("lost")
                self.blame("foreign errors", verb, unknown != isinstance(error, OutcomeUnknown))
                self.blame("leaked", verb, bool(self.storage.connections._used))
        raise AssertionError(f"{verb} does not get through.")

    def blame(self, fault: str, verb: str, wrong: bool) -> None:
        """Note what is wrong."""
        if wrong:
            self.faults.append(f"{fault}: {verb}, {self.cut.how}, call {self.cut.at}: {self.cut.hit}")


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
    with CRM(storage, region="RU", blobs=MemoryBlobs(), consent=JUDGED) as crm:
        once = Once(crm, storage, cut)
        for verb in scale:
            for how in ways[:1] if run == "plain" else ways:
                once.verb(verb, how)
        version = version_of(storage)
    counts = {"verbs": len(scale), **once.counts} | {
        kind: sum(fault.startswith(kind) for fault in once.faults)
        for kind in ("half", "doubled", "foreign errors", "leaked")
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
