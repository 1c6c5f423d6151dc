"""A shop with two teams under one roof, and somebody in every role."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from small_shop import POLICY, Shop
from without import without_predicates

from crmkit import CRM, MemoryBlobs
from crmkit.access import System
from crmkit.events import Event
from crmkit.testing import FrozenClock


@pytest.fixture
def no_predicates() -> Generator[None]:
    """No statement of crmkit's hides anything by itself."""
    with without_predicates():
        yield


@pytest.fixture(params=["memory", "sqlite", "walled", "wall alone"])
def shop(request: pytest.FixtureRequest, clock: FrozenClock) -> Generator[Shop]:
    """On a store, on one with a second wall, and on one in which nothing but that wall hides anything."""
    if request.param in ("memory", "sqlite"):
        url = "memory://" if request.param == "memory" else request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("walled_url")
        if request.param == "wall alone":
            request.getfixturevalue("no_predicates")
    with CRM.open(url, access=POLICY, clock=clock, region="RU", blobs=MemoryBlobs()) as crm:
        told = list[Event]()
        with crm.bind(actor=System("setup")).begin() as tx:
            tx.teams.put("shop", name="Shop")
            for team in ("north", "south"):
                tx.teams.put(team, name=team, parent="shop")
            for user, belongs_to, role in (
                ("ann", "north", "seller"), ("bob", "north", "picker"), ("cid", "south", "seller"),
                ("hal", "north", "head"), ("boss", "shop", "head"), ("cal", None, "caller"), ("aud", None, "auditor"),
                ("dir", None, "director"), ("new", "south", ""),
            ):  # fmt: skip
                tx.users.put(user, name=user, team=belongs_to, roles=[role] if role else [])
            owners: tuple[str | None, ...] = ("ann", "bob", "cid", "hal", None)
            clients = {one: tx.clients.add(name=f"Client of {one}", owner=one).id for one in owners}
        crm.on(Event)(told.append)
        yield Shop(crm, clients, told)
