"""The limit in memory: the same tuples in dicts, with the lookups that W2 and W4 need and nothing to roll back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import time_ns
from typing import Any

from contenders import rows
from contenders.rows import Row, new_id
from peers import workload
from peers.peer import Peer, Unsupported


class RawMemory(Peer):
    """Dicts by id, one by phone, and a list of what happened."""

    name = "raw"
    packages = ()

    def ident(self, i: int) -> bytes:
        return self._ids[i]

    def load(self, clients: int) -> None:
        self.empty()
        self.fill(map(workload.registered, range(clients)))

    def empty(self) -> None:
        self._clients: dict[bytes, Row] = {}
        self._points: dict[bytes, list[Row]] = {}
        self._consents: dict[bytes, list[Row]] = {}
        self._touchpoints: dict[bytes, list[Row]] = {}
        self._by_phone: dict[str, list[bytes]] = {}
        self._journal: list[Row] = []
        self._ids: list[bytes] = []

    def register(self, client: workload.Client) -> None:
        at = time_ns() // 1000
        client_id, phone_id, email_id, consent_id, event_id = new_id(), new_id(), new_id(), new_id(), new_id()
        self._clients[client_id] = rows.client(client_id, client.name, at)
        self._points[client_id] = list(rows.points(client_id, phone_id, email_id, client, at))
        self._consents[client_id] = [rows.consent(consent_id, client_id, at, client.points[1].normalised)]
        self._by_phone.setdefault(client.points[0].normalised, []).append(client_id)
        said = (event_id, "client.added", client_id, phone_id, email_id)
        self._journal.append((said, (new_id(), "consent.granted", consent_id, client_id), at, rows.OF_CLIENT))

    def log(self, ident: bytes, touch: workload.Touch) -> None:
        row, at = rows.touchpoint(new_id(), ident, touch), rows.micros(touch.at)
        client = self._clients[ident]
        self._clients[ident] = (*client[:20], at, *client[21:])
        self._touchpoints.setdefault(ident, []).append(row)
        self._journal.append(((new_id(), "touchpoint.recorded", row[0], ident), at, rows.OF_TOUCH))

    def fill(self, given: Iterator[workload.Client]) -> None:
        for client in given:
            self.register(client)
            self._ids.append(next(reversed(self._clients)))

    def find(self, phone: str) -> list[Row]:
        return [self._clients[one] for one in self._by_phone.get(phone, ())]

    def card(self, ident: bytes) -> tuple[Any, ...]:  # noqa: ARG002  # as every contender takes it
        raise Unsupported("A card from dicts is five lookups.")

    def names(self, found: Sequence[Any]) -> list[str]:
        return [row[2] for row in found]

    def close(self) -> None:
        self.empty()
