"""The tables and every statement, for every database; no server is needed to read what would be sent to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from crmkit.domain.client import KEPT, Client
from crmkit.domain.outcome import OUTCOMES
from crmkit.domain.query import Query
from crmkit.domain.records import RECORDS, Record
from crmkit.domain.scope import ACTOR
from crmkit.domain.sight import ALL, OWN, Sees, Sight, sees
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import EVERYTHING, Test
from crmkit.ports.constraints import UNIQUE
from crmkit.storage.held import held_in
from crmkit.storage.indexes import LOOKED_UP
from crmkit.storage.sql.conditions import shape
from crmkit.storage.sql.databases.database import Database
from crmkit.storage.sql.databases.mariadb import MariaDB
from crmkit.storage.sql.databases.postgresql import PostgreSQL
from crmkit.storage.sql.databases.sqlite import SQLite
from crmkit.storage.sql.derived.statements import DERIVED
from crmkit.storage.sql.derived.tables import month, search
from crmkit.storage.sql.schema import TABLES, journal, metadata
from crmkit.storage.sql.statements import Statement, Statements
from crmkit.testing.suite.questions import CONDITIONS

KNOWN: dict[str, Any] = {
    "sqlite": sqlite.dialect,
    "postgresql": postgresql.dialect,
    "mysql": mysql.dialect,
    "mariadb": MariaDBDialect,
}
DIALECTS: dict[str, sa.Dialect] = {
    name: known() if name == "sqlite" else known(paramstyle="format") for name, known in KNOWN.items()
}
DATABASES: dict[str, Database] = {
    "sqlite": SQLite(),
    "postgresql": PostgreSQL(),
    "mysql": MariaDB(),
    "mariadb": MariaDB(),
}
EVERY_WAY = sees([Sight("team", pool=True, shared="read"), Sight("all", where=Test("owner", "eq", ACTOR))], deal=())
LEVELS: tuple[Sees, ...] = (ALL, OWN, EVERY_WAY)
TEXTS = [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, sa.String)]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_table_can_be_created(dialect: sa.Dialect) -> None:
    """Types, keys and partial indexes have a spelling on every database."""
    for table in metadata.sorted_tables:
        assert table.name in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(index.name) in str(CreateIndex(index).compile(dialect=dialect))


@pytest.mark.parametrize("level", LEVELS, ids=["all", "own", "every way"])
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_statement_has_a_spelling(dialect: sa.Dialect, level: Sees) -> None:
    """At every scope level, with every test, order and page there is."""
    statements = Statements(DATABASES[dialect.name], dialect, level)
    for statement in _every(statements):
        marks = statement.sql.replace("%%", "").count("?" if dialect.name == "sqlite" else "%s")
        assert len(statement.names) == marks, statement.sql
        assert "POSTCOMPILE" not in statement.sql


def _every(statements: Statements) -> Iterator[Statement]:
    for where in (condition for group in CONDITIONS.values() for condition in group):
        for asked in (where, ~where):
            yield _select(statements, Query(Client, asked))
            yield _select(statements, Query(Client, asked), counting=True)
    for after in (None, ("a", Client), (None, Client)):
        for descending in (False, True):
            for order in ("id", "name", "owner", "last_touched_at"):
                yield _select(statements, Query(Client, EVERYTHING, order, descending, 5, after))
    for words in ((1,), (2, 4)):
        yield statements.select(Query(Client, limit=5), shape(Client, EVERYTHING, [], SQLite().stored), words=words)
    yield from _fixed(statements)


def _fixed(statements: Statements) -> Iterator[Statement]:
    for kind in RECORDS:
        yield from (statements.get[kind, count] for count in (1, 8))
        assert statements.insert[kind]
        assert statements.delete[kind]
        if "client_id" in held_in(kind):
            yield from (statements.move[kind, count] for count in (0, 1, 8))
        if "version" in held_in(kind):
            assert statements.replace[kind].pick([0] * 60)
        yield _select(statements, Query(kind))
    _named(statements)


def _named(statements: Statements) -> None:
    """Those without parameters of their own to look at."""
    for field in KEPT:
        assert statements.keep[field]
    for count in range(len(OUTCOMES) + 1):
        for reads_all in (True, False):
            assert statements.outcomes[frozenset(OUTCOMES[:count]), reads_all].sql
        assert not count or statements.recent[frozenset(OUTCOMES[:count])].sql
    for name in (
        "find",
        "find_external",
        "find_merged",
        "consent_head",
        "put_back",
        "append",
        "journal",
        "journal_length",
        "recall",
    ):
        assert statements.one[name]
    for table in (*TABLES.values(), search, month):
        if table is TABLES[Client] or "client_id" in table.c:
            assert statements.of_clients[table, 4]
    for of_one in (True, False):
        assert statements.months[of_one]
    for name in DERIVED:
        assert statements.one[name]
    assert statements.hold[2]
    assert len(statements.cards[None]) == 9


def _select(statements: Statements, query: Query[Any], *, counting: bool = False) -> Statement:
    return statements.select(query, shape(query.kind, query.where, [], SQLite().stored), counting=counting)


@pytest.mark.parametrize("column", TEXTS, ids=str)
def test_text_is_compared_byte_by_byte(column: sa.Column[str]) -> None:
    """MariaDB and PostgreSQL would otherwise join or sort texts by a language's rules."""
    spelled = {name: str(CreateTable(_alone(column)).compile(dialect=dialect)) for name, dialect in DIALECTS.items()}
    assert 'COLLATE "C"' in spelled["postgresql"]
    assert "COLLATE utf8mb4_nopad_bin" in spelled["mysql"]
    assert "COLLATE utf8mb4_nopad_bin" in spelled["mariadb"]


