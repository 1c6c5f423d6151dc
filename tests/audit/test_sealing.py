"""When the journal is sealed, what a seal covers, and how its head gets to the sink."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from crmkit import CRM, Money
from crmkit.audit import Audit, FileSink, Head, heads_in
from crmkit.domain.query import Query
from crmkit.domain.seal import Gap, Seal, Span
from crmkit.storage.sql import SQLStorage
from crmkit.testing import FrozenClock

Open = Callable[..., CRM]
PATIENCE = 30.0
#: For stores that are there before a CRM, beside it and after it, as none in memory is.
OUTLIVING = pytest.mark.parametrize(
    "url", [one for one in os.environ.get("CRMKIT_STORAGES", "sqlite").split(",") if one != "memory"], indirect=True
)


@pytest.fixture
def kept() -> list[Head]:
    """What the sink was given."""
    return []


@pytest.fixture
def opened(url: str, clock: FrozenClock, kept: list[Head]) -> CRM:
    """A CRM that seals after three commits, or a minute."""
    return CRM.open(url, clock=clock, delivery="inline", audit=Audit(kept.append, every=3))


def _commit(crm: CRM, times: int = 1) -> None:
    for _ in range(times):
        with crm.begin() as tx:
            tx.clients.add(name="Anna")


def _seals(crm: CRM) -> list[Seal]:
    with crm.read() as tx:
        return tx._unit.store.select(Query(Seal, order_by="number"))


def test_so_many_commits_are_sealed_at_once(opened: CRM, kept: list[Head]) -> None:
    """Two wait for the third; what came since the last seal begins anew."""
    with opened:
        _commit(opened, 2)
        assert [] == kept
        _commit(opened, 5)
        assert [(1, 3), (2, 6)] == [(head.number, head.entries) for head in kept]
        with opened.read() as tx:
            found = tx.audit.verify(kept)
        assert (True, 7, 2, 1) == (found.is_sound, found.entries, found.seals, found.unsealed)


def test_a_minute_after_the_first_the_next_commit_seals(opened: CRM, kept: list[Head], clock: FrozenClock) -> None:
    """However few there are."""
    with opened:
        _commit(opened)
        clock.go_on(seconds=59)
        _commit(opened)
        assert [] == kept
        clock.go_on(seconds=1)
        opened.run_due()
        assert [2] == [head.entries for head in kept]
        _commit(opened)
        clock.go_on(seconds=61)
        _commit(opened)
        assert [2, 4] == [head.entries for head in kept]


def test_closing_seals_the_rest(opened: CRM, kept: list[Head]) -> None:
    """Also twice: there is nothing to seal then, and no store."""
    with opened:
        _commit(opened)
    opened.close()
    assert [(1, 1)] == [(head.number, head.entries) for head in kept]


def test_without_an_audit_nothing_is_sealed(crm: CRM) -> None:
    """Who did not ask for it pays nothing for it."""
    _commit(crm, 5)
    crm.run_due()
    assert [] == _seals(crm)
    with crm.read() as tx:
        found = tx.audit.verify()
    assert (True, 5, 5, None) == (found.is_sound, found.entries, found.unsealed, found.sealed_upto)


def test_a_thread_seals_while_nobody_waits(url: str) -> None:
    """Begun with the first commit, it seals at once if that is enough."""
    heard, heads = Event(), list[Head]()

    def sink(head: Head) -> None:
        heads.append(head)
        heard.set()

    with CRM.open(url, audit=Audit(sink, every=1)) as crm:
        _commit(crm)
        assert heard.wait(PATIENCE)
    assert 1 == heads[0].number


@OUTLIVING
def test_what_a_long_journal_holds_is_sealed_a_thousand_at_a_time(
    url: str, clock: FrozenClock, kept: list[Head]
) -> None:
    """A store may be older than its seals; one in memory is as old as its CRM."""
    with CRM.open(url, clock=clock) as crm:
        crm.import_clients([{"name": f"Client {number}"} for number in range(2100)], chunk=1)
    with CRM.open(url, clock=clock, audit=Audit(kept.append)) as crm:
        crm.run_due()
        with crm.read() as tx:
            assert tx.audit.verify(kept).is_sound
    assert [1000, 2000, 2100] == [head.entries for head in kept]


def test_a_sink_that_fails_is_asked_again_and_in_order(
    url: str, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The commit stands, the seal stands; the log says what kind of error it was, and not its text."""
    kept, failures = list[int](), [OSError("disk of Anna"), ValueError("Anna again")]

    def sink(head: Head) -> None:
        if failures:
            raise failures.pop()
        kept.append(head.number)

    with CRM.open(url, clock=clock, delivery="inline", audit=Audit(sink, every=1)) as crm:
        with caplog.at_level(logging.ERROR, "crmkit.audit"):
            _commit(crm, 2)
            assert [] == kept
            _commit(crm, 2)
        assert [1, 2, 3, 4] == kept
    assert ["A head could not be kept: ValueError", "A head could not be kept: OSError"] == caplog.messages


