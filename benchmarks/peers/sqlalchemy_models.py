"""The shared tables as classes of SQLAlchemy's ORM."""

from __future__ import annotations

from typing import Any

from peers import sqlalchemy_tables as tables
from peers.workload import Client as Given, Touch
from sqlalchemy.orm import DeclarativeBase, Mapped, relationship


class Model(DeclarativeBase):
    """What is mapped."""

    metadata = tables.metadata


class Client(Model):
    """A client, with what hangs on it."""

    __table__ = tables.client
    id: Mapped[int]
    contacts: Mapped[list[ContactPoint]] = relationship()
    consents: Mapped[list[Consent]] = relationship()


class ContactPoint(Model):
    """A contact point."""

    __table__ = tables.contact_point
    kind: Mapped[str]
    normalised: Mapped[str]


class Consent(Model):
    """A consent."""

    __table__ = tables.consent
    state: Mapped[str]


class Deal(Model):
    """A deal."""

    __table__ = tables.deal
    client_id: Mapped[int]
    stage: Mapped[str]


class Touchpoint(Model):
    """A touchpoint."""

    __table__ = tables.touchpoint
    id: Mapped[int]
    client_id: Mapped[int]
    at: Mapped[int]


class Outbox(Model):
    """A row for whoever tells events."""

    __table__ = tables.outbox


def new_client(given: Given, *, consent: bool) -> Client:
    """The objects to add for a client."""
    hung: dict[str, Any] = {"consents": [Consent(**given.consent._asdict())]} if consent else {}
    return Client(
        kind=given.kind,
        display_name=given.name,
        status="active",
        created_at=given.created_at,
        contacts=[
            ContactPoint(kind=kind, value=value, normalised=normalised) for kind, value, normalised in given.points
        ],
        **hung,
    )


def new_touchpoint(ident: Any, touch: Touch) -> Touchpoint:
    """The object to add for a touchpoint."""
    return Touchpoint(
        client_id=ident,
        at=touch.at,
        kind=touch.kind,
        channel=touch.channel,
        direction=touch.direction,
        summary=touch.summary,
    )