def _alone(column: sa.Column[str]) -> sa.Table:
    return sa.Table("alone", sa.MetaData(), sa.Column(column.name, column.type))


def test_mariadb_keeps_microseconds() -> None:
    """A plain DATETIME drops them."""
    spelled = "".join(str(CreateTable(table).compile(dialect=DIALECTS["mariadb"])) for table in metadata.sorted_tables)
    assert set() == set(re.findall(r"DATETIME(?:\(\d\))?", spelled)) - {"DATETIME(6)"}


def test_no_index_is_too_long_for_mariadb() -> None:
    """3,072 bytes, four for each letter, is what an index entry may take; texts without a length cannot be in one."""
    for table in metadata.sorted_tables:
        for columns in (*(index.columns for index in table.indexes), table.primary_key.columns):
            widths = [4 * getattr(column.type, "length", 4) if column in TEXTS else 16 for column in columns]
            assert sum(widths) <= 3072, (table.name, list(columns))


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_lookup_has_an_index(kind: type[Record]) -> None:
    """What `indexes.py` says is what the database has."""
    table = TABLES[kind]
    keys = [tuple(table.primary_key.columns.keys()), *(tuple(index.columns.keys()) for index in table.indexes)]
    for fields in (*LOOKED_UP.get(kind, ()), *filter(None, [UNIQUE.get(kind)])):
        assert any(fields == key[: len(fields)] for key in keys), fields


def test_the_tables_of_a_host_are_not_in_our_way() -> None:
    """All our names begin alike: `user`, `client` and `purchase` may be there already."""
    names = [
        name for table in metadata.sorted_tables for name in (table.name, *(str(one.name) for one in table.indexes))
    ]
    assert [] == [name for name in names if not name.startswith("crm_")]


def test_touchpoints_of_one_client_lie_together() -> None:
    """In the order they are read: a card's last fifty are one stretch of the table."""
    assert ["client_id", "occurred_at", "id"] == list(TABLES[Touchpoint].primary_key.columns.keys())
    assert not TABLES[Touchpoint].foreign_keys


def test_the_outbox_is_there_from_the_first_revision() -> None:
    """Claims have their columns, pending rows their index."""
    assert {"subscribers", "state", "claimed_by", "claimed_until", "attempts"} <= set(journal.c.keys())
    (pending,) = journal.indexes
    assert "WHERE state = 'pending'" in str(CreateIndex(pending).compile(dialect=DIALECTS["sqlite"]))


def test_a_condition_of_another_field_is_another_statement() -> None:
    """Statements are kept by their shape: what decides the SQL, not the values."""
    statements, one, other = Statements(SQLite(), DIALECTS["sqlite"], ALL), list[object](), list[object]()
    first = Query(Client, Test("owner", "eq", "1"))
    second = Query(Client, Test("owner", "eq", "2"))
    same = [
        statements.select(query, shape(Client, query.where, v, SQLite().stored))
        for query, v in ((first, one), (second, other))
    ]
    assert same[0] is same[1]
    assert (["1"], ["2"]) == (one, other)
    third = Query(Client, Test("region", "eq", "1"))
    assert same[0] is not _select(statements, third)
