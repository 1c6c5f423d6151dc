"""Plugins' own tables, when a store is opened: made, brought up to date, or found behind."""

from __future__ import annotations

from typing import Any

from crmkit.errors import Fault
from crmkit.plugins.host import Plugins
from crmkit.ports import Storage
from crmkit.services.unit import Unit
from crmkit.storage.opening import Migrate


def prepare_tables(plugins: Plugins, storage: Storage, migrate: Migrate) -> None:
    """
    Bring the tables of plugins up to date, before any of them starts; no hook is called meanwhile.

    With `never` a plugin whose tables are behind does not start, and says so. Storages without SQL have no tables.
    """
    if not plugins.migrations():
        return
    from crmkit.storage.sql import SQLStorage
    from crmkit.storage.sql.plugin_tables import PluginTables

    if not isinstance(storage, SQLStorage):
        return
    for name, folder in plugins.migrations():
        tables = PluginTables(storage, name, folder)
        if not tables.behind():
            continue
        if migrate == "never":
            say = "Its tables are behind. Back the store up and open it with migrate='upgrade'."
            plugins.set_back(name, Fault(f"plugins.{name}", "tables_behind", say, name))
        else:
            tables.upgrade()


def own_tables(unit: Unit, plugin: str) -> Any:
    """Statements of a plugin on its own tables, in this transaction; None on a storage without SQL."""
    from crmkit.storage.sql.own_tables import OwnTables
    from crmkit.storage.sql.transaction import SQLTransaction

    return OwnTables(unit.store, plugin, writable=unit.writable) if isinstance(unit.store, SQLTransaction) else None
