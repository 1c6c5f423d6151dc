"""A store that somebody writes to past crmkit, statement by statement."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import CRM
from crmkit.access import Policy, Role, System
from crmkit.audit import Audit, Breach, Head, Verified
from crmkit.domain.scope import EVERYONE
from crmkit.errors import Forbidden, Invalid
from crmkit.storage.sql import SQLStorage
from crmkit.testing import FrozenClock, a_client, an_entry

DATABASES = ("sqlite", "postgresql", "mariadb")
ENTRIES, EACH = 12, 4
JOURNAL = (
    "seq, id, at, actor, source, source_plugin, source_campaign, source_ref, correlation_id, events, subscribers, state, "
    "claimed_by, claimed_until, attempts"
)


RESTART = {
    "postgresql": "ALTER SEQUENCE crm_journal_seq_seq RESTART",
    "mariadb": "ALTER TABLE crm_journal AUTO_INCREMENT = 1",
}


@pytest.fixture(params=DATABASES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[SQLStorage]:
    url = (
        f"sqlite:///{tmp_path}/crm.db" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    )
    storage = SQLStorage(url)
    yield storage
    storage.close()


@pytest.fixture
def heads() -> list[Head]:
    """What the sink was given: of three seals, on entries one to four, five to eight, nine to twelve."""
    return []


@pytest.fixture
def crm(storage: SQLStorage, clock: FrozenClock, heads: list[Head]) -> CRM:
    crm = CRM(storage, clock=clock, delivery="external", audit=Audit(heads.append))
    if storage.name != "sqlite":  # a server that other tests were on
        _sql(storage, RESTART[storage.name])
    for number in range(ENTRIES):
        with crm.begin() as tx:
            tx.clients.add(name="Anna", owner=f"{number}")
        if (number + 1) % EACH == 0:
            crm.run_due()
            clock.go_on(hours=2)
    assert _verified(crm, heads).is_sound
    return crm


def _verified(crm: CRM, heads: list[Head]) -> Verified:
    with crm.read() as tx:
        return tx.audit.verify(heads)


def _told(crm: CRM, heads: list[Head]) -> list[Breach]:
    return list(_verified(crm, heads).breaches)


def _sql(storage: SQLStorage, *statements: str) -> None:
    with storage.engine.begin() as connection:
        for one in statements:
            connection.execute(sa.text(one))


EDITS = {
    "id": "id = (SELECT other.id FROM (SELECT id FROM crm_journal WHERE seq = 1) AS other)",
    "actor": "actor = 'x'",
    "source": "source = 'web'",
    "plugin": "source_plugin = ''",
    "campaign": "source_campaign = 'x'",
    "ref": "source_ref = 'null'",
    "correlation": "correlation_id = '1'",
    "event": 'events = replace(events, \'"owner"\\:"5"\', \'"owner"\\:"6"\')',
    "a space": "events = concat(events, ' ')",
    "no events": "events = '[]'",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_every_column_that_says_something_is_sealed(
    storage: SQLStorage, crm: CRM, heads: list[Head], edit: str
) -> None:
    """Its position is said, and by which seal."""
    if storage.name == "sqlite":
        edit = edit.replace("concat(events, ' ')", "events || ' '")
    _sql(storage, f"UPDATE crm_journal SET {edit} WHERE seq = 6")
    assert [Breach("edited", position=6, seal=2)] == _told(crm, heads)


def test_an_instant_is_sealed_to_the_microsecond(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """In whichever type a database has it."""
    later = {
        "sqlite": "at + 1", "postgresql": "at + interval '1 microsecond'", "mariadb": "at + INTERVAL 1 MICROSECOND",
    }[storage.name]  # fmt: skip
    _sql(storage, f"UPDATE crm_journal SET at = {later} WHERE seq = 6")
    assert [Breach("edited", position=6, seal=2)] == _told(crm, heads)


def test_what_delivery_writes_is_not_sealed(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """It changes for as long as anybody must hear of an entry."""
    _sql(storage, "UPDATE crm_journal SET state = 'pending', subscribers = '{}', attempts = 7, claimed_by = 'x' WHERE seq = 6")  # fmt: skip
    assert [] == _told(crm, heads)


def test_deleted_swapped_and_inserted_entries_are_told_apart(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """Each by its position; what was inserted before everything, too."""
    rest = JOURNAL.partition(", ")[2]
    _sql(storage, "DELETE FROM crm_journal WHERE seq = 2", "UPDATE crm_journal SET seq = 100 WHERE seq = 6",
         "UPDATE crm_journal SET seq = 6 WHERE seq = 11", "UPDATE crm_journal SET seq = 11 WHERE seq = 100",
         f"INSERT INTO crm_journal ({JOURNAL}) SELECT -5, {rest} FROM crm_journal WHERE seq = 1",
         f"INSERT INTO crm_journal ({JOURNAL}) SELECT {-(2**63)}, {rest} FROM crm_journal WHERE seq = 1")  # fmt: skip
    assert {
        Breach("deleted", position=2, seal=1),
        Breach("swapped", position=6, other=11, seal=3),
        Breach("swapped", position=11, other=6, seal=2),
        Breach("inserted", position=-5),
        Breach("inserted", position=-(2**63)),
    } == set(_told(crm, heads))


SEALS = {
    "at": "at = (SELECT other.at FROM (SELECT at FROM crm_seal WHERE number = 1) AS other)",
    "id": "id = (SELECT other.id FROM (SELECT id FROM crm_journal WHERE seq = 1) AS other)",
    "upto": "upto = upto + 1",
    "huge upto": f"upto = {2**63 - 1}",
    "entries": "entries = 0",
    "link": "link = 'x'",
    "no link": "link = ''",
    "no covers": "covers = '[]'",
    "others covered": "covers = replace(covers, '5', '6')",
    "all covered": f'covers = \'[{{"first"\\:0,"last"\\:{2**63 - 1}}}]\'',
    "broken covers": "covers = '[{'",
    "strange covers": 'covers = \'[{"first"\\:"a","last"\\:null}]\'',
    "digests": "digests = replace(digests, 'a', 'b')",
    "no digests": "digests = '[]'",
    "broken digests": "digests = 'x'",
    "strange digests": "digests = '{\"a\"\\:1}'",
    "gaps": 'gaps = \'[{"first"\\:13,"last"\\:99,"since"\\:"2026-01-01T00\\:00\\:00+00\\:00"}]\'',
    "strange gaps": 'gaps = \'[{"first"\\:13,"last"\\:99,"since"\\:"x"}]\'',
}


@pytest.mark.parametrize("edit", SEALS.values(), ids=SEALS)
def test_every_column_of_a_seal_is_tied_to_the_next(
    storage: SQLStorage, crm: CRM, heads: list[Head], edit: str
) -> None:
    """Nothing that anybody writes there makes a look through it fail, or blames an entry."""
    _sql(storage, f"UPDATE crm_seal SET {edit} WHERE number = 2")
    replaced = [Breach("seal_replaced", seal=2)] if edit.startswith("link") else []
    assert [*replaced, Breach("seal_edited", seal=2)] == _told(crm, heads)
    assert [Breach("seal_edited", seal=2)] == _told(crm, [])


@pytest.mark.parametrize("number", ["0", "-1", "7", str(2**62)])
def test_a_seal_of_another_number_is_missed(storage: SQLStorage, crm: CRM, heads: list[Head], number: str) -> None:
    """Of a great number no more breaches are told than anybody reads."""
    _sql(storage, f"UPDATE crm_seal SET number = {number} WHERE number = 2")
    found = _verified(crm, heads)
    assert not found.is_sound
    assert Breach("seal_deleted", seal=2) in found.breaches
    assert len(found.breaches) <= 1000


def test_a_deleted_seal_is_missed(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """In the middle by its number, at the end by a head; nothing is said against what it covered."""
    _sql(storage, "DELETE FROM crm_seal WHERE number = 2")
    assert [Breach("seal_deleted", seal=2)] == _told(crm, heads)
    _sql(storage, "DELETE FROM crm_seal WHERE number = 3")
    assert [Breach("cut", position=5, other=12, seal=3)] == _told(crm, heads)
    assert [] == _told(crm, heads[:1])


def test_an_end_cut_off_behind_a_head_is_missed(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """Which end, says the head; and the store goes on as if nothing had been, but not unnoticed."""
    _sql(storage, "DELETE FROM crm_journal WHERE seq > 6", "DELETE FROM crm_seal WHERE number > 1")
    assert [Breach("cut", position=5, other=12, seal=3)] == _told(crm, heads)
    kept = [*heads]
    with crm.begin() as tx:
        tx.clients.add(name="Eve")
    crm.run_due()
    assert [] == _told(crm, [])
    assert [Breach("seal_replaced", seal=2), Breach("cut", position=_verified(crm, []).sealed_upto or 0, other=12, seal=3)] == [
        attrs_of(one, crm) for one in _told(crm, kept)
    ]  # fmt: skip


def attrs_of(breach: Breach, crm: CRM) -> Breach:
    """Where a cut begins depends on the numbers that a database gives."""
    upto = _verified(crm, []).sealed_upto or 0
    return Breach("cut", position=upto, other=breach.other, seal=breach.seal) if breach.kind == "cut" else breach


@pytest.mark.parametrize("storage", [one for one in DATABASES if one != "sqlite"], indirect=True)
def test_who_commits_late_is_sealed_by_the_next_seal(storage: SQLStorage, crm: CRM, heads: list[Head]) -> None:
    """A position is given before the commit: the later one may be seen, and sealed, first; on SQLite one writes at a time."""
    slow, lost = (storage.begin(write=True, scope=EVERYONE) for _ in "12")
    for tx in (slow, lost):
        tx.append(an_entry(a_client()))
        tx.journal_length()  # so that it has its number
    with crm.begin() as quick:
        quick.clients.add(name="Zoe")
    crm.run_due()
    slow.commit()
    lost.rollback()
    found = _verified(crm, heads)
    assert (True, (13,), 1, 15) == (found.is_sound, found.late, found.unsealed, found.sealed_upto)
    crm.run_due()
    found = _verified(crm, heads)
    assert (True, (), 0, 14) == (found.is_sound, found.late, found.unsealed, found.entries)


def test_what_turns_up_in_an_old_gap_was_inserted(
    storage: SQLStorage, crm: CRM, heads: list[Head], clock: FrozenClock
) -> None:
    """No transaction takes hours."""
    with crm.begin() as tx:
        tx.clients.add(name="Zoe")
    _sql(storage, "UPDATE crm_journal SET seq = 20 WHERE seq = 13")  # as if others had been rolled back
    crm.run_due()
    clock.go_on(hours=2)
    _sql(storage, f"INSERT INTO crm_journal ({JOURNAL}) SELECT 21, {JOURNAL.partition(', ')[2]} FROM crm_journal WHERE seq = 1")  # fmt: skip
    crm.run_due()
    _sql(storage, f"INSERT INTO crm_journal ({JOURNAL}) SELECT 15, {JOURNAL.partition(', ')[2]} FROM crm_journal WHERE seq = 1")  # fmt: skip
    assert [Breach("inserted", position=15)] == _told(crm, heads)


def test_only_who_may_do_everything_looks(clock: FrozenClock) -> None:
    """The log says who did what to whom."""
    policy = Policy(Role("seller", read="all", write="all"), Role("chief", admin=True))
    with CRM.open("memory://", clock=clock, access=policy) as crm:
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.users.put("17", name="Zoe", roles={"seller"})
            tx.users.put("18", name="Ann", roles={"chief"})
        for actor in ("18", System("nightly")):
            with crm.bind(actor=actor).read() as tx:
                assert 1 == tx.audit.verify().entries
        with pytest.raises(Forbidden), crm.bind(actor="17").read() as tx:
            tx.audit.verify()


def test_progress_and_wrong_heads(crm: CRM, heads: list[Head]) -> None:
    """Who waits is told how far it is; what is no head is refused before anything is read."""
    with crm.read() as tx:
        wrongs: tuple[Any, ...] = ("x", [1], 7, [heads[0], None])
        for wrong in wrongs:
            with pytest.raises(Invalid):
                tx.audit.verify(wrong)
        told: list[Any] = []
        assert tx.audit.verify(heads, progress=lambda done, total: told.append((done, total))).is_sound
    assert [] == told  # fewer than a thousand: nobody waits
