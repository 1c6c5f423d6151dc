"""advanced-alchemy's synchronous repositories over the models of SQLAlchemy's ORM."""

# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemySyncRepository
from peers.peer import portions
from peers.serving import serve
from peers.sqlalchemy_models import (
    Client,
    Consent,
    ContactPoint,
    Deal,
    Outbox,
    Touchpoint,
    new_client,
    new_touchpoint,
)
from peers.sqlalchemy_peer import SQLAlchemyPeer
from peers.sqlalchemy_tables import outcomes
from peers.workload import LAST_TOUCHES, Client as Given, Touch
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload


class Clients(SQLAlchemySyncRepository[Client]):
    """Clients."""

    model_type = Client


class Touchpoints(SQLAlchemySyncRepository[Touchpoint]):
    """Touchpoints."""

    model_type = Touchpoint


class Deals(SQLAlchemySyncRepository[Deal]):
    """Deals."""

    model_type = Deal


class OutboxRows(SQLAlchemySyncRepository[Outbox]):
    """What is to be told."""

    model_type = Outbox


class AdvancedAlchemy(SQLAlchemyPeer):
    """A repository for each model, in a Session for each unit of work."""

    name = "advanced-alchemy"
    packages = ("advanced-alchemy", "SQLAlchemy")

    def register(self, client: Given) -> None:
        with Session(self._engine, expire_on_commit=False) as session:
            # Nothing is read again: what it would refresh from the database, it has.
            Clients(session=session).add(new_client(client, consent=True), auto_refresh=False, auto_expunge=False)
            session.commit()

    def log(self, ident: Any, touch: Touch) -> None:
        with Session(self._engine, expire_on_commit=False) as session:
            added = Touchpoints(session=session).add(new_touchpoint(ident, touch), auto_refresh=False)
            payload = {"touchpoint": added.id, "client": ident, "kind": touch.kind, "channel": touch.channel}
            row = Outbox(topic="touchpoint.logged", client_id=ident, at=touch.at, payload=json.dumps(payload))
            OutboxRows(session=session).add(row, auto_refresh=False)
            session.commit()

    def fill(self, given: Iterator[Given]) -> None:
        for some in portions(given, 10_000):
            with Session(self._engine) as session:
                Clients(session=session).add_many([new_client(each, consent=False) for each in some])
                session.commit()

    def find(self, phone: str) -> Sequence[Any]:
        with Session(self._engine) as session:
            return Clients(session=session).list(
                statement=select(Client)
                .join(ContactPoint)
                .where(ContactPoint.normalised == phone, ContactPoint.kind == "phone")
            )

    def card(self, ident: Any) -> tuple[Any, ...]:
        with Session(self._engine) as session:
            client = Clients(session=session).get(
                ident,
                load=[
                    selectinload(Client.contacts),
                    selectinload(Client.consents.and_(Consent.state == "granted")),
                ],
            )
            return (
                client,
                client.contacts,
                Touchpoints(session=session).list(OrderBy("at", "desc"), LimitOffset(LAST_TOUCHES, 0), client_id=ident),
                Deals(session=session).list(client_id=ident, stage="open"),
                client.consents,
            )

    def ask(self) -> Sequence[Any]:
        """Repositories answer in objects; for rows there is their Session."""
        with Session(self._engine) as session:
            return session.execute(outcomes()).all()


if __name__ == "__main__":
    serve(AdvancedAlchemy)
