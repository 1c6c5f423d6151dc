"""Memory writes tokens down late, sorts them in later, and asks broad words of few: never another answer for it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.query import Query
from crmkit.domain.scope import EVERYONE
from crmkit.domain.search import question
from crmkit.ports import Accelerators, StorageTransaction
from crmkit.storage.memory import MemoryStorage, searching, tokens
from crmkit.testing import a_client, a_contact, a_contact_point

WORDS = ("анна", "аня", "bob", "12-345", "zoe@x.org", "b")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["client", "contact", "phone", "rename", "remove", "touch", "commit", "rollback", "read"]),
        st.integers(0, 5),
        st.sampled_from(WORDS),
    ),
    max_size=40,
)
QUESTIONS = [question(text, "RU") for text in (*WORDS, "а", "8 912 000", "345", "анна 8912", "b 00 а", "zoe 12345")]


def agree(tx: StorageTransaction) -> None:
    for asked in QUESTIONS:
        assert Accelerators.search(tx, Query(Client), asked) == tx.search(Query(Client), asked)


def change(tx: StorageTransaction, step: str, at: int, word: str) -> None:
    """One write; what it would be done to may be missing."""
    clients = tx.select(Query(Client))
    client = clients[at % len(clients)] if clients else None
    if step == "client" or client is None:
        tx.insert(a_client(word))
    elif step == "contact":
        tx.insert(a_contact(client, word))
    elif step == "phone":
        tx.insert(a_contact_point(client, f"+7912000000{at}"))
    elif step == "rename":
        tx.replace(attrs.evolve(client, name=word, version=client.version + 1), client.version)
    elif step == "touch":
        tx.keep(client.id, "last_touched_at", client.created_at)
    else:
        for kind in (Contact, ContactPoint):
            found: list[Any] = tx.select(Query[Any](kind))
            for record in found[at : at + 1]:
                tx.delete(kind, record.id)


@pytest.mark.parametrize(("few", "dear"), [(0, 0), (3, 10**6), (1000, 1)])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_search_never_depends_on_when_one_searched(
    steps: list[tuple[str, int, str]], few: int, dear: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer, a reader from before it and one from after it each find what the plain form finds."""
    monkeypatch.setattr(tokens, "FEW_NEW", few)
    monkeypatch.setattr(searching, "DEAR", dear)
    storage = MemoryStorage()
    early, writer = storage.begin(write=False, scope=EVERYONE), storage.begin(write=True, scope=EVERYONE)
    for step, at, word in steps:
        if step in ("commit", "rollback"):
            getattr(writer, step)()
            writer = storage.begin(write=True, scope=EVERYONE)
        elif step == "read":
            early.rollback()
            early = storage.begin(write=False, scope=EVERYONE)
        else:
            change(writer, step, at, word)
        if at % 2:
            agree(writer)
            agree(early)
    writer.commit()
    late = storage.begin(write=False, scope=EVERYONE)
    agree(early)
    agree(late)


def test_what_is_gone_is_forgotten_in_the_end() -> None:
    """A name that comes and goes a thousand times does not fill the memory."""
    storage, asked = MemoryStorage(), question("nobody", None)
    for number in range(3 * tokens.FEW_NEW):
        with_client = storage.begin(write=True, scope=EVERYONE)
        client = a_client(f"n{number}")
        with_client.insert(client)
        with_client.commit()
        without = storage.begin(write=True, scope=EVERYONE)
        without.delete(Client, client.id)
        assert [] == without.search(Query(Client), asked)
        without.commit()
    known = storage.tables[Client].tokens()
    assert [] == storage.begin(write=False, scope=EVERYONE).search(Query(Client), asked)
    assert len(known._sorted) + len(known._new) <= tokens.FEW_NEW + 1
    assert {} == known._numbers
