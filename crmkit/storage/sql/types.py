"""The column types: the differences between databases, all here.

Text is compared byte by byte everywhere. MariaDB's default collation has 'abc' = 'ABC' = 'abc ', so that the ids of
two providers could swallow each other; utf8mb4_bin still joins 'abc ', utf8mb4_nopad_bin does not. PostgreSQL sorts
by language unless told otherwise. MariaDB drops microseconds from a plain DATETIME, and its TEXT ends at 65,535 bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from crmkit.domain.ids import uuid_of
from crmkit.domain.instants import instant, micros

_MARIADB = ("mysql", "mariadb")
_EXACT = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}


class Id(sa.TypeDecorator[UUID]):
    """A UUID: sixteen bytes, or PostgreSQL's own type."""

    impl, cache_ok = sa.LargeBinary(16), True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(mysql.BINARY(16) if dialect.name in _MARIADB else sa.LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> UUID | None:
        return value if value is None or dialect.name == "postgresql" else uuid_of(value)


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime to the microsecond: a count of them on SQLite, the database's own type elsewhere."""

    impl, cache_ok = sa.BigInteger, True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name in _MARIADB else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name in _MARIADB else micros(value)

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=UTC) if dialect.name in _MARIADB else instant(value)


def code(length: int = 255) -> sa.types.TypeEngine[str]:
    """A key or code, short enough to be indexed."""
    return (
        sa.String(length)
        .with_variant(mysql.VARCHAR(length, **_EXACT), *_MARIADB)
        .with_variant(sa.String(length, collation="C"), "postgresql")
    )


def text() -> sa.types.TypeEngine[str]:
    """Text of any length."""
    return (
        sa.Text().with_variant(mysql.LONGTEXT(**_EXACT), *_MARIADB).with_variant(sa.Text(collation="C"), "postgresql")
    )
