"""A plugin's statements on its own tables, and on nothing else."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler

from crmkit.domain.once import once_for_each
from crmkit.errors import CRMError, Fault, Invalid, ReadOnly, TransactionOver
from crmkit.storage.sql.transaction import SQLTransaction

_WRITES = (sa.Insert, sa.Update, sa.Delete)
_READS = (sa.Select, sa.CompoundSelect)
Statement = sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert | sa.Update | sa.Delete


def prefix_of(plugin: str) -> str:
    """
    What the names of a plugin's tables begin with, and its branch of revisions is called but for the underscores.

    >>> prefix_of("web-forms")
    'web_forms__'
    """
    return "".join(letter if letter.isalnum() else "_" for letter in plugin.lower()) + "__"


class OwnTables:
    """
    Runs SQLAlchemy Core statements in an open transaction: on its connection, in its commit, after what it wrote.

    Each may touch only tables that begin with the plugin's prefix, and hold no SQL as text: both are read from what
    SQLAlchemy would send, before anything is sent.
    """

    __slots__ = ("_connection", "_prefix", "_tx", "_writable")

    def __init__(self, tx: SQLTransaction, plugin: str, *, writable: bool) -> None:
        self._tx = tx
        self._prefix = prefix_of(plugin)
        self._writable = writable
        self._connection: sa.Connection | None = None

    def execute(
        self, statement: Statement, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """
        All rows a statement answers; none from one that only writes.

        `Invalid` for a statement that touches what is not the plugin's, `ReadOnly` for one that writes in
        `crm.read()`; what a database refuses ends the transaction, as everywhere.
        """
        tx = self._tx
        if tx.ended:
            raise TransactionOver
        self._check(statement)
        tx.flush()
        failure: CRMError
        try:
            tx.stand_behind_the_wall()
            done = self._core().execute(statement, parameters)
            return done.fetchall() if done.returns_rows else ()
        except DBAPIError as error:
            failure = tx._translated(error.orig or error, "record")  # noqa: SLF001  # its own kind of statement
        except SQLAlchemyError:  # before anything was sent: a parameter is missing, or of another type
            failure = _refused("This statement and its parameters do not fit each other.")
        except tx.database.errors as error:
            failure = tx._translated(error, "record")  # noqa: SLF001
        except BaseException:
            tx._lost = True  # noqa: SLF001  # interrupted: see `Speaking`
            raise
        raise tx._noted(failure)  # noqa: SLF001

    def _core(self) -> sa.Connection:
        """SQLAlchemy's view of the driver connection in use; it begins and ends nothing there."""
        if self._connection is None:
            tx = self._tx
            engine = tx._connections.engine  # noqa: SLF001
            self._connection = sa.Connection(engine, connection=tx.connection.proxied)
        return self._connection

    def _check(self, statement: object) -> None:
        if not isinstance(statement, (*_WRITES, *_READS)):
            raise _refused("Give a statement of SQLAlchemy Core: select, insert, update or delete, and no text.")
        dialect = self._tx._connections.engine.dialect  # noqa: SLF001
        try:
            watched = _watching(dialect.statement_compiler)(dialect, statement)
        except (SQLAlchemyError, NotImplementedError):
            raise _refused("SQLAlchemy cannot write this statement for this database.") from None
        if watched.texts:
            raise _refused(f"No SQL as text: take Core's own elements in the place of {', '.join(watched.texts)}.")
        foreign = sorted({name for name in watched.tables if not name.startswith(self._prefix)})
        if foreign:
            told = f"A plugin's statements touch its own tables ({self._prefix}…), not {', '.join(foreign)}."
            raise _refused(f"{told} Ask the rooms of tx for the rest.")
        if not self._writable and watched.writes:
            raise ReadOnly


#: SQLAlchemy says no types here, and none are needed: everything is handed on as it came.
_Compiler: Any = SQLCompiler


class Watched(_Compiler):  # type: ignore[misc]
    """Notes each table and each piece of text: nothing of a statement reaches the database but by these."""

    def __init__(self, dialect: sa.Dialect, statement: Any) -> None:
        self.tables: list[str] = []
        self.texts: list[str] = []
        self.writes = False
        super().__init__(dialect, statement)

    def visit_table(self, table: Any, *args: Any, **given: Any) -> Any:
        self._note(table)
        return super().visit_table(table, *args, **given)

    def visit_column(self, column: Any, *args: Any, **given: Any) -> Any:
        self._note(column.table)
        if column.is_literal and column.name != "*":
            self.texts.append("literal_column()")
        return super().visit_column(column, *args, **given)

    def visit_insert(self, insert_stmt: Any, *args: Any, **given: Any) -> Any:
        self._note(insert_stmt.table, writes=True)
        return super().visit_insert(insert_stmt, *args, **given)

    def visit_update(self, update_stmt: Any, *args: Any, **given: Any) -> Any:
        self._note(update_stmt.table, writes=True)
        return super().visit_update(update_stmt, *args, **given)

    def visit_delete(self, delete_stmt: Any, *args: Any, **given: Any) -> Any:
        self._note(delete_stmt.table, writes=True)
        return super().visit_delete(delete_stmt, *args, **given)

    def visit_textclause(self, textclause: Any, *args: Any, **given: Any) -> Any:
        self.texts.append("text()")
        return super().visit_textclause(textclause, *args, **given)

    def visit_custom_op_binary(self, element: Any, operator: Any, **given: Any) -> Any:
        self.texts.append("op()")
        return super().visit_custom_op_binary(element, operator, **given)

    def format_from_hint_text(self, *args: Any) -> Any:
        self.texts.append("with_hint()")
        return super().format_from_hint_text(*args)

    def get_statement_hint_text(self, *args: Any) -> Any:
        self.texts.append("with_statement_hint()")
        return super().get_statement_hint_text(*args)

    def _note(self, table: Any, *, writes: bool = False) -> None:
        self.writes = self.writes or writes
        if isinstance(table, sa.TableClause):
            self.tables.append(table.fullname)


@once_for_each
def _watching(compiler: Any) -> type[Watched]:
    """The compiler of one kind of database, watched."""
    return type("Watching", (Watched, compiler), {})


def _refused(message: str) -> Invalid:
    return Invalid(Fault("statement", "refused", message))
