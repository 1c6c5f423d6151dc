"""Looks a store over and says what is wrong with it; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.exc import DBAPIError

from crmkit.errors import CRMError, SchemaAhead, SchemaBehind
from crmkit.storage.sql.history import VERSION_TABLE
from crmkit.storage.sql.storage import SQLStorage
from crmkit.storage.sql.wall.standing import what_is_wrong

if TYPE_CHECKING:
    import sqlalchemy as sa


def check(url: str) -> tuple[str, ...]:
    """
    Say in a sentence each what is wrong with the store at *url*; nothing, if all is well.

    Whether the revision is ours and everything filled, whether tables, columns and indexes are what they should be,
    whether a second wall that is up has gaps, and on SQLite whether file and references are sound. What can be opened by nobody raises, as opening does.
    """
    try:
        storage = SQLStorage(url, migrate="never", proven=False)
    except (SchemaAhead, SchemaBehind) as error:
        return (str(error),)
    database = storage.connections.database
    failure: CRMError
    try:
        with storage.engine.connect() as connection:
            return tuple(_unsound(connection)) or (*_other_tables(connection), *_gaps(storage))
    except DBAPIError as error:
        failure = database.translated(error.orig or error, "schema")
    except database.errors as error:
        failure = database.translated(error, "schema")
    finally:
        storage.close()
    raise failure


def _gaps(storage: SQLStorage) -> Iterator[str]:
    for fault in what_is_wrong(storage.connections) if storage.connections.walled else ():
        if fault.code == "wall_has_gaps":  # that it lets an operator through is no fault of the store's
            yield fault.message


def _other_tables(connection: sa.Connection) -> Iterator[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from crmkit.storage.sql.derived import tables as derived  # they join the others' metadata
    from crmkit.storage.sql.schema import metadata

    assert derived.search.metadata is metadata

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        """A host's tables and plugins' may begin as ours do."""
        return kind == "schema" or str(parents.get("table_name") or name) in metadata.tables

    options = {"version_table": VERSION_TABLE, "include_name": ours, "compare_type": False}
    context = MigrationContext.configure(connection=connection, opts=options)
    for difference in compare_metadata(context, metadata):
        yield f"The schema is not what its revision says: {_in_words(difference)}. Restore it, or ask for help with this line."


def _in_words(difference: Any) -> str:
    """What Alembic would do, by names only."""
    if isinstance(difference, list):
        return ", ".join(_in_words(part) for part in cast("Iterable[Any]", difference))
    what, *about = difference
    names = [str(getattr(one, "name", one)) for one in about if isinstance(one, str) or hasattr(one, "name")]
    return f"{what.replace('_', ' ')} {' '.join(names)}"


def _unsound(connection: sa.Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check").all():
        if said != "ok":
            yield f"SQLite finds the file damaged: {said}. Restore it from a backup."
    for table, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        yield f"A row of {table} points to what is not there. Restore it from a backup."
