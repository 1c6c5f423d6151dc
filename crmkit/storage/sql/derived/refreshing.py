"""Compares derived tables with the records they were made from, and makes them good."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmkit.domain.ids import ClientId
from crmkit.domain.month import added_up
from crmkit.domain.purchase import Purchase, Refund
from crmkit.domain.scope import EVERYONE
from crmkit.domain.search import SEARCHED, client_of, tokens_of
from crmkit.storage.sql.conditions import bucket
from crmkit.storage.sql.derived.tables import month, search
from crmkit.storage.sql.schema import TABLES

if TYPE_CHECKING:
    from crmkit.storage.sql.transaction import SQLTransaction

#: How many clients are looked at with one statement for each table.
CHUNK = 512


def refresh(tx: SQLTransaction, ids: Sequence[ClientId]) -> int:
    """
    Make good what was derived from the records of these clients; say for how many it was wrong.

    Their rows are held meanwhile, which keeps whatever points to them from being added. What is derived is read
    before the records: whoever changes or removes one at the same time then only does what we are about to do.
    """
    wrong = set[object]()
    for start in range(0, len(ids), CHUNK):
        tx.hold(ids[start : start + CHUNK])
        some = [tx.stored(id) for id in ids[start : start + CHUNK]]
        several = some + some[-1:] * (bucket(len(some)) - len(some))
        wrong |= _tokens(tx, several) | _months(tx, several)
    return len(wrong)


def _tokens(tx: SQLTransaction, ids: Sequence[object]) -> set[object]:
    there = set(_rows(tx, search, ids))
    right = {
        (tx.stored(client_of(record)), tx.stored(record.id), token)
        for kind in SEARCHED
        for record in _records(tx, kind, ids)
        for token in tokens_of(record)
    }
    for row in there - right:
        tx.execute(tx.statements.one["forget_token"], row)
    if missing := right - there:
        tx.write(tx.statements.one["find_by"], sorted(missing, key=itemgetter(2)))
    return {row[0] for row in there ^ right}


def _months(tx: SQLTransaction, ids: Sequence[object]) -> set[object]:
    there = set(_rows(tx, month, ids))
    records: list[Any] = [record for kind in (Purchase, Refund) for record in _records(tx, kind, ids)]
    right = {(tx.stored(key[0]), *key[1:], *sums) for key, sums in added_up(records).items()}
    wrong: set[object] = {row[0] for row in there ^ right}
    for client in wrong:
        tx.execute(tx.statements.one["forget_months"], (client,))
    if better := [row for row in right if row[0] in wrong]:
        tx.write(tx.statements.one["add_up"], better)
    return wrong


def _records(tx: SQLTransaction, kind: type[Any], ids: Sequence[object]) -> list[Any]:
    return tx.mappings[kind].records(_rows(tx, TABLES[kind], ids))


def _rows(tx: SQLTransaction, table: sa.Table, ids: Sequence[object]) -> list[tuple[Any, ...]]:
    return tx.rows(tx.statements.of_clients[table, len(ids)], ids, EVERYONE)
