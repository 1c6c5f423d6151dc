"""The plain form of a search: what it costs a storage that has nothing faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.domain.client import Client
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.search import question
from crmkit.domain.where import EVERYTHING
from crmkit.ports import Accelerators
from crmkit.ports.accelerators import CHUNK
from crmkit.storage.memory import MemoryStorage
from crmkit.testing import a_client


class Counting(Accelerators):
    """Asks another storage, and counts."""

    def __init__(self, *clients: Client) -> None:
        self.store = MemoryStorage().begin(write=True, scope=EVERYONE)
        self.asked = 0
        for client in clients:
            self.store.insert(client)

    def get_many(self, kind: Any, ids: Sequence[Any]) -> list[Any]:
        raise AssertionError

    def put_back(self, client: Client) -> None:
        raise AssertionError

    def insert(self, value: Any) -> None:
        raise AssertionError

    def replace(self, value: Any, expected_version: int) -> None:
        raise AssertionError

    def delete(self, kind: Any, id: Any) -> None:
        raise AssertionError

    def lock(self, names: Any) -> None:
        raise AssertionError

    def among(self, kind: Any, ids: Any, scope: Any) -> Any:
        raise AssertionError

    def journal(self) -> Any:
        raise AssertionError

    def select(self, query: Query[Any]) -> list[Any]:
        self.asked += 1
        return self.store.select(query)


def test_a_page_of_a_search_looks_no_further_than_it_must() -> None:
    """Three questions a chunk, none for each client, and none once the page is full."""
    counting = Counting(*(a_client("Anna") for _ in range(3 * CHUNK)))
    assert 5 == len(counting.search(Query(Client, limit=5), question("anna", None)))
    assert 3 == counting.asked
    assert 3 * CHUNK == counting.count_found(EVERYTHING, question("anna", None))
    assert 3 + 3 * 3 + 1 == counting.asked