@OUTLIVING
def test_the_last_head_is_offered_again_by_the_next_process(url: str, clock: FrozenClock) -> None:
    """Nobody knows whether the sink took it before the first one died; those before it are in its link."""
    first, second = list[int](), list[int]()
    with CRM.open(
        url, clock=clock, delivery="inline", audit=Audit(lambda head: first.append(head.number), every=1)
    ) as crm:
        _commit(crm, 3)
    with CRM.open(
        url, clock=clock, delivery="inline", audit=Audit(lambda head: second.append(head.number), every=1)
    ) as crm:
        crm.run_due()
        _commit(crm)
    assert ([1, 2, 3], [3, 4]) == (first, second)


@OUTLIVING
def test_heads_of_what_others_sealed_are_offered_too(url: str, clock: FrozenClock) -> None:
    """Each process's sink has the whole chain from its beginning on, in order."""
    one, two = list[int](), list[int]()
    audits = [
        Audit(lambda head: one.append(head.number), every=1),
        Audit(lambda head: two.append(head.number), every=1),
    ]
    crms = [CRM.open(url, clock=clock, delivery="inline", audit=audit) for audit in audits]
    for number in (0, 1, 1, 0, 1):
        _commit(crms[number])
    for crm in crms:
        crm.close()
    assert [1, 2, 3, 4, 5] == sorted({*one, *two})
    assert (sorted(one), sorted(two)) == (one, two)


def test_a_sink_may_write_into_the_crm_itself(url: str, clock: FrozenClock) -> None:
    """What it commits is sealed next time: it neither waits for itself nor goes on for ever."""
    heads, crms = list[int](), list[CRM]()

    def sink(head: Head) -> None:
        heads.append(head.number)
        if len(heads) < 5:
            _commit(crms[0], 3)

    with CRM.open(url, clock=clock, delivery="inline", audit=Audit(sink, every=2)) as crm:
        crms.append(crm)
        _commit(crm, 2)
        assert heads
    assert sorted({*heads}) == heads


def test_a_gap_is_remembered_and_closed_after_an_hour(tmp_path: Path, clock: FrozenClock, kept: list[Head]) -> None:
    """A rolled-back transaction leaves its position empty, and so does one that is slow to commit."""
    with CRM.open(f"sqlite:///{tmp_path}/crm.db", clock=clock, delivery="inline", audit=Audit(kept.append)) as crm:
        _commit(crm, 3)
        _sql(crm, "UPDATE crm_journal SET seq = seq + 2 WHERE seq = 3")
        crm.run_due()
        since = clock.now()
        (seal,) = _seals(crm)
        assert ((Span(1, 2), Span(5, 5)), (Gap(0, 0, since), Gap(3, 4, since))) == (seal.covers, seal.gaps)
        _sql(crm, "UPDATE crm_journal SET seq = 3 WHERE seq = 5")  # it moved: gone where it was, new where it is
        with crm.read() as tx:
            found = tx.audit.verify(kept)
        assert (["deleted"], (3,)) == ([one.kind for one in found.breaches], found.late)
        _sql(crm, "UPDATE crm_journal SET seq = 5 WHERE seq = 3")
        _commit(crm)
        clock.go_on(hours=1)
        crm.run_due()
        assert () == _seals(crm)[-1].gaps
        _sql(crm, "INSERT INTO crm_journal SELECT 4, id, at, actor, source, source_plugin, source_campaign, source_ref,"
                  " correlation_id, events, subscribers, state, claimed_by, claimed_until, attempts FROM crm_journal WHERE seq = 1")  # fmt: skip
        _commit(crm)
        crm.run_due()
        with crm.read() as tx:
            found = tx.audit.verify(kept)
        assert [("inserted", 4)] == [(one.kind, one.position) for one in found.breaches]


