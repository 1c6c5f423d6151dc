"""K16: a plugin whose tables come and go by its own revisions, and that leaves a store as it found it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crmkit.crm.plugin_tables import prepare_tables
from crmkit.plugins.host import Plugins
from crmkit.testing.kit.taps import HookRecorder
from crmkit.testing.plugin_suite.trial import Trial

if TYPE_CHECKING:
    from crmkit.storage.sql import SQLStorage

#: Name and table of what stands in the schema, and how it was made.
Schema = Mapping[tuple[str, str], str | None]


class Tables:
    """What takes a database."""

    def test_k16_its_tables_come_and_go_and_leave_nothing(self, trial: Trial, tmp_path: Path) -> None:
        """Up, used for a day, down, up and down again; no hook is called meanwhile, for it would meet half a table."""
        if not Plugins([trial.plugin()]).migrations():
            pytest.skip("nothing to check: it has no tables")
        from crmkit.storage.sql import SQLStorage
        from crmkit.storage.sql.own_tables import prefix_of

        url, prefix = f"sqlite:///{tmp_path}/crm.db", prefix_of(trial.kind.name)
        with closing(SQLStorage(url)) as storage:
            crmkits = _schema(storage)
            first = _up(trial, storage)
            assert crmkits.items() <= first.items(), "It changes what is crmkit's."
        with trial.opened(url=url) as run:
            run.day()
            run.workshop.relay.drain(advance=True)
        with closing(SQLStorage(url)) as storage:
            own = first.keys() - crmkits.keys()
            assert [] == sorted(table for _, table in own if not table.startswith(prefix)), f"Begin with {prefix}"
            assert own, "Its revisions make no table."
            _down(trial, storage)
            assert crmkits == _schema(storage)
            assert first == _up(trial, storage)
            _down(trial, storage)
            assert crmkits == _schema(storage)


def _up(trial: Trial, storage: SQLStorage) -> Schema:
    """Bring its tables up to date as opening a CRM does, before anything starts."""
    known, recorder = Plugins([trial.plugin()]), HookRecorder()
    recorder.listen(known)
    prepare_tables(known, storage, "create")
    assert [] == recorder.calls
    return _schema(storage)


def _down(trial: Trial, storage: SQLStorage) -> None:
    from crmkit.storage.sql.plugin_tables import PluginTables

    for name, folder in Plugins([trial.plugin()]).migrations():
        PluginTables(storage, name, folder).uninstall()


def _schema(storage: SQLStorage) -> Schema:
    """Tables, indexes, views and triggers, but for what SQLite keeps for itself."""
    with storage.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, tbl_name, sql FROM sqlite_master").fetchall()
    return {(name, table): made for name, table, made in rows if not name.startswith("sqlite_")}
