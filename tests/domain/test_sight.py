from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st

from crmkit import Client, Share
from crmkit.domain.ids import ClientId, ShareId
from crmkit.domain.scope import ACTOR, Scope
from crmkit.domain.sight import Sight, sees
from crmkit.domain.where import EVERYTHING, Test
from crmkit.testing import a_client, new_id

RIGHTS: list[Any] = [None, "read", "write"]
WHERES = [EVERYTHING, Test("tags", "has", "vip"), Test("created_by", "eq", ACTOR)]
SIGHTS = st.builds(
    Sight,
    st.sampled_from(["none", "own", "team", "all"]),
    st.booleans(),
    st.sampled_from(RIGHTS),
    st.sampled_from(WHERES),
)


def some_client(owner: str | None, *, vip: bool, by: str | None) -> Client:
    return a_client(owner=owner, tags=frozenset({"vip"} if vip else ()), created_by=by)


CLIENTS = st.builds(
    some_client, st.sampled_from(["17", "18", "19", None]), vip=st.booleans(), by=st.sampled_from(["17", None])
)


class Shared:
    """Eighteen works with seventeen, nineteen does not; each client is shared with seventeen, or is not."""

    def __init__(self, right: Any) -> None:
        self._right = right

    def client(self, id: ClientId) -> Client | None:
        raise AssertionError(id)

    def teams(self, user: str) -> list[str]:
        return {"17": ["north"], "18": ["harbour", "north"]}.get(user, [])

    def shares(self, id: ClientId) -> list[Share]:
        when = a_client().created_at
        return [] if self._right is None else [Share(ShareId(new_id()), id, "17", self._right, None, None, when)]


def shown(sight: Sight, client: Client, right: Any) -> bool:
    return Scope(sees(sight), "17", "north").shows(client, Shared(right))


@given(SIGHTS, SIGHTS, CLIENTS, st.sampled_from(RIGHTS))
def test_what_is_seen_within_another_sight_is_seen_by_both(
    one: Sight, other: Sight, client: Client, right: Any
) -> None:
    """Narrowing never gives what either would not."""
    assert not shown(one.within(other), client, right) or (shown(one, client, right) and shown(other, client, right))
    assert shown(one.within(other), client, right) == shown(other.within(one), client, right)


@given(SIGHTS, CLIENTS, st.sampled_from(RIGHTS))
def test_within_everything_nothing_is_lost(sight: Sight, client: Client, right: Any) -> None:
    """All of a level, with the pool and shares."""
    everything = Sight("all", pool=True, shared="read")
    assert shown(sight.within(everything), client, right) == shown(sight, client, right)


@given(SIGHTS, SIGHTS, CLIENTS, st.sampled_from(RIGHTS))
def test_a_sight_that_covers_another_shows_all_of_it(one: Sight, other: Sight, client: Client, right: Any) -> None:
    """So the covered one may be left out."""
    assert not one.covers(other) or not shown(other, client, right) or shown(one, client, right)


@given(st.lists(SIGHTS, max_size=4), CLIENTS, st.sampled_from(RIGHTS))
def test_several_sights_show_what_one_of_them_does(sights: list[Sight], client: Client, right: Any) -> None:
    """Whichever were left out as covered."""
    together = Scope(sees(sights), "17", "north").shows(client, Shared(right))
    assert together == any(shown(sight, client, right) for sight in sights)
