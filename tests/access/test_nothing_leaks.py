"""Nobody is told of what they may not see: every read answers as if there were nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from busy_shop import Shop
from comparing import played
from every_read import READS, public_reads
from promises.fixtures import Tell
from without import Place, noted, unhidden, without

from crmkit import CRM, Client, MemoryStorage
from crmkit.domain.records import HANGING
from crmkit.errors import Forbidden
from crmkit.ports import Record, Storage
from crmkit.storage.opening import open_storage
from crmkit.testing.suite.scopes import Scoped

#: The doors of a CRM: what each lets out, and why nobody is told of anybody by it.
DOORS = {
    "begin": "the rooms, which are tried here", "read": "the rooms", "run": "the rooms", "bind": "doors",
    "on": "events are the host's, with ids and codes in them", "close": "nothing", "open": "doors",
    "run_due": "how many, to the host's clock", "rebuild": "how many, to the operator", "health": "a length, to the operator",
    "relay": "what is delivered, to the operator", "plugins": "what is installed",
    "import_clients": "a report by rows: whom one may not see is not matched (tests/importing/test_clients.py)",
    "import_purchases": "likewise", "import_touchpoints": "likewise",
    "export_clients": "rows, which are tried here", "export_purchases": "rows", "export_touchpoints": "rows",
}  # fmt: skip

#: Reads that are `Forbidden` to everybody else (tests/audit).
FOR_ADMINISTRATORS = {"audit.verify"}


def test_every_way_to_read_is_tried_here() -> None:
    """A new one must say how it is asked, or nobody knows whom it tells of."""
    assert set() == public_reads() - {name.partition(" ")[0] for name in READS} - FOR_ADMINISTRATORS
    assert set() == {name for name in dir(CRM) if name[0] != "_"} - DOORS.keys()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Storage]:
    return _maker(request.param, tmp_path)


def _maker(name: str, folder: Path) -> Callable[[int], Storage]:
    if name == "memory":
        return lambda _: MemoryStorage()
    return lambda seed: open_storage(f"sqlite:///{folder}/{seed}.db")


def test_every_read_answers_as_if_there_were_nothing_else(
    make: Callable[[int], Storage], caplog: pytest.LogCaptureFixture
) -> None:
    """Records, pages, counts, sums, searches, cards, boards, and errors to the last word (safety A1, A2)."""
    assert 2000 < played(make, runs=5, rounds=4, reads=30, log=caplog)


@pytest.mark.parametrize("server", ["postgresql_url", "mariadb_url"])
def test_a_server_tells_no_more(request: pytest.FixtureRequest, server: str, caplog: pytest.LogCaptureFixture) -> None:
    """The same shop in a database that others could use as well."""
    url = request.getfixturevalue(server)
    assert 500 < played(lambda _: open_storage(url), runs=1, rounds=10, reads=30, log=caplog)


@pytest.mark.heavy
@pytest.mark.parametrize(("name", "runs"), [("memory", 45), ("sqlite", 5)])
def test_a_hundred_thousand_answers_tell_nothing(
    name: str, runs: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, tell: Tell
) -> None:
    """Safety A1 and A2, a tenth of them on SQLite, where an answer takes five times as long."""
    tried = played(_maker(name, tmp_path), runs=runs, rounds=20, reads=25, log=caplog)
    assert {"memory": 90_000, "sqlite": 10_000}[name] == tried
    tell("A1", name, "heavy", {"answers compared": tried, "that tell of somebody hidden": 0}, "")


EXPORTS = ("export_clients", "export_purchases", "export_touchpoints")


def taken(crm: CRM, export: str) -> list[str] | None:
    """The rows of an export, each as all that it says; None: it is forbidden."""
    try:
        return [repr(sorted(row.items())) for row in getattr(crm, export)(reason="look")]
    except Forbidden:
        return None


def test_an_export_takes_out_no_more_than_the_right_reaches(make: Callable[[int], Storage]) -> None:
    """Not what one may only read, nor what was shared; and not without the right."""
    rows = 0
    for seed in range(3):
        shop = Shop(make(seed), seed, users=6)
        for _ in range(4):
            for _ in range(6):
                shop.go_on()
            everything = shop.everything()
            for actor in shop.users:
                bound, oracle = shop.crm.bind(actor=actor), shop.exported_by(actor, everything)
                for export in EXPORTS:
                    right = taken(oracle, export) if everything.may_export(actor) else None
                    assert right == taken(bound, export), (export, actor, seed)
                    rows += len(right or ())
        shop.crm.close()
    assert rows > 200


#: Kinds that no public read comes to but past another one's predicate; the storage suite looks at theirs.
BEHIND_ANOTHER = {"Attempt", "ExternalId", "DealStep", "Apart", "PersonalChange", "Slot"}
KINDS: tuple[type[Record], ...] = (Client, *HANGING)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.__name__ not in BEHIND_ANOTHER], ids=lambda kind: kind.__name__
)
def test_a_kind_that_everybody_sees_is_noticed(kind: type[Record], caplog: pytest.LogCaptureFixture) -> None:
    """The comparison bites: without one predicate it fails, whichever it is (safety A3)."""
    with unhidden(kind):
        assert _notices(lambda _: MemoryStorage(), caplog)


@pytest.mark.heavy
def test_every_predicate_that_is_left_out_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tell: Tell
) -> None:
    """Of each statement and each table in turn, on SQL, by the comparison or by the suite (safety A3)."""
    (tmp_path / "whole").mkdir()
    with noted() as places:
        played(_maker("sqlite", tmp_path / "whole"), runs=5, rounds=6, reads=60, log=caplog)
    assert len(places) > 30
    unnoticed = set[Place]()
    for number, place in enumerate(sorted(places)):
        (again := tmp_path / str(number) / "again").mkdir(parents=True)
        few, many = _maker("sqlite", again.parent), _maker("sqlite", again)
        with without(place):  # one shop notices most at once, the suite nearly all others; ten take half a minute
            if not (_notices(few, caplog, 1) or _suite_notices(again / "suite.db") or _notices(many, caplog)):
                unnoticed.add(place)
    tell("A3", "sqlite", "heavy", {"predicates left out": len(places), "not noticed": len(unnoticed)}, "")
    assert set() == unnoticed


def _suite_notices(file: Path) -> bool:
    """Whether the storage suite does: of what no public read comes to but past another predicate."""
    for number, test in enumerate(
        (Scoped.test_whatever_is_faster_shows_no_more, Scoped.test_a_scope_shows_what_the_rule_says)
    ):
        storage = open_storage(f"sqlite:///{file}{number}")
        try:
            test(Scoped(), storage)
        except AssertionError:
            return True
        finally:
            storage.close()
    return False


def _notices(make: Callable[[int], Storage], log: pytest.LogCaptureFixture, shops: int = 10) -> bool:
    """Whether the comparison fails before long."""
    try:
        played(make, runs=shops, rounds=6, reads=60, log=log)
    except (AssertionError, KeyError):  # an answer that differs, or one that crmkit itself stumbles over
        return True
    return False
