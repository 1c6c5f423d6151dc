"""tx.audit.exposure: after a leak, whose data, which of it, in which window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from promises.fixtures import Tell

from crmkit import CRM, Source
from crmkit.crm.system import TimeOrderedIds
from crmkit.domain.events import Change
from crmkit.errors import Invalid
from crmkit.events import ClientAdded, ClientMerged, ClientUpdated, DataRead, Event, NoteAdded, UserPut
from crmkit.ports import EVERYONE, Entry, Storage
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
#: What a leaked client's data was, how it was met, and when first and last.
Met = dict[UUID, tuple[set[str], set[str], datetime, datetime]]


class Generator:
    """Writes a journal of many actors, and keeps to itself what one of them met in one window."""

    def __init__(self, entries: int, seed: int) -> None:
        self.random, self.ids, self.met, self.told = Random(seed), TimeOrderedIds(), Met(), 0
        self.clients: list[Any] = [self.ids.new() for _ in range(max(500, entries // 20))]
        self.actors = [f"{number}" for number in range(40)]
        self.entries, self.thief = entries, "17"
        self.since, self.until = BEGAN + timedelta(days=10), BEGAN + timedelta(days=20)

    def journal(self) -> Iterator[Entry]:
        """Thirty days of it."""
        for number in range(self.entries):
            at, actor = BEGAN + timedelta(days=30) * number / self.entries, self.random.choice(self.actors)
            envelope = (at, actor, Source("web"), None, 1)
            yield Entry(tuple(self._event(envelope) for _ in range(self.random.choice((1, 1, 1, 2)))))

    def _event(self, envelope: tuple[Any, ...]) -> Event:
        id, client, others = self.ids.new(), self.random.choice(self.clients), self.random.sample(self.clients, 12)
        kind = self.random.choice(("client", "note", "contact_point"))
        changes = (Change("name", proof="9f"), Change("region", None, "DE"))
        #: Each class of event with what it says, what of whose data it is.
        made: list[tuple[Any, tuple[Any, ...], set[str], list[Any]]] = [
            (ClientAdded, (client, "person", None, ()), {"client"}, [client]),
            (ClientUpdated, (client, changes), {"client.name", "client.region"}, [client]),
            (NoteAdded, (self.ids.new(), client, None, "request"), {"note"}, [client]),
            (UserPut, ("17", ()), set(), []),
            (ClientMerged, (client, others[0], self.ids.new(), None, 7), {"client"}, [client, others[0]]),
            (DataRead, (envelope[1], kind, tuple(others)), {kind}, others),
        ]
        event, said, what, whose = self.random.choice(made)
        return self._noted(event(id, *envelope, *said), what, *whose)

    def _noted(self, event: Event, what: set[str], *clients: UUID) -> Event:
        if event.actor == self.thief and self.since <= event.at < self.until:
            self.told += bool(clients)
            for client in clients:
                known, how, first, _ = self.met.get(client, (set[str](), set[str](), event.at, event.at))
                self.met[client] = known | what, how | {event.topic}, first, event.at
        return event


def written(storage: Storage, generator: Generator) -> None:
    """A thousand entries a commit."""
    tx = storage.begin(write=True, scope=EVERYONE)
    for number, entry in enumerate(generator.journal()):
        tx.append(entry)
        if number % 1000 == 999:
            tx.commit()
            tx = storage.begin(write=True, scope=EVERYONE)
    tx.commit()


@pytest.mark.parametrize(
    ("url", "entries", "run"),
    [
        ("memory://", 4_000, "plain"),
        ("sqlite", 20_000, "plain"),
        pytest.param("sqlite", 1_000_000, "nightly", marks=pytest.mark.nightly),
    ],
)
def test_after_a_leak_nobody_is_forgotten(url: str, entries: int, run: str, tmp_path: Path, tell: Tell) -> None:
    """Safety C20: each client, each kind and field, the first instant and the last, against whoever wrote the log."""
    storage = open_storage(f"sqlite:///{tmp_path}/crm.db" if url == "sqlite" else url)
    generator = Generator(entries, seed=entries)
    written(storage, generator)
    with CRM(storage) as crm, crm.read() as tx:
        began = datetime.now(UTC)
        seen = tx.audit.exposure(actor=generator.thief, since=generator.since, until=generator.until)
        took = (datetime.now(UTC) - began).total_seconds()
    found = {one.client_id: ({*one.what}, {*one.how}, one.first, one.last) for one in seen.clients}
    assert 50 < len(found)
    assert generator.met == found
    assert generator.told == seen.events
    told = {"entries": entries, "clients exposed": len(found), "seconds": round(took, 1)}
    tell("C20", url.partition(":")[0], run, told, "")


def test_what_was_merged_since_is_somebodys_still(crm: CRM, clock: FrozenClock) -> None:
    """Whose data it was then is the survivor's now; the two are one in the answer."""
    with crm.bind(actor="17").begin() as tx:
        ana, anna = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        tx.notes.add(ana.id, text="Late")
    began = clock.now()
    clock.go_on(days=1)
    with crm.bind(actor="18").begin() as tx:
        tx.clients.merge(ana.id, into=anna.id)
    with crm.read() as tx:
        seen = tx.audit.exposure(actor="17", since=began)
        assert seen.clients == tx.audit.exposure(since=began, until=began + timedelta(hours=1)).clients
    (one,) = seen.clients
    assert (anna.id, ["client", "note"]) == (one.client_id, sorted(one.what))
    assert ["client.added", "note.added"] == sorted(one.how)
    assert (3, began, began) == (seen.events, seen.first, seen.last)


def test_what_one_id_is_named_by_is_asked(crm: CRM, clock: FrozenClock) -> None:
    """As of an export by its own; of a transaction's other events nothing."""
    with crm.begin() as tx:
        tx.clients.add(name="Ana")
        deal = tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
        tx.deals.update(deal.id, title="Web order")
    with crm.read() as tx:
        seen = tx.audit.exposure(since=clock.now(), naming=deal.id)
        assert () == tx.audit.exposure(since=clock.now(), naming=UUID(int=7)).clients
    assert [(deal.client_id, ["deal", "deal.title"])] == [(one.client_id, sorted(one.what)) for one in seen.clients]


@pytest.mark.parametrize("asked", [{"since": "today"}, {"until": 7}, {"actor": ""}, {"naming": "7"}])
def test_what_cannot_be_asked_is_told(crm: CRM, asked: Any) -> None:
    """In the caller's words."""
    given: dict[str, Any] = {"since": BEGAN, **asked}
    with crm.read() as tx, pytest.raises(Invalid) as caught:
        tx.audit.exposure(**given)
    assert [*asked] == [fault.path for fault in caught.value.faults]
