"""R12: who merges at once ends with one client of each, and everything under it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Barrier, Thread

import pytest
from promises.figures import Figure
from promises.scales import scales

from crmkit import CRM, Client, Money, Transaction
from crmkit.domain.ids import ClientId
from crmkit.errors import CRMError, Invalid, NotFound

Tell = Callable[..., Figure]
PATIENCE = 120.0
THREADS = 8
#: Counted before and after: nothing may vanish or be doubled.
ROOMS = ("deals", "touchpoints", "consents", "tasks", "notes", "contact_points", "purchases")


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """An empty store on the database that the test is run with."""
    if database == "memory":
        return "memory://"
    return f"sqlite:///{tmp_path}/crm.db" if database == "sqlite" else request.getfixturevalue(f"{database}_url")


def _clients(crm: CRM, count: int) -> list[ClientId]:
    """Clients with something of each kind."""
    ids = list[ClientId]()
    with crm.begin() as tx:
        for number in range(count):
            client = tx.clients.add(name=f"{number}", phone=f"+7912000{number:04}")
            deal = tx.deals.open(client.id, title="Order", amount=Money(number + 1, "EUR"))
            tx.deals.win(deal.id)
            tx.touchpoints.record(client.id, channel="call", direction="inbound")
            tx.consents.grant(client.id, purpose="marketing", channel="email")
            tx.tasks.plan(client_id=client.id, title="Call", due=tx._unit.now)
            tx.notes.add(client.id, text="Never before ten.")
            ids.append(client.id)
    return ids


def _merge(crm: CRM, pairs: list[tuple[ClientId, ClientId]], together: Barrier, faults: list[BaseException]) -> None:
    """Merge each pair, as one of several who do; two who are one already are no fault."""
    try:
        together.wait(PATIENCE)
        for one, other in pairs:
            try:
                crm.run(lambda tx: tx.clients.merge(one, into=other), attempts=100)  # noqa: B023
            except Invalid as error:
                if ["into"] != [fault.path for fault in error.faults]:
                    raise
    except (CRMError, RuntimeError) as error:
        faults.append(error)


@pytest.mark.parametrize("database", ["memory", "sqlite", "postgresql", "mariadb"])
@scales(plain=1, heavy=75, nightly=5_000)
def test_merges_at_once_end_in_one_client_for_each_component(
    url: str, database: str, run: str, scale: int, tell: Tell
) -> None:
    """Whatever pairs are merged by whom in whatever order: no cycle, nobody vanishes, all counts stay."""
    merges, wrong = 0, {"cycles": 0, "vanished": 0, "left apart": 0, "lost": 0}
    with CRM.open(url) as crm:
        for number in range(scale):
            random = Random(f"{database} {number}")
            ids = _clients(crm, random.randrange(2, 10))
            added = _counts(crm)
            pairs = [tuple(random.sample(ids, 2)) for _ in range(random.randrange(2, 12))]
            work: list[list[tuple[ClientId, ClientId]]] = [[] for _ in range(THREADS)]
            for place, (one, other) in enumerate(pairs):
                work[place % THREADS].append((one, other))
                work[(place + 1) % THREADS].append((other, one))  # somebody has the opposite idea at the same time
            together, faults = Barrier(THREADS), list[BaseException]()
            threads = [Thread(target=_merge, args=(crm, todo, together, faults)) for todo in work]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            assert [] == faults
            roots = _roots(ids, [(one, other) for one, other in pairs])
            with crm.read() as tx:
                found = {id: client.id for id in ids if (client := _found(tx, id))}
            for component in roots:
                wrong["cycles"] += not any(found.get(id) == id for id in component)
                wrong["left apart"] += len({found.get(id) for id in component}) - 1
            wrong["vanished"] += len(ids) - len(found)
            wrong["left apart"] += abs(len(roots) - len(set(found.values())))
            wrong["lost"] += sum(count != added[room] for room, count in _counts(crm).items())
            merges += len(ids) - len(roots)
    tell("R12", database, run, {"graphs": scale, "threads": THREADS, "merges": merges, **wrong}, database)
    assert {0} == set(wrong.values())


def _found(tx: Transaction, id: ClientId) -> Client | None:
    """Who answers to an id, if anybody does."""
    try:
        return tx.clients.get(id)
    except NotFound:
        return None


def _counts(crm: CRM) -> dict[str, int]:
    with crm.read() as tx:
        return {room: getattr(tx, room).count() for room in ROOMS}


def _roots(ids: list[ClientId], pairs: list[tuple[ClientId, ClientId]]) -> list[set[ClientId]]:
    """The components of the graph: who must be one in the end."""
    components = [{id} for id in ids]
    for one, other in pairs:
        first = next(component for component in components if one in component)
        second = next(component for component in components if other in component)
        if first is not second:
            components.remove(second)
            first |= second
    return components
