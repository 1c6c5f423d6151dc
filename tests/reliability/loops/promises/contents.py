"""All that a store holds, to be compared record by record; and all that an error shows."""

from __future__ import annotations

from typing import Any

from crmkit import CRM
from crmkit.domain.query import Query
from crmkit.ports import RECORDS
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.schema import metadata

Stored = dict[Any, Any]


def stored(crm: CRM, key: str = "") -> Stored:
    """Every record, the journal and what *key* remembers."""
    with crm.read() as tx:
        store = tx._unit.store
        held: Stored = {(kind, record.id): record for kind in RECORDS for record in store.select(Query(kind))}
        return held | {"journal": list(store.journal()), "key": store.recall(key)}


def empty(storage: SQLStorage) -> None:
    """Begin anew, so that comparing stays cheap."""
    with storage.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        for table in reversed(metadata.sorted_tables):
            connection.exec_driver_sql(f"DELETE FROM {table.name}")
        connection.exec_driver_sql("COMMIT")


def texts_of(error: BaseException | None) -> list[str]:
    """All that an error and what hangs on it could show."""
    texts = list[str]()
    while error is not None:
        texts.append(f"{error} {error!r} {error.args}")
        error = error.__cause__ or error.__context__
    return texts


def version_of(storage: SQLStorage) -> str:
    """The database by name and version."""
    with storage.engine.connect() as connection:
        asked = "SELECT sqlite_version()" if storage.name == "sqlite" else "SELECT version()"
        said = str(connection.exec_driver_sql(asked).scalar()).removeprefix("PostgreSQL ")
    return f"{storage.name} {said.partition(' ')[0].partition('-')[0]}"
