"""The shared tables as SQLAlchemy knows them, and an engine for them as its documentation makes one."""

from __future__ import annotations

from typing import Any, Final

from peers.target import Target
from peers.workload import ASKED_SINCE
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    literal,
    select,
    union_all,
)

metadata: Final = MetaData()


def _key() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _of_client() -> Column[int]:
    return Column("client_id", BigInteger, ForeignKey("client.id"), nullable=False)


def _text(name: str, length: int = 200) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


client = Table(
    "client", metadata, _key(), _text("kind"), _text("display_name"), _text("status"), _number("created_at")
)  # fmt: skip
contact_point = Table(
    "contact_point", metadata, _key(), _of_client(), _text("kind"), _text("value"), _text("normalised")
)  # fmt: skip
consent = Table(
    "consent", metadata, _key(), _of_client(), _text("purpose"), _text("channel"), _text("state"), _number("at"),
    _text("source"),
)  # fmt: skip
deal = Table(
    "deal", metadata, _key(), _of_client(), _text("title"), _text("stage"), _number("amount"), _number("opened_at"),
    Column("closed_at", BigInteger),
)  # fmt: skip
touchpoint = Table(
    "touchpoint", metadata, _key(), _of_client(), _number("at"), _text("kind"), _text("channel"), _text("direction"),
    _text("summary", 500),
)  # fmt: skip
outbox = Table(
    "outbox", metadata, _key(), _text("topic"), _number("client_id"), _number("at"),
    Column("payload", Text, nullable=False),
)  # fmt: skip


def engine(place: Target) -> Engine:
    """An engine with its usual pool."""
    if place.kind == "postgresql":
        return create_engine(
            URL.create(
                "postgresql+psycopg",
                query={name: value for name, value in place.parameters.items() if name != "dbname"},
                database=place.database,
            )
        )
    made = create_engine(URL.create("sqlite", database=place.file))

    @event.listens_for(made, "connect")
    def begin(connection: Any, _record: object) -> None:
        for pragma in place.pragmas:
            connection.execute(pragma)

    return made


def outcomes() -> Select[int, str, int, int, int]:
    """W6, in the form that is fastest on both databases: three kinds of reasons, added up by client."""
    ended, complained = deal.c.closed_at >= ASKED_SINCE, touchpoint.c.at >= ASKED_SINCE
    yes, no = literal(1), literal(0)
    reasons = union_all(
        select(deal.c.client_id, yes.label("bought"), no.label("lost"), no.label("complained")).where(
            deal.c.stage == "won", ended
        ),
        select(deal.c.client_id, no, yes, no).where(deal.c.stage == "lost", ended),
        select(touchpoint.c.client_id, no, no, yes).where(touchpoint.c.kind == "complaint", complained),
    ).subquery()
    told = (
        select(
            reasons.c.client_id,
            func.max(reasons.c.bought).label("bought"),
            func.max(reasons.c.lost).label("lost"),
            func.max(reasons.c.complained).label("complained"),
        )
        .group_by(reasons.c.client_id)
        .subquery()
    )
    return (
        select(client.c.id, client.c.display_name, told.c.bought, told.c.lost, told.c.complained)
        .join(told, told.c.client_id == client.c.id)
        .order_by(client.c.id)
    )
