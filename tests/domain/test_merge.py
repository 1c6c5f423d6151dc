"""Which fields the one keeps of two, and that they can be told apart again."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from crmkit.domain.client import Client, Lifecycle
from crmkit.domain.custom import Custom
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.merge import joined, parted
from crmkit.testing import a_client

words = st.none() | st.sampled_from(["a", "b"])
pairs = st.dictionaries(st.sampled_from(["k", "l", "m"]), st.sampled_from(["1", "2"]))
STATES: tuple[Lifecycle, ...] = ("active", "dormant", "prospect", "lost")
FILLED = ("owner", "region", "language", "time_zone")


def clients(**fixed: Any) -> st.SearchStrategy[Client]:
    def made(lifecycle: Lifecycle, put_away: bool, custom: Any, external_ids: Any, **told: Any) -> Client:
        state: Any = {"lifecycle": "archived", "archived_from": lifecycle} if put_away else {"lifecycle": lifecycle}
        return a_client(custom=Custom(custom), external_ids=FrozenMap(external_ids), **state, **told)

    drawn: dict[str, Any] = {
        "lifecycle": st.sampled_from(STATES), "put_away": st.booleans(), "custom": pairs, "external_ids": pairs,
        "market_level": st.sampled_from(["ours", "competitor", "potential"]),
        "tags": st.frozensets(st.sampled_from(["vip", "x", "y"])), **dict.fromkeys(FILLED, words),
    }  # fmt: skip
    return st.builds(made, **{**drawn, **fixed})


survivors = clients(put_away=st.just(value=False))


@settings(max_examples=300)
@given(survivors, clients())
def test_the_survivors_own_holds_and_what_was_empty_is_filled(survivor: Client, duplicate: Client) -> None:
    """Nothing either knew is lost, but where both knew something."""
    both = joined(survivor, duplicate)
    for field in FILLED:
        assert (getattr(survivor, field) or getattr(duplicate, field)) == getattr(both, field)
    assert survivor.tags | duplicate.tags == both.tags
    assert {**duplicate.custom.raw, **survivor.custom.raw} == dict(both.custom.raw)
    assert {**duplicate.external_ids, **survivor.external_ids} == dict(both.external_ids)
    kept = ("id", "kind", "name", "source", "created_by", "created_at", "version", "archived_from")
    assert [getattr(survivor, field) for field in kept] == [getattr(both, field) for field in kept]
    assert ("ours" in (survivor.market_level, duplicate.market_level)) == (both.market_level == "ours")


@pytest.mark.parametrize("one", STATES)
@pytest.mark.parametrize("other", STATES)
def test_the_most_alive_state_holds(one: Lifecycle, other: Lifecycle) -> None:
    """Active, then dormant, then prospect, then lost; a client put away counts as what it was before."""
    alive = STATES[min(STATES.index(one), STATES.index(other))]
    survivor = a_client(lifecycle=one)
    assert alive == joined(survivor, a_client(lifecycle=other)).lifecycle
    assert alive == joined(survivor, a_client(lifecycle="archived", archived_from=other)).lifecycle


@settings(max_examples=300)
@given(survivors, clients())
def test_parting_undoes_joining(survivor: Client, duplicate: Client) -> None:
    """Whatever either knew."""
    both = joined(survivor, duplicate)
    assert survivor == parted(both, both, survivor)


@settings(max_examples=500)
@given(survivors, clients(), survivors)
def test_parting_leaves_alone_what_somebody_has_changed_since(survivor: Client, duplicate: Client, now: Client) -> None:
    """Field by field; of tags and mappings, item by item."""
    both = joined(survivor, duplicate)
    apart = parted(now, both, survivor)
    for field in (*FILLED, "lifecycle", "market_level"):
        changed = getattr(now, field) != getattr(both, field)
        assert getattr(now if changed else survivor, field) == getattr(apart, field)
    assert now.tags - (both.tags - survivor.tags) == apart.tags
    for mine, ours, alone, left in (
        (now.custom.raw, both.custom.raw, survivor.custom.raw, apart.custom.raw),
        (now.external_ids, both.external_ids, survivor.external_ids, apart.external_ids),
    ):
        brought = {key for key in ours if alone.get(key) != ours[key]}
        assert {key: mine[key] for key in mine if key not in brought or mine[key] != ours[key]} == dict(left)


def test_a_survivor_put_away_since_goes_back_to_what_it_was_alone() -> None:
    """Restoring it must not bring back the state of the other."""
    alone = a_client(lifecycle="prospect")
    both = joined(alone, a_client(lifecycle="active"))
    away = attrs.evolve(both, lifecycle="archived", archived_from="active")
    apart = parted(away, both, alone)
    assert ("archived", "prospect") == (apart.lifecycle, apart.archived_from)
