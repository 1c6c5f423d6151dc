"""SQLAlchemy's ORM as its documentation writes it: a Session for each unit of work, which finds out what to write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

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


class SQLAlchemyORM(SQLAlchemyPeer):
    """Objects, and `add_all` for many of them."""

    name = "SQLAlchemy ORM"
    packages = ("SQLAlchemy",)

    def register(self, client: Given) -> None:
        with Session(self._engine, expire_on_commit=False) as session:
            session.add(new_client(client, consent=True))
            session.commit()

    def log(self, ident: Any, touch: Touch) -> None:
        with Session(self._engine, expire_on_commit=False) as session:
            added = new_touchpoint(ident, touch)
            session.add(added)
            session.flush()
            payload = {"touchpoint": added.id, "client": ident, "kind": touch.kind, "channel": touch.channel}
            session.add(Outbox(topic="touchpoint.logged", client_id=ident, at=touch.at, payload=json.dumps(payload)))
            session.commit()

    def fill(self, given: Iterator[Given]) -> None:
        for some in portions(given, 10_000):
            with Session(self._engine) as session:
                session.add_all([new_client(each, consent=False) for each in some])
                session.commit()

    def find(self, phone: str) -> Sequence[Any]:
        with Session(self._engine) as session:
            return session.scalars(
                select(Client).join(ContactPoint).where(ContactPoint.normalised == phone, ContactPoint.kind == "phone")
            ).all()

    def card(self, ident: Any) -> tuple[Any, ...]:
        with Session(self._engine) as session:
            client = session.get_one(
                Client,
                ident,
                options=[
                    selectinload(Client.contacts),
                    selectinload(Client.consents.and_(Consent.state == "granted")),
                ],
            )
            return (
                client,
                client.contacts,
                session.scalars(
                    select(Touchpoint)
                    .where(Touchpoint.client_id == ident)
                    .order_by(Touchpoint.at.desc())
                    .limit(LAST_TOUCHES)
                ).all(),
                session.scalars(select(Deal).where(Deal.client_id == ident, Deal.stage == "open")).all(),
                client.consents,
            )

    def ask(self) -> Sequence[Any]:
        with Session(self._engine) as session:
            return session.execute(outcomes()).all()


if __name__ == "__main__":
    serve(SQLAlchemyORM)
