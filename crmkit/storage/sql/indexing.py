"""Builds the indexes an upgrade noted, one at a time and beside whoever writes, even with an older crmkit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from crmkit.errors import StorageUnreachable
from crmkit.storage.sql.databases.database import Link
from crmkit.storage.sql.stepping import Begin, patiently, pause, step

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections

#: What the note is called.
INDEXES = "indexes"
#: How often one is tried: between writers of many tables it may take a while to find a gap.
ATTEMPTS = 200
#: What earlier revisions built and longer indexes replace: table and columns.
REPLACED = (
    ("crm_client", ("owner",)),
    ("crm_client", ("lifecycle",)),
    ("crm_deal", ("owner",)),
    ("crm_deal", ("status", "pipeline", "stage")),
)


def build(begin: Begin, connections: Connections) -> None:
    """
    Build what the tables want and is not there, then drop what nothing wants any more, and strike the note out.

    Who is killed on the way leaves the note, and nothing that is not built to the end counts as there. While another
    program builds, this one waits, as long as that takes: a large table may need minutes.
    """
    built = set[str]()
    while True:
        started = time.monotonic()
        if patiently(connections, partial(_built_all, connections, built), ATTEMPTS):
            break
        pause(started)
    step(begin, lambda tx: tx.execute(tx.statements.one["filled"], (INDEXES,)))


def _built_all(connections: Connections, built: set[str], link: Link) -> bool:
    """Build or drop one; whether there was none left. One that is *built* and still not there never will be."""
    database = connections.database
    with database.building(link) as mine:
        if not mine:
            return False
        there = {str(name): bool(built) for name, built in link.execute(database.indexes).fetchall()}
        for index in _indexes():
            if not there.get(str(index.name)):
                sql = str(CreateIndex(index).compile(dialect=connections.engine.dialect))
                if index.name in built:
                    raise StorageUnreachable(str(index.name))
                database.create_index(link, str(index.name), sql)
                built.add(str(index.name))
                return False
        for table, columns in REPLACED:
            if (name := f"{table}_{'_'.join(columns)}") in there:
                database.drop_index(link, name, table)
                return False
    return True


def _indexes() -> Iterator[sa.Index]:
    from crmkit.storage.sql.derived import tables as derived  # they join the others' metadata
    from crmkit.storage.sql.schema import metadata

    assert derived.search.metadata is metadata
    for table in metadata.sorted_tables:
        yield from sorted(table.indexes, key=lambda index: str(index.name))
