"""SQLAlchemy Core as its documentation writes it: each statement is built where it is used, and cached by SQLAlchemy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from peers.peer import portions
from peers.serving import serve
from peers.sqlalchemy_peer import SQLAlchemyPeer
from peers.sqlalchemy_tables import client as clients, consent, contact_point, deal, outbox, outcomes, touchpoint
from peers.workload import LAST_TOUCHES, Client, Touch
from sqlalchemy import CursorResult, func, insert, select


class SQLAlchemyCore(SQLAlchemyPeer):
    """A connection from the pool for each unit of work."""

    name = "SQLAlchemy Core"
    packages = ("SQLAlchemy",)

    def register(self, client: Client) -> None:
        with self._engine.begin() as connection:
            row = {
                "kind": client.kind,
                "display_name": client.name,
                "status": "active",
                "created_at": client.created_at,
            }
            key = _key(connection.execute(insert(clients), row))
            connection.execute(
                insert(contact_point),
                [
                    {"client_id": key, "kind": kind, "value": value, "normalised": normalised}
                    for kind, value, normalised in client.points
                ],
            )
            connection.execute(insert(consent), {"client_id": key, **client.consent._asdict()})

    def log(self, ident: Any, touch: Touch) -> None:
        with self._engine.begin() as connection:
            row = {
                "client_id": ident,
                "at": touch.at,
                "kind": touch.kind,
                "channel": touch.channel,
                "direction": touch.direction,
                "summary": touch.summary,
            }
            key = _key(connection.execute(insert(touchpoint), row))
            payload = {"touchpoint": key, "client": ident, "kind": touch.kind, "channel": touch.channel}
            connection.execute(
                insert(outbox),
                {
                    "topic": "touchpoint.logged",
                    "client_id": ident,
                    "at": touch.at,
                    "payload": json.dumps(payload),
                },
            )

    def fill(self, given: Iterator[Client]) -> None:
        with self._engine.begin() as connection:
            last = connection.execute(select(func.coalesce(func.max(clients.c.id), 0))).scalar_one()
        for some in portions(given, 10_000):
            with self._engine.begin() as connection:
                connection.execute(
                    insert(clients),
                    [
                        {
                            "id": key,
                            "kind": each.kind,
                            "display_name": each.name,
                            "status": "active",
                            "created_at": each.created_at,
                        }
                        for key, each in enumerate(some, last + 1)
                    ],
                )
                connection.execute(
                    insert(contact_point),
                    [
                        {"client_id": key, "kind": kind, "value": value, "normalised": normalised}
                        for key, each in enumerate(some, last + 1)
                        for kind, value, normalised in each.points
                    ],
                )
            last += len(some)

    def find(self, phone: str) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(
                select(clients)
                .join(contact_point, contact_point.c.client_id == clients.c.id)
                .where(contact_point.c.normalised == phone, contact_point.c.kind == "phone")
            ).all()

    def card(self, ident: Any) -> tuple[Any, ...]:
        with self._engine.connect() as connection:
            return (
                connection.execute(select(clients).where(clients.c.id == ident)).one(),
                connection.execute(select(contact_point).where(contact_point.c.client_id == ident)).all(),
                connection.execute(
                    select(touchpoint)
                    .where(touchpoint.c.client_id == ident)
                    .order_by(touchpoint.c.at.desc())
                    .limit(LAST_TOUCHES)
                ).all(),
                connection.execute(select(deal).where(deal.c.client_id == ident, deal.c.stage == "open")).all(),
                connection.execute(
                    select(consent).where(consent.c.client_id == ident, consent.c.state == "granted")
                ).all(),
            )

    def ask(self) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(outcomes()).all()


def _key(result: CursorResult[Any]) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


if __name__ == "__main__":
    serve(SQLAlchemyCore)
