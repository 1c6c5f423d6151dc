"""
crmkit's revisions, run by Alembic inside a transaction that the caller began.

A host with Alembic of its own adds `crmkit.storage.sql.migrations:versions` to its `version_locations` instead. A new
revision never imports the tables: it says what they were when it was written. It makes tables only; what they are to
be filled with, and indexes of tables that hold something, are noted in `crm_filling` and done in small steps
afterwards, so that nobody is held up for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crmkit.storage.sql.history import REVISIONS, VERSION_TABLE

VERSIONS = Path(__file__).parent / "versions"


def scripts(also: Iterable[Path] = ()) -> ScriptDirectory:
    """The revisions, as Alembic knows them; *also* are folders with branches of plugins."""
    return ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS), *map(str, also)])


def upgrade(
    connection: sa.Connection, to: str = "crmkit@head", *, also: Iterable[Path] = (), version_table: str = VERSION_TABLE
) -> None:
    """Bring the schema from where it is up to *to*; nothing happens if it is there already."""
    _run(scripts(also), "_upgrade_revs", to, connection=connection, version_table=version_table)


def downgrade(
    connection: sa.Connection, to: str, *, also: Iterable[Path] = (), version_table: str = VERSION_TABLE
) -> None:
    """Take the schema back to *to*; what only a later revision kept is gone."""
    _run(scripts(also), "_downgrade_revs", to, connection=connection, version_table=version_table)


def say(dialect_name: str, where: TextIO, to: str = "crmkit@head") -> None:
    """Write what an upgrade of an empty database would send, for those who run SQL by hand."""
    _run(scripts(), "_upgrade_revs", to, dialect_name=dialect_name, as_sql=True, output_buffer=where,
         version_table=VERSION_TABLE)  # fmt: skip


def _run(found: ScriptDirectory, way: str, to: str, **options: Any) -> None:
    known = {script.revision for script in found.walk_revisions()}

    def steps(stored: Sequence[str], _: MigrationContext) -> Any:
        """Those that others depend on are implied."""
        here = {*stored}
        return getattr(found, way)(to, tuple(here - {below for one in here for below in _below(found, one)}))

    with EnvironmentContext(Config(), found, fn=steps) as environment:
        environment.configure(**options)
        _know_only(known, environment.get_context())
        environment.run_migrations()
        _keep_ours(found, environment.get_context(), known)


def _know_only(known: set[str], context: MigrationContext) -> None:
    """Leave others' rows out of sight: on the way back Alembic looks up each, and gives up at one it does not know."""
    stored = context.get_current_heads
    context.get_current_heads = lambda: tuple(row for row in stored() if row in known)  # type: ignore[method-assign]


def _below(found: ScriptDirectory, revision: str) -> set[str]:
    """What must have been run before *revision*, in every branch."""
    return {script.revision for script in found.iterate_revisions(revision, "base")} - {revision}


def _keep_ours(found: ScriptDirectory, context: MigrationContext, known: set[str]) -> None:
    """Say our revision even where a plugin's depends on it: Alembic takes the row away, which a dependency implies."""
    if context.as_sql or context.connection is None:
        return
    stored = set(context.get_current_heads())
    implied = {below for one in stored & known for below in _below(found, one)}
    ours = next((revision for revision in reversed(REVISIONS) if revision in implied), None)
    if ours is not None and not stored & set(REVISIONS):
        table = sa.table(context.version_table, sa.column("version_num"))
        context.connection.execute(sa.insert(table).values(version_num=ours))
