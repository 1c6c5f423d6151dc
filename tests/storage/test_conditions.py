"""A condition is data: the same tree filters in memory, becomes SQL, and travels as JSON."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from crmkit.domain.client import Client
from crmkit.domain.custom import Custom
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.where import Test, Where, from_json, holds, to_json
from crmkit.fields import F
from crmkit.ports import Storage
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.sql import SQLStorage
from crmkit.testing import NOON, a_client

names = st.sampled_from(["", "Ada", "ada", "Åda", "🙂", "Bob", "100%", "_", "Ё", "\x1f"])
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)) | st.just(NOON)
stored = st.integers(-3, 3) | st.sampled_from(["", "1", "a", "A", "\x1fa\x1f"])
ordered = st.sampled_from(["eq", "lt", "le", "gt", "ge"])
tests = st.one_of(
    st.builds(F.client.name.eq, names),
    st.builds(F.client.name.starts_with, names),
    st.builds(F.client.owner.eq, names | st.none()),
    st.builds(F.client.owner.ne, names),
    st.builds(F.client.owner.in_, st.lists(names, max_size=9)),
    st.builds(F.client.tags.has, names),
    st.builds(F.client.tags.is_empty),
    st.builds(Test, st.just("name"), ordered, names),
    st.builds(Test, st.just("last_touched_at"), ordered, instants),
    st.builds(Test, st.sampled_from(["custom.a", "custom.b"]), ordered, stored),
    st.builds(Test, st.sampled_from(["custom.a", "custom.b"]), st.sampled_from(["starts_with", "has"]), names),
    st.builds(Test, st.just("custom.a"), st.just("in"), st.lists(stored, max_size=5).map(tuple)),
    st.builds(Test, st.just("custom.a"), st.just("eq"), st.none()),
)
conditions = st.recursive(
    tests,
    lambda parts: st.one_of(
        st.builds(Where.__and__, parts, parts),
        st.builds(Where.__or__, parts, parts),
        st.builds(Where.__invert__, parts),
    ),
    max_leaves=6,
)
people = st.lists(
    st.builds(
        a_client,
        names,
        owner=names | st.none(),
        last_touched_at=instants | st.none(),
        tags=st.frozensets(names.filter(lambda name: name not in ("", "\x1f")), max_size=2),
        custom=st.builds(Custom, st.dictionaries(st.sampled_from(["a", "b"]), stored)),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def storages(tmp_path_factory: pytest.TempPathFactory) -> Generator[list[Storage]]:
    both: list[Storage] = [MemoryStorage(), SQLStorage(f"sqlite:///{Path(tmp_path_factory.mktemp('where'))}/crm.db")]
    yield both
    for storage in both:
        storage.close()


@settings(max_examples=250)
@given(people, conditions, st.booleans())
def test_a_condition_means_the_same_everywhere(
    storages: list[Storage], some: list[Client], where: Where, descending: bool
) -> None:
    """NULL never decides, text is compared letter by letter, a value of another type is simply not equal."""
    assert where == from_json(json.loads(json.dumps(to_json(where))))
    wanted: list[Any] = [one for one in some if holds(where, one)]
    wanted.sort(key=lambda one: (one.owner is not None, one.owner, one.id), reverse=descending)
    for storage in storages:
        tx = storage.begin(write=True, scope=EVERYONE)
        try:
            for one in some:
                tx.insert(one)
            assert wanted == tx.select(Query(Client, where, "owner", descending))
            assert len(wanted) == tx.count(Client, where)
        finally:
            tx.rollback()
