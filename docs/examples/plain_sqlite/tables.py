"""
The tables: one for each kind of record, with its JSON and the few columns that something is looked up by.

SQLite itself sees to what must be unique and to what must be there, at the commit.
"""

from __future__ import annotations

import json
from typing import Any, cast
from uuid import UUID

import attrs

from crmkit import to_builtins
from crmkit.fields import to_json
from crmkit.ports import RECORDS, Query, Record

#: What no two records of a kind may share; SQLite, too, lets a key with an empty part never clash.
UNIQUE = {
    "ExternalId": ("system", "value"),
    "DealStep": ("deal_id", "number"),
    "Purchase": ("origin", "external_id"),
    "Touchpoint": ("origin", "external_id"),
    "Call": ("origin", "external_id"),
    "Document": ("origin", "external_id"),
    "Consent": ("orig_subject", "seq"),
    "Attempt": ("orig_subject", "seq"),
    "Slot": ("orig_subject", "cap", "number"),
    "Merge": ("merged_id",),
    "Datum": ("collection", "key"),
    "Seal": ("number",),
}
#: What must be there while a record points to it. Touchpoints, calls and tasks may be of nobody we know.
NEED_NO_CLIENT, NEED_A_DEAL = ("Touchpoint", "Call", "Task"), ("DealStep", "Purchase")
#: What else has a column: what scope looks at, and what records are found by.
LOOKED_UP = ("client_id", "deal_id", "message_id", "owner", "assignee", "match_key", "merged_id", "event_id")
BESIDE = """
create table if not exists Journal (
    position integer primary key autoincrement,
    events text not null, subscribers text not null, depth integer not null, pending integer not null
) strict;
create index if not exists Pending on Journal (position) where pending;
create table if not exists Key (key text primary key, text text not null) strict, without rowid
"""


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a kind that have a column of their own."""
    key = UNIQUE.get(kind.__name__, ())
    return tuple([field for field in attrs.fields_dict(kind) if field in LOOKED_UP or field in key])


def table_of(kind: type[Any]) -> str:
    """The statements that make the table of a kind."""
    name, columns = kind.__name__, columns_of(kind)
    lines = ["id text primary key", "version integer", "body text not null"]
    lines += [f'"{column}" {"integer" if column in ("number", "seq") else "text"}' for column in columns]
    if name in UNIQUE:
        lines.append("unique (" + ", ".join(f'"{column}"' for column in UNIQUE[name]) + ")")
    if "client_id" in columns and name not in NEED_NO_CLIENT:
        lines.append("foreign key (client_id) references Client (id) deferrable initially deferred")
    if "message_id" in columns:
        lines.append("foreign key (message_id) references Message (id) deferrable initially deferred")
    if name in NEED_A_DEAL:
        lines.append("foreign key (deal_id) references Deal (id) deferrable initially deferred")
    indexes = [
        f'create index if not exists "{name}_{column}" on "{name}" ("{column}");'
        for column in columns
        if column in LOOKED_UP
    ]
    return f'create table if not exists "{name}" ({", ".join(lines)}) strict, without rowid;' + "".join(indexes)


TABLES = (*[kind.__name__ for kind in RECORDS], "Journal", "Key")
STATEMENTS = ("".join([table_of(kind) for kind in RECORDS]) + BESIDE).split(";")


def cell(value: Any) -> Any:
    """Ids are UUIDs or texts of the host's; SQLite knows texts only."""
    return str(value) if isinstance(value, UUID) else value


def cells(value: Record) -> tuple[Any, ...]:
    """A record as its row: id, version, body, and what it is looked up by."""
    looked_up = [cell(getattr(value, column)) for column in columns_of(type(value))]
    return (str(value.id), getattr(value, "version", None), json.dumps(to_builtins(value)), *looked_up)


def narrowed(query: Query[Any]) -> tuple[str, list[Any]] | None:
    """A column and the values one of which it must have, if the condition says so; what it says besides is for `holds`."""
    columns = ("id", *columns_of(query.kind))
    tests: list[Any] = [to_json(query.where)]
    while tests:
        test = tests.pop()
        tests += test.get("all", ())
        if test.get("field") in columns and test["op"] in ("eq", "in"):
            asked: list[Any] = test["value"] if test["op"] == "in" else [test["value"]]
            values = [_plain(one) for one in asked]
            if None not in values:
                return test["field"], list(dict.fromkeys(values))
    return None


def _plain(value: Any) -> Any:
    """An id is written down as `{"$id": "…"}`; None asks for empty ones, which no index is asked for."""
    return cast(dict[str, Any], value)["$id"] if isinstance(value, dict) else value
