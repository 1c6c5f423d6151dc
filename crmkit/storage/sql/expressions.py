"""What databases spell differently: a custom value out of its JSON, and a place of one text in another."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Wanted = Literal["int", "str", "any"]


class CustomValue(FunctionElement[Any]):
    """The value under a key, if it is a whole number, a text, or anything. Keys are identifiers, safe to inline."""

    inherit_cache = False  # compiled once by us, under a key of our own

    def __init__(self, column: sa.ColumnElement[Any], key: str, wanted: Wanted) -> None:
        super().__init__(column)
        self.key, self.wanted = key, wanted
        self.type = sa.BigInteger() if wanted == "int" else sa.Text()


def _column(element: CustomValue, compiler: SQLCompiler) -> str:
    return str(compiler.process(element.clauses))


@compiles(CustomValue, "sqlite")
def _on_sqlite(element: CustomValue, compiler: SQLCompiler, **_: Any) -> str:
    place = f"({_column(element, compiler)}, '$.{element.key}')"
    if element.wanted == "any":
        return f"json_extract{place}"
    kind = "integer" if element.wanted == "int" else "text"
    return f"CASE json_type{place} WHEN '{kind}' THEN json_extract{place} END"


@compiles(CustomValue, "postgresql")
def _on_postgresql(element: CustomValue, compiler: SQLCompiler, **_: Any) -> str:
    found = f"({_column(element, compiler)})::jsonb -> '{element.key}'"
    if element.wanted == "any":
        return f"({found})"
    text = f"({found}) #>> '{{}}'"
    if element.wanted == "int":
        return f"CASE jsonb_typeof({found}) WHEN 'number' THEN ({text})::bigint END"
    return f"(CASE jsonb_typeof({found}) WHEN 'string' THEN {text} END) COLLATE \"C\""


@compiles(CustomValue, "mysql", "mariadb")
def _on_mariadb(element: CustomValue, compiler: SQLCompiler, **_: Any) -> str:
    found = f"JSON_EXTRACT({_column(element, compiler)}, '$.{element.key}')"
    if element.wanted == "any":
        return found
    if element.wanted == "int":
        return f"CASE JSON_TYPE({found}) WHEN 'INTEGER' THEN CAST(JSON_UNQUOTE({found}) AS SIGNED) END"
    text = f"CASE JSON_TYPE({found}) WHEN 'STRING' THEN JSON_UNQUOTE({found}) END"
    return f"CONVERT({text} USING utf8mb4) COLLATE utf8mb4_nopad_bin"


class Contains(FunctionElement[bool]):
    """One text has the other in it, letter by letter: LIKE of SQLite does not tell A from a."""

    inherit_cache = False
    type = sa.Boolean()


@compiles(Contains, "sqlite", "mysql", "mariadb")
def _instr(element: Contains, compiler: SQLCompiler, **_: Any) -> str:
    return f"instr({compiler.process(element.clauses)}) > 0"


@compiles(Contains, "postgresql")
def _strpos(element: Contains, compiler: SQLCompiler, **_: Any) -> str:
    return f"strpos({compiler.process(element.clauses)}) > 0"
