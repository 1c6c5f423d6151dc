"""Reads of personal data, where they are audited: whose, by whom, once a block, before the block lets go."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from crmkit import CRM, Client, MemoryStorage, Transaction
from crmkit.access import System
from crmkit.audit import Audit
from crmkit.errors import Invalid, StorageUnreachable
from crmkit.events import ClientAdded, DataBulkAccessDetected, DataRead, Event
from crmkit.plugins import EventContext, Plugin, on
from crmkit.services import handed_out
from crmkit.storage.memory.transaction import MemoryTransaction
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock


@pytest.fixture(params=["memory", "sqlite"])
def audited(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Generator[CRM]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, region="RU", clock=clock, audit=Audit(reads=True)) as crm:
        yield crm


@pytest.fixture
def anna(audited: CRM) -> Client:
    with audited.bind(actor=System("setup")).begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79120000001")
        tx.notes.add(anna.id, text="Prefers mornings.")
        tx.deals.open(anna.id, title="Order")
        tx.clients.add(name="Eve")
        return anna


def told(crm: CRM) -> list[Event]:
    with crm.bind(actor=System("auditor")).read() as tx:
        return [event for entry in tx._unit.store.journal() for event in entry.events]


def said(crm: CRM) -> list[tuple[str, str, int]]:
    """Who read what of how many clients."""
    return [(one.user, one.kind, len(one.client_ids)) for one in told(crm) if isinstance(one, DataRead)]


def test_a_block_says_once_whose_data_it_handed_out(audited: CRM, anna: Client) -> None:
    """An event a kind, all in one entry; with who read and from where."""
    with audited.bind(actor="17", correlation_id="r-1").read() as tx:
        for _ in "123":
            tx.clients.get(anna.id)
        tx.notes.list(client_id=anna.id)
        assert [] == said(audited)
    assert [("17", "client", 1), ("17", "note", 1)] == said(audited)
    assert {("17", "r-1", (anna.id,))} == {
        (one.actor, one.correlation_id, one.client_ids) for one in told(audited) if isinstance(one, DataRead)
    }
    with audited.bind(actor=System("auditor")).read() as tx:
        assert 2 == len(list(tx._unit.store.journal())[-1].events)


#: What is handed out by what.
ANSWERS: list[tuple[set[str], Callable[[Transaction, Any], object]]] = [
    ({"client"}, lambda tx, _: list(tx.clients.stream())),
    ({"client"}, lambda tx, _: tx.clients.find(phone="+79120000001")),
    ({"client"}, lambda tx, _: tx.clients.matches(phone="+79120000001")),
    ({"client"}, lambda tx, _: tx.clients.list(text="anna")),
    ({"client"}, lambda tx, _: tx.clients.ensure(phone="+79120000001", name="Anna")),
    ({"client"}, lambda tx, one: tx.clients.update(one, name="Anna")),
    ({"client", "contact_point", "deal", "note"}, lambda tx, one: tx.clients.card(one)),
    ({"deal"}, lambda tx, _: tx.deals.board()),
    (set(), lambda tx, _: tx.clients.count()),
    (set(), lambda tx, one: tx.notes.add(one, text="Late")),
    (set(), lambda tx, one: tx.clients.update(one, name="Hanna")),
    (set(), lambda tx, one: tx.purchases.count(client_id=one)),
]


@pytest.mark.parametrize(("kinds", "read"), ANSWERS)
def test_every_answer_counts_and_no_question_does(
    audited: CRM, anna: Client, kinds: set[str], read: Callable[[Transaction, Any], object]
) -> None:
    """What a verb changed is told by its own event; what it looked up on its way is handed to nobody."""
    with audited.bind(actor="17").begin() as tx:
        read(tx, anna.id)
    assert kinds == {kind for _, kind, _ in said(audited)}


def test_a_block_that_writes_says_it_in_its_commit(audited: CRM, anna: Client) -> None:
    """One entry, one commit."""
    with audited.bind(actor="17").begin() as tx:
        tx.notes.add(anna.id, text="Late")
        tx.clients.get(anna.id)
    with audited.bind(actor=System("auditor")).read() as tx:
        assert ["note.added", "data.read"] == [one.topic for one in list(tx._unit.store.journal())[-1].events]


@pytest.mark.parametrize("door", ["begin", "read"])
def test_what_a_failed_block_read_was_read(audited: CRM, anna: Client, door: str) -> None:
    """Whoever raises at the end has seen it all the same; what was written is gone."""
    with pytest.raises(KeyError), getattr(audited.bind(actor="17"), door)() as tx:
        tx.clients.get(anna.id)
        if door == "begin":
            tx.notes.add(anna.id, text="Late")
        raise KeyError
    assert [("17", "client", 1)] == said(audited)
    assert ["data.read"] == [one.topic for one in told(audited)][4:]


def test_inside_a_block_that_writes_it_waits(audited: CRM, anna: Client) -> None:
    """Or one would wait for the other for ever; each keeps its own actor, whatever becomes of the outer one."""
    with pytest.raises(KeyError), audited.bind(actor="17").begin():
        with audited.bind(actor="18").read() as tx:
            tx.clients.get(anna.id)
        raise KeyError
    assert [("18", "client", 1)] == said(audited)


@pytest.mark.parametrize("audited", ["memory"], indirect=True)
def test_what_cannot_be_written_down_fails_the_block(
    audited: CRM, anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read unsaid. What breaks is in memory: what is done about it asks no storage."""

    def refuse(*_: object) -> None:
        raise StorageUnreachable("full")

    monkeypatch.setattr(MemoryTransaction, "append", refuse)
    with pytest.raises(StorageUnreachable), audited.bind(actor="17").read() as tx:
        tx.clients.get(anna.id)


