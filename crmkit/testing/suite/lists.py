"""Long lists: of values asked for, of ids, of records in an answer. A limit of a database's is none of a caller's."""

from __future__ import annotations

import pytest

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import Scope
from crmkit.domain.where import Test
from crmkit.errors import Invalid
from crmkit.ports import Storage
from crmkit.storage.questions import MOST_VALUES
from crmkit.testing.builders import NOON, a_client, new_id
from crmkit.testing.suite.opened import OnAStorage, commit, reading


class Lists(OnAStorage):
    """Nothing is cut off at the end."""

    @pytest.mark.parametrize("count", [1, 2, 3, 1001, MOST_VALUES])
    def test_a_list_of_values_is_searched_to_its_end(self, storage: Storage, count: int) -> None:
        """The last value counts as the first does, in a list as long as may be asked for; and so does its opposite."""
        first, last, other = a_client("first"), a_client("last"), a_client("other")
        commit(storage, first, last, other)
        names = [*["first", *(f"{number}" for number in range(count))][: count - 1], "last"]
        ids = [*[first.id, *(new_id() for _ in range(count))][: count - 1], last.id]
        found = [first, last] if count > 1 else [last]
        left = [other] if count > 1 else [first, other]
        with reading(storage) as tx:
            for field, values in (("name", names), ("id", ids)):
                asked = Test(field, "in", tuple(values))
                assert (found, left) == (tx.select(Query(Client, asked)), tx.select(Query(Client, ~asked))), (
                    f"A list of {count} values was not searched to its end."
                )
                assert (len(found), len(left)) == (tx.count(Client, asked), tx.count(Client, ~asked))

    def test_one_value_too_many_is_refused(self, storage: Storage) -> None:
        """Every storage draws the line at the same place, so that a program may move from one to another."""
        names = tuple(f"{number}" for number in range(MOST_VALUES + 1))
        with reading(storage) as tx, pytest.raises(Invalid):
            tx.select(Query(Client, Test("name", "in", names)))

    def test_many_ids_are_all_looked_up(self, storage: Storage) -> None:
        """More than one statement of any database takes, in one answer, under a scope too."""
        clients = [a_client(f"{number}", owner="17" if number % 2 else None) for number in range(1500)]
        commit(storage, *clients)
        ids = [client.id for client in clients]
        with reading(storage) as tx:
            assert clients == sorted(tx.get_many(Client, ids), key=lambda one: one.id)
        with reading(storage, Scope.own("17")) as tx:
            mine = [client for client in clients if client.owner]
            assert mine == sorted(tx.get_many(Client, ids), key=lambda one: one.id)

    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    def test_ties_over_many_pages_lose_nothing(self, storage: Storage, descending: bool) -> None:
        """Where all have one instant, or none, pages go on by id."""
        touched = [a_client(f"{number}", last_touched_at=NOON) for number in range(30)]
        never = [a_client(f"{number}") for number in range(30)]
        commit(storage, *touched, *never)
        order = [*never, *touched]
        order = order[::-1] if descending else order
        seen, after = list[Client](), None
        with reading(storage) as tx:
            for _ in range(len(order)):
                page = tx.select(Query(Client, ~Test("name", "eq", "x"), "last_touched_at", descending, 7, after))
                seen += page
                if not page:
                    break
                after = (page[-1].last_touched_at, page[-1].id)
        assert order == seen, "A page goes on after the pair of value and id; empty values are smaller than any."
