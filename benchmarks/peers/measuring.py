"""What a peer's work takes, and whether it was done right; only the work itself is timed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from time import perf_counter_ns
from typing import Any, NamedTuple

from peers import workload
from peers.peer import Peer
from peers.resident import Resident


class Work(NamedTuple):
    """One workload, done by one peer."""

    do: Callable[..., Any]
    #: What operation *n* is called with.
    given: Callable[[int], tuple[Any, ...]]
    #: Whether operation *n* may answer so.
    right: Callable[[int, Any], bool]


def run(peer: Peer, name: str, *, clients: int, first: int, count: int) -> dict[str, Any]:
    """Time each of the operations from *first* on by itself; KeyError for a workload that has none."""
    work = _works(peer, clients)[name]
    given = [work.given(n) for n in range(first, first + count)]
    taken: list[int] = []
    wrong, do = 0, work.do
    gc.collect()
    for n, arguments in enumerate(given, first):
        started = perf_counter_ns()
        answer = do(*arguments)
        taken.append(perf_counter_ns() - started)
        wrong += not work.right(n, answer)
    if name == "W1" and count:
        wrong += not _is_there(peer, clients + first + count - 1)
    return {"nanoseconds": taken, "wrong": wrong}


def _works(peer: Peer, clients: int) -> dict[str, Work]:
    def registered(n: int) -> tuple[Any, ...]:
        return (workload.registered(clients + n),)

    def logged(n: int) -> tuple[Any, ...]:
        i, touch = workload.logged(n, clients)
        return peer.ident(i), touch

    def wanted(n: int) -> tuple[Any, ...]:
        return (workload.wanted(n, clients)[1],)

    def found(n: int, answer: Any) -> bool:
        i, _ = workload.wanted(n, clients)
        return ([] if i is None else [workload.registered(i).name]) == peer.names(answer)

    def carded(n: int) -> tuple[Any, ...]:
        return (peer.ident(workload.carded(n, clients)),)

    def shown(n: int, answer: Any) -> bool:
        return workload.card_is_right(workload.carded(n, clients), **peer.counted(answer)._asdict())

    return {
        "W1": Work(peer.register, registered, _anything),
        "W2": Work(peer.log, logged, _anything),
        "W4": Work(peer.find, wanted, found),
        "W5": Work(peer.card, carded, shown),
    }


def _anything(_n: int, _answer: Any) -> bool:
    return True


def _is_there(peer: Peer, i: int) -> bool:
    return [workload.registered(i).name] == peer.names(peer.find(workload.phone(i)))


def bulk(peer: Peer, *, clients: int) -> dict[str, Any]:
    """Time an import into an emptied schema, without what making its input takes."""

    def all_of_them() -> Iterator[workload.Client]:
        return map(workload.registered, range(clients))

    peer.empty()
    started = perf_counter_ns()
    for _ in all_of_them():
        pass
    made = perf_counter_ns() - started
    gc.collect()
    resident = Resident()
    started = perf_counter_ns()
    peer.fill(all_of_them())
    taken = perf_counter_ns() - started - made
    peak = resident.peak()
    wrong = sum(not _is_there(peer, i) for i in {0, clients - 1})
    rows = clients * (1 + len(workload.registered(0).points))
    return {
        "seconds": taken / 1e9,
        "rows": rows,
        "wrong": wrong,
        "start_rss_mb": resident.start,
        "peak_rss_mb": peak,
    }


def ask(peer: Peer, *, clients: int) -> dict[str, Any]:
    """Time the manager's question, and compare every row of its answer."""
    gc.collect()
    started = perf_counter_ns()
    rows = peer.ask()
    taken = perf_counter_ns() - started
    expected = {workload.registered(i).name: outcome for i, outcome in workload.outcomes(clients).items()}
    wrong = len(expected.items() ^ dict(peer.outcomes(rows)).items())
    return {"milliseconds": taken / 1e6, "rows": len(rows), "wrong": wrong}