def test_long_streams_are_said_as_they_go(audited: CRM, anna: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads everybody needs no more memory for it, and each event names a few hundred at most."""
    monkeypatch.setattr(handed_out, "HELD", 1000)
    with audited.bind(actor=System("setup")).begin() as tx:
        for _ in range(2100):
            tx.clients.add(name="Anna")
    with audited.bind(actor="17").read() as tx:
        for number, _ in enumerate(tx.clients.stream()):
            if number == 1500:
                assert 1000 <= sum(count for _, _, count in said(audited)) <= 2000
    assert 2102 == sum(count for _, _, count in said(audited))
    assert max(count for _, _, count in said(audited)) == handed_out.NAMED


def test_programs_are_not_written_down(audited: CRM, anna: Client) -> None:
    """A program of the host's, a plugin that hears of an event, what is due: nobody looks at it."""
    with audited.bind(actor=System("nightly")).read() as tx:
        tx.clients.get(anna.id)
    audited.run_due()
    assert [] == said(audited)


class Looks(Plugin[None]):
    """Reads whoever is added, and hears of reads."""

    @on(ClientAdded)
    def look(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.read() as tx:
            tx.clients.get(event.client_id)


def test_what_a_plugin_looks_at_is_not_the_actors_reading() -> None:
    """Else whoever hears of reads and looks would hear for ever."""
    with CRM.open("memory://", audit=Audit(reads=True), plugins=[Looks()], delivery="inline") as crm:
        with crm.bind(actor="17").begin() as tx:
            tx.clients.add(name="Anna")
        assert [] == said(crm)


def test_nobody_in_particular_is_written_down_too(audited: CRM, anna: Client) -> None:
    """Without an actor nobody knows who it was, but whose it was."""
    with audited.read() as tx:
        tx.clients.get(anna.id)
    assert [("", "client", 1)] == said(audited)


def test_nothing_is_written_down_unless_it_was_asked_for(crm: CRM) -> None:
    """Reading holds nobody up."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
    with crm.bind(actor="17").read() as tx:
        tx.clients.get(anna.id)
    assert [] == said(crm)


def test_receivers_hear_of_reads(audited: CRM, anna: Client) -> None:
    """As of every event, after it was written down."""
    heard = list[Event]()
    audited.on(DataRead)(heard.append)
    with audited.bind(actor="17").read() as tx:
        tx.clients.get(anna.id)
    assert ["data.read"] == [one.topic for one in heard]


@pytest.mark.parametrize(
    ("wrong", "path"), [({"audit": True}, "audit"), ({"audit": "reads"}, "audit"), ({"audit": print}, "audit")]
)
def test_what_is_no_audit_is_refused(wrong: Any, path: str) -> None:
    """In the caller's words."""
    with pytest.raises(Invalid) as caught:
        CRM.open("memory://", **wrong)
    assert [path] == [fault.path for fault in caught.value.faults]


@pytest.fixture(params=["memory", "sqlite"])
def counting(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Generator[Callable[[], CRM]]:
    """Opens the same store again and again, as programs do; more than three clients an hour are too many."""
    storage = MemoryStorage() if request.param == "memory" else open_storage(f"sqlite:///{tmp_path}/shop.db")
    yield lambda: CRM(storage, clock=clock, audit=Audit(reads=True, bulk=3))
    storage.close()


def read_some(crm: CRM, actor: str, ids: list[Any]) -> None:
    for id in ids:
        with crm.bind(actor=actor).read() as tx:
            tx.clients.get(id)


def alarms(crm: CRM) -> list[tuple[str, int]]:
    return [(one.user, one.clients) for one in told(crm) if isinstance(one, DataBulkAccessDetected)]


def test_who_reads_too_many_is_told_of_once(counting: Callable[[], CRM], clock: FrozenClock) -> None:
    """Each client counts once, in whatever program; the next hour anew."""
    with counting().bind(actor=System("setup")).begin() as tx:
        ids: list[Any] = [tx.clients.add(name="Anna").id for _ in range(12)]
    read_some(counting(), "17", ids[:3] * 3)
    read_some(counting(), "18", ids[3:6])
    assert [] == alarms(counting())
    with counting().bind(actor="17").begin() as tx:
        tx.clients.get(ids[4])
    assert [("17", 4)] == alarms(counting())
    read_some(counting(), "17", ids)
    assert [("17", 4)] == alarms(counting())
    clock.go_on(hours=1)
    read_some(counting(), "17", ids[:3])
    assert [("17", 4)] == alarms(counting())
    with counting().bind(actor="17").read() as tx:
        list(tx.clients.stream())
    assert [("17", 4), ("17", 12)] == alarms(counting())


def test_what_was_rolled_back_was_read_and_counts(counting: Callable[[], CRM]) -> None:
    """Else whoever raises at the end of each block reads all they want."""
    with counting().bind(actor=System("setup")).begin() as tx:
        ids = [tx.clients.add(name="Anna").id for _ in range(4)]
    for id in ids:
        with pytest.raises(KeyError), counting().bind(actor="17").begin() as tx:
            tx.clients.get(id)
            raise KeyError
    assert [("17", 4)] == alarms(counting())


@pytest.mark.parametrize(
    ("bulk", "code"), [(0, "out_of_range"), (True, "out_of_range"), ("7", "out_of_range"), (10_001, "out_of_range")]
)
def test_a_threshold_that_is_none_is_refused(bulk: Any, code: str) -> None:
    """And one without reads to count."""
    with pytest.raises(Invalid) as caught:
        Audit(reads=True, bulk=bulk)
    assert [("bulk", code)] == [(fault.path, fault.code) for fault in caught.value.faults]
    with pytest.raises(Invalid) as caught:
        Audit(bulk=7)
    assert [("bulk", "needs_reads")] == [(fault.path, fault.code) for fault in caught.value.faults]
