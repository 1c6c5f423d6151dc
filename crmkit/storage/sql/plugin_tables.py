"""A plugin's own tables: made, changed and dropped by its own branch of Alembic revisions, and nothing else by it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import sqlalchemy as sa
from alembic.ddl.base import AlterTable, RenameTable
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.schema import CreateTable, DDLElement

from crmkit.errors import Fault, Invalid
from crmkit.storage.sql import migrations
from crmkit.storage.sql.history import HOSTS_VERSION_TABLE, VERSION_TABLE
from crmkit.storage.sql.own_tables import prefix_of
from crmkit.storage.sql.revisions import changing, in_turn
from crmkit.storage.sql.storage import SQLStorage

#: What Alembic calls the copy that it makes of a table where a database cannot alter one.
_COPY = "_alembic_tmp_"
#: What a revision may say as text: questions, which change nothing.
_ASKS = ("SELECT", "PRAGMA", "SHOW", "DESC", "EXPLAIN")


@attrs.frozen
class PluginTables:
    """
    The tables of one plugin in one store: *folder* holds its revisions, whose branch label is the plugin's name.

    Names begin with the plugin's and two underscores; a revision that touches any other table is refused before it
    does. Everything waits its turn with crmkit's own upgrades.
    """

    storage: SQLStorage
    plugin: str
    folder: Path

    @property
    def branch(self) -> str:
        """The branch label of the revisions: the plugin's name, letters, digits and underscores."""
        return prefix_of(self.plugin).removesuffix("__")

    def behind(self) -> bool:
        """Whether `upgrade` has anything to do."""
        here, head = self.standing()
        return here != head

    def standing(self) -> tuple[str | None, str]:
        """The revision the tables are at, None where there are none, and the one that `upgrade` brings them to."""
        found = self._scripts()
        stored, scripts = self._stored(), list(found.walk_revisions())
        known = {script.revision for script in scripts}
        implied = {below.revision for one in stored & known for below in found.iterate_revisions(one, "base")}
        own = [script.revision for script in scripts if self.branch in script.branch_labels]
        here = next((revision for revision in own if revision in stored | implied), None)
        if here is None and stored - known and self._there():
            told = (
                f"The tables of {self.plugin} are there, by a revision that it does not have. Install what made them."
            )
            raise Invalid(Fault("migrations", "ahead", told))
        return here, own[0]

    def upgrade(self) -> None:
        """Make the tables, or bring them up to date; nothing happens if they are."""
        self._scripts()
        self._change(partial(migrations.upgrade, to=f"{self.branch}@head", also=[self.folder]))

    def uninstall(self) -> None:
        """Run the plugin's revisions backwards: its tables are gone, and nothing else."""
        self._scripts()
        self._change(partial(migrations.downgrade, to=f"{self.branch}@base", also=[self.folder]))

    def _change(self, run: Any) -> None:
        def work(connection: sa.Connection, version_table: str) -> None:
            with _guarded(connection, prefix_of(self.plugin)):
                run(connection, version_table=version_table)

        in_turn(partial(changing, self.storage.connections, work))

    def _scripts(self) -> ScriptDirectory:
        """Crmkit's revisions and the plugin's; its folder must hold its own branch."""
        found = migrations.scripts([self.folder])
        try:
            labels = {label for script in found.walk_revisions() for label in script.branch_labels}
        except (Exception, SystemExit) as error:  # another's module may raise anything
            told = f"A revision of {self.plugin} cannot be imported ({type(error).__name__}). Run each by itself."
            raise Invalid(Fault("migrations", "bad_revision", told)) from error
        if self.branch not in labels:  # asked for by name, Alembic takes the beginning of a revision's id for it
            told = f"The folder of {self.plugin}'s revisions needs one with branch_labels = ({self.branch!r},)."
            raise Invalid(Fault("migrations", "no_branch", told))
        return found

    def _there(self) -> bool:
        with self.storage.engine.connect() as connection:
            return any(name.startswith(prefix_of(self.plugin)) for name in sa.inspect(connection).get_table_names())

    def _stored(self) -> set[str]:
        with self.storage.engine.connect() as connection:
            there = sa.inspect(connection)
            stored = set[str]()
            for table in (VERSION_TABLE, HOSTS_VERSION_TABLE):
                if there.has_table(table):
                    context = MigrationContext.configure(connection, opts={"version_table": table})
                    stored |= set(context.get_current_heads())
            return stored


@contextmanager
def _guarded(connection: sa.Connection, prefix: str) -> Generator[None]:
    """Refuse, before it is sent, every statement that changes what does not begin with *prefix*."""

    def look(*said: Any) -> None:
        _, _, statement, _, context, _ = said
        compiled = getattr(context, "compiled", None)
        element = None if compiled is None else compiled.statement
        if foreign := sorted(name for name in _changed(element, statement) if not _is_own(name, prefix)):
            told = f"A plugin's revisions change its own tables ({prefix}…), not {', '.join(foreign)}."
            raise Invalid(Fault("migrations", "foreign", f"{told} Take op.create_table and its like, with such names."))

    event.listen(connection, "before_execute", _exact)
    event.listen(connection, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", look)
        event.remove(connection, "before_execute", _exact)


def _exact(connection: sa.Connection, element: Any, *_: Any) -> None:
    """MariaDB's own default takes neither every letter nor 'a' and 'A' for two: texts are as exact as everywhere."""
    if isinstance(element, CreateTable) and (name := connection.dialect.name) in ("mysql", "mariadb"):
        given = element.element.kwargs
        if not {f"{name}_charset", f"{name}_default_charset", f"{name}_collate"} & given.keys():
            given.update({f"{name}_charset": "utf8mb4", f"{name}_collate": "utf8mb4_nopad_bin"})


def _is_own(name: str, prefix: str) -> bool:
    return name.removeprefix(_COPY).startswith(prefix) or name in (VERSION_TABLE, HOSTS_VERSION_TABLE)


def _changed(element: Any, statement: str) -> list[str]:
    """What a statement changes, and what it ties: a foreign key to a table keeps its rows from being deleted."""
    if isinstance(element, RenameTable):
        return [str(element.table_name), str(element.new_table_name)]
    if isinstance(element, AlterTable):
        return [str(element.table_name)]
    if isinstance(element, (sa.Insert, sa.Update, sa.Delete)):
        return [str(getattr(element.table, "fullname", element.table))]
    if isinstance(element, DDLElement):
        return _of_schema(getattr(element, "element", None), statement)
    if isinstance(element, (sa.Select, sa.CompoundSelect)) or statement.lstrip().upper().startswith(_ASKS):
        return []
    return ["what SQL as text says"]


def _table_of(item: Any) -> Any:
    if isinstance(item, sa.Table):
        return cast("Any", item)
    return getattr(item, "table", None)


def _of_schema(item: Any, statement: str) -> list[str]:
    table = _table_of(item)
    if isinstance(item, sa.Index) and getattr(table, "name", "no_table") == "no_table":
        return [str(item.name)]  # Alembic was not told of which table it is; its name must do
    if not isinstance(table, sa.Table):
        return [str(getattr(item, "name", None) or statement.split("(", maxsplit=1)[0])]
    keys = item.foreign_keys if isinstance(item, sa.Table) else getattr(item, "elements", ())
    ties = [key.target_fullname.rpartition(".")[0] for key in keys if isinstance(key, sa.ForeignKey)]
    return [table.fullname, *ties]