def test_what_turns_up_in_a_gap_in_time_is_sealed(tmp_path: Path, clock: FrozenClock, kept: list[Head]) -> None:
    """Even if nobody sealed anything for longer than a gap stays open."""
    with CRM.open(f"sqlite:///{tmp_path}/crm.db", clock=clock, delivery="inline", audit=Audit(kept.append)) as crm:
        _commit(crm, 2)
        _sql(crm, "UPDATE crm_journal SET seq = seq + 2 WHERE seq = 2")
        crm.run_due()
        _sql(crm, "INSERT INTO crm_journal SELECT 3, id, at, actor, source, source_plugin, source_campaign, source_ref,"
                  " correlation_id, events, subscribers, state, claimed_by, claimed_until, attempts FROM crm_journal WHERE seq = 1")  # fmt: skip
        with crm.read() as tx:
            found = tx.audit.verify(kept)
        assert (True, (3,), 1) == (found.is_sound, found.late, found.unsealed)
        clock.go_on(hours=5)
        crm.run_due()
        assert (Span(3, 3),) == _seals(crm)[-1].covers
        with crm.read() as tx:
            found = tx.audit.verify(kept)
        assert (True, (), 0) == (found.is_sound, found.late, found.unsealed)


def test_a_child_process_seals_what_it_commits(tmp_path: Path, clock: FrozenClock) -> None:
    """With a thread of its own; the parent goes on with its."""
    heads = tmp_path / "heads.jsonl"
    with CRM.open(f"sqlite:///{tmp_path}/crm.db", audit=Audit(FileSink(heads), every=2)) as crm:
        _commit(crm)
        if (pid := os.fork()) == 0:
            try:
                _commit(crm, 3)
                crm.close()
            finally:
                os._exit(0)
        assert 0 == os.waitpid(pid, 0)[1]
        _commit(crm)
    with CRM.open(f"sqlite:///{tmp_path}/crm.db", clock=clock) as crm, crm.read() as tx:
        found = tx.audit.verify(heads_in(heads))
    assert (True, 5, 0) == (found.is_sound, found.entries, found.unsealed)


def test_a_plugin_s_inline_delivery_and_sealing_do_not_meet(opened: CRM, kept: list[Head]) -> None:
    """A commit of several verbs is one entry."""
    with opened:
        with opened.begin() as tx:
            anna = tx.clients.add(name="Anna")
            deal = tx.deals.open(anna.id, title="Order", amount=Money(5, "EUR"))
            tx.deals.win(deal.id)
        opened.run_due()
        assert [1] == [head.entries for head in kept]


def _sql(crm: CRM, statement: str) -> None:
    storage = crm._shared.storage
    assert isinstance(storage, SQLStorage)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_who_only_looks_after_a_store_seals_what_others_commit(
    tmp_path: Path, clock: FrozenClock, kept: list[Head]
) -> None:
    """At once after it began, then after so many entries, or so long: it asks the store, and not each time."""
    url = f"sqlite:///{tmp_path}/crm.db"
    with (
        CRM.open(url, clock=clock) as writer,
        CRM.open(url, clock=clock, delivery="external", audit=Audit(kept.append, every=3)) as crm,
    ):
        sealing = crm._shared.sealing
        assert sealing is not None
        for times, seconds, entries in ((1, 2, 1), (2, 2, 1), (1, 0.5, 1), (0, 2, 4), (1, 30, 4), (0, 31, 5)):
            _commit(writer, times)
            clock.go_on(seconds=seconds)
            sealing.look()
            assert entries == kept[-1].entries
