"""Several inserts as one statement: on a server, what is written together takes one round trip and one commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from crmkit.domain.records import Record

#: How many values one statement takes at most: beyond that, a statement for each table costs little in comparison.
MOST = 2_000
#: A statement that inserts one row, and does nothing else.
_inserts = re.compile(r"INSERT INTO \S+ \([^()]+\) VALUES \([^()]+\)").fullmatch


class Gathered:
    """Rows to be inserted, by the statement that inserts one of them, in the order of the statements."""

    __slots__ = ("_args", "_kind", "_parts")

    def __init__(self) -> None:
        self._parts: list[tuple[str, int]] = []
        self._args: list[object] = []
        self._kind: type[Record] | None = None

    def __bool__(self) -> bool:
        return bool(self._parts)

    def takes(self, sql: str, rows: Sequence[Sequence[object]], kind: type[Record] | None) -> bool:
        """Take these rows, if they are few and the statement does nothing but insert them."""
        if not rows:
            return True
        if not _inserts(sql):
            return False
        if len(self._args) + len(rows) * len(rows[0]) > MOST:
            return False
        self._parts.append((sql, len(rows)))
        self._kind = self._kind or kind
        for row in rows:
            self._args += row
        return True

    def taken(self) -> tuple[str, list[object], type[Record] | None]:
        """The one statement, its parameters, and the kind of record it is about; nothing is gathered any more."""
        sql, args = combined(tuple(self._parts)), self._args
        self._parts, self._args = [], []
        return sql, args, self._kind


@lru_cache(512)
def combined(parts: tuple[tuple[str, int], ...]) -> str:
    """
    One statement for several inserts of so many rows each. Their order among each other is free.

    >>> combined((("INSERT INTO a (x) VALUES (%s)", 2), ("INSERT INTO b (y) VALUES (%s)", 1)))
    'WITH part0 AS (INSERT INTO a (x) VALUES (%s), (%s)) INSERT INTO b (y) VALUES (%s)'
    """
    *first, last = [_times(sql, count) for sql, count in parts]
    before = ", ".join([f"part{number} AS ({sql})" for number, sql in enumerate(first)])
    return f"WITH {before} {last}" if before else last


def _times(sql: str, count: int) -> str:
    head, row = sql.split(" VALUES ", 1)
    return f"{head} VALUES {', '.join([row] * count)}"
