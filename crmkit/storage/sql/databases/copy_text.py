r"""
Rows as PostgreSQL's COPY reads them: a line for each, a tab between two cells, `\N` for nothing.

psycopg adapts each cell by itself, and is called for each row. Our rows are made of six types, a column mostly of one,
so a column is written at once: in half to four fifths of the time (docs/decisions/0009-speed.md). The format and what
must be escaped in it: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

#: So many rows go in one message.
BLOCK = 1000
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_must_be_escaped = re.compile(r"[\\\t\n\r]").search
Cells = Sequence[Any]


def blocks(rows: Iterable[Sequence[object]]) -> Generator[str]:
    r"""
    The rows as text, a thousand at a time.

    >>> list(blocks([("a\tb", None, True), ("c", 7, False)]))
    ['a\\tb\t\\N\tt\nc\t7\tf\n']
    """
    left = iter(rows)
    while some := list(islice(left, BLOCK)):
        cells = [_column(column) for column in zip(*some, strict=True)]
        yield "\n".join(map("\t".join, zip(*cells, strict=True))) + "\n"


def _column(values: Cells) -> Iterable[str]:
    kinds = set(map(type, values))
    if len(kinds) == 1 and (write := _WRITERS.get(*kinds)):
        return write(values)
    return [_cell(value) for value in values]


def _cell(value: object) -> str:
    """One cell of a column that holds several types, or a type derived from one of ours."""
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            (text,) = write((value,))
            return text
    raise TypeError(type(value).__name__)


def _texts(values: Cells) -> Iterable[str]:
    return [value.translate(_ESCAPED) for value in values] if _must_be_escaped("".join(values)) else values


def _instants(values: Cells) -> Iterable[str]:
    """Most of a column are one instant: each is written once."""
    texts = {key: value.isoformat() for key, value in {id(value): value for value in values}.items()}
    return [texts[id(value)] for value in values]


_WRITERS: Mapping[type, Callable[[Cells], Iterable[str]]] = {
    str: _texts,
    UUID: lambda values: [f"{value.int:032x}" for value in values],
    type(None): lambda values: ["\\N"] * len(values),
    bool: lambda values: ["t" if value else "f" for value in values],
    int: lambda values: map(str, values),
    datetime: _instants,
}
