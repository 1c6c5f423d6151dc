"""crmkit's revisions, run by Alembic inside a transaction that the caller began.

A host with Alembic of its own adds `versions` to its `version_locations` instead. A new revision never imports the
tables: it says what they were when it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crmkit.storage.sql.history import VERSION_TABLE

VERSIONS = Path(__file__).parent / "versions"


def scripts() -> ScriptDirectory:
    """The revisions, as Alembic knows them."""
    return ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])


def upgrade(connection: sa.Connection, to: str = "crmkit@head") -> None:
    """Bring the schema from where it is up to *to*; nothing happens if it is there already."""
    _run(to, connection=connection)


def say(dialect_name: str, where: TextIO, to: str = "crmkit@head") -> None:
    """Write what an upgrade of an empty database would send, for those who run SQL by hand."""
    _run(to, dialect_name=dialect_name, as_sql=True, output_buffer=where)


def _run(to: str, **options: Any) -> None:
    found = scripts()

    def steps(revision: Any, _: MigrationContext) -> Any:
        return found._upgrade_revs(to, revision)  # noqa: SLF001  # what Alembic's own `upgrade` command passes

    with EnvironmentContext(Config(), found, fn=steps) as environment:
        environment.configure(version_table=VERSION_TABLE, **options)
        environment.run_migrations()
