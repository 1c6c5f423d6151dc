"""As many clients as you like, made up: to see what size does to a CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from time import perf_counter
from typing import Any

import attrs

from crmkit import CRM, ImportReport, Source, Transaction

ORIGIN = "crowd"
TAGS = ("walk-in", "web", "fair")
FIRST = (
    "Anna", "Boris", "Clara", "Dmitri", "Elena", "Felix", "Galina", "Hugo", "Ида", "Jana", "Karl", "Lidia", "Maria",
    "Николай", "Olga", "Paul", "Rosa", "Stefan", "Татьяна", "Uwe", "Vera", "Walter", "Юлия", "Zoë",
)  # fmt: skip
LAST = (
    "Adler", "Bauer", "Costa", "Dvořák", "Егоров", "Fischer", "García", "Hansen", "Иванова", "Jensen", "Kowalski",
    "Lehmann", "Müller", "Novák", "Орлов", "Petrov", "Rossi", "Schmidt", "Тихонов", "Weber",
)  # fmt: skip


def crowd(start: int, count: int) -> Iterator[dict[str, Any]]:
    """People number *start* to *count*, the same for each number whenever they are made."""
    for number in range(start, count):
        chance = Random(number)  # noqa: S311  # people, not secrets
        yield {
            "name": f"{chance.choice(FIRST)} {chance.choice(LAST)}",
            "phone": f"+7{900 + number // 10_000_000:03}{number % 10_000_000:07}",
            "email": f"{ORIGIN}{number}@example.com",
            "external_id": (ORIGIN, str(number)),
            "tags": [chance.choice(TAGS)],
        }


def grow(crm: CRM, count: int, progress: Callable[[int, int | None], None]) -> ImportReport:
    """Bring the crowd to *count* people; who is there already stays. *progress* hears how many there are."""
    with crm.read() as tx:
        there = sum(tx.clients.count(tag=tag) for tag in TAGS)

    def told(done: int, _: int | None) -> None:
        progress(there + done, count)

    return crm.bind(source=Source("import", ref=ORIGIN)).import_clients(crowd(there, count), progress=told)


@attrs.frozen
class Timed:
    """What was asked, and how long the quickest of some answers took, in milliseconds."""

    question: str
    milliseconds: float


def quickest(tx: Transaction, count: int, times: int = 20) -> list[Timed]:
    """How quick the everyday questions are among so many."""
    name = (ORIGIN, str(count // 2))
    client = tx.clients.find(external_id=name)
    assert client is not None
    phone = tx.contact_points.list(client_id=client.id, kind="phone")[0].value
    questions: dict[str, Callable[[], object]] = {
        "find a client by phone": lambda: tx.clients.find(phone=phone),
        "find one by another system's id": lambda: tx.clients.find(external_id=name),
        "search by the last digits of a number": lambda: tx.clients.list(text=phone[-7:], limit=20),
        "a client's card": lambda: tx.clients.card(client.id),
        "the first page of clients by name": lambda: tx.clients.list(order_by="name", limit=20),
    }
    return [Timed(question, _quickest(ask, times)) for question, ask in questions.items()]


def _quickest(ask: Callable[[], object], times: int) -> float:
    took = list[float]()
    for _ in range(times):
        started = perf_counter()
        ask()
        took.append(perf_counter() - started)
    return min(took) * 1000
