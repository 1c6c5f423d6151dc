"""Two clients that were one: which fields the one keeps, and what it takes to tell them apart again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import attrs

from crmkit.domain.client import Client, Lifecycle, MarketLevel
from crmkit.domain.custom import Custom
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import ClientId, MergeId
from crmkit.domain.marks import Code, Masked, Personal

V = TypeVar("V")
#: The most alive first: of two states of one client the earlier holds.
ALIVE: tuple[Lifecycle, ...] = ("active", "dormant", "prospect", "lost", "archived")


@attrs.frozen
class Merge(Masked):
    """
    What is left of a merged client: whom its old id leads to, and what undoing needs.

    `merged` is the client as it was, `before` and `after` whom it was merged into. `moved` are the ids of what came
    along, by kind; `stepped_down` those contact points among them that had been primary; `head` the survivor's last
    consent until then. When the survivor is merged onward, `client_id` follows.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna, double = tx.clients.add(name="Anna"), tx.clients.add(name="Ana")
    ...     _ = tx.clients.merge(double.id, into=anna.id)
    ...     tx.clients.get(double.id).id == anna.id
    True
    """

    id: MergeId
    client_id: ClientId
    merged_id: ClientId
    merged: Personal[Client]
    before: Personal[Client]
    after: Personal[Client]
    moved: Code[FrozenMap[str, str]]
    stepped_down: Code[frozenset[str]]
    head: int
    reason: Code[str | None]
    actor: Code[str | None]
    merged_at: datetime


def joined(survivor: Client, duplicate: Client) -> Client:
    """*survivor* with what only the duplicate knew; where both know something, the survivor's holds."""
    return attrs.evolve(
        survivor,
        lifecycle=min(survivor.lifecycle, duplicate.archived_from or duplicate.lifecycle, key=_aliveness),
        owner=survivor.owner or duplicate.owner,
        market_level="ours" if _is_ours(survivor) or _is_ours(duplicate) else survivor.market_level,
        region=survivor.region or duplicate.region,
        language=survivor.language or duplicate.language,
        time_zone=survivor.time_zone or duplicate.time_zone,
        tags=survivor.tags | duplicate.tags,
        custom=Custom(dict(sorted({**duplicate.custom.raw, **survivor.custom.raw}.items()))),
        external_ids=FrozenMap({**duplicate.external_ids, **survivor.external_ids}),
    )


def parted(now: Client, joint: Client, alone: Client) -> Client:
    """*now* without what made *joint* of *alone*, where nobody has changed it since."""

    def back(current: V, then: V, own: V) -> V:
        return own if current == then else current

    put_away = now.archived_from is not None
    lifecycle = back(now.archived_from or now.lifecycle, joint.lifecycle, alone.lifecycle)
    level: MarketLevel = back(now.market_level, joint.market_level, alone.market_level)
    return attrs.evolve(
        now,
        lifecycle=now.lifecycle if put_away else lifecycle,
        archived_from=lifecycle if put_away else None,
        owner=back(now.owner, joint.owner, alone.owner),
        market_level=level,
        region=back(now.region, joint.region, alone.region),
        language=back(now.language, joint.language, alone.language),
        time_zone=back(now.time_zone, joint.time_zone, alone.time_zone),
        tags=now.tags - (joint.tags - alone.tags),
        custom=Custom(_without(now.custom.raw, joint.custom.raw, alone.custom.raw)),
        external_ids=FrozenMap(_without(now.external_ids, joint.external_ids, alone.external_ids)),
    )


def _without(now: Mapping[str, V], joint: Mapping[str, V], alone: Mapping[str, V]) -> dict[str, V]:
    """*now* less the pairs that joining had brought."""
    brought = dict(joint.items() - alone.items())
    return {key: value for key, value in now.items() if brought.get(key) != value}


def _aliveness(lifecycle: Lifecycle) -> int:
    return ALIVE.index(lifecycle)


def _is_ours(client: Client) -> bool:
    return client.market_level == "ours"
