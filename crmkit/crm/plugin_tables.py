"""Plugins' own tables, when a store is opened: made, brought up to date, or found behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.errors import Fault, Invalid
from crmkit.plugins.host import Plugins
from crmkit.ports import Storage
from crmkit.services.handed_out import storage_of
from crmkit.services.unit import Unit
from crmkit.storage.opening import Migrate

if TYPE_CHECKING:
    from crmkit.storage.sql.plugin_tables import PluginTables


def prepare_tables(plugins: Plugins, storage: Storage, migrate: Migrate) -> None:
    """
    Bring the tables of plugins up to date, before any of them starts; no hook is called meanwhile.

    With `never` a plugin whose tables are behind, or whose folder has no branch of its own that can be read, does not
    start, and says so; otherwise such a folder is `Invalid`. Storages without SQL have no tables.
    """
    if not plugins.migrations():
        return
    from crmkit.storage.sql import SQLStorage
    from crmkit.storage.sql.plugin_tables import PluginTables

    if not isinstance(storage, SQLStorage):
        return
    for name, folder in plugins.migrations():
        tables = PluginTables(storage, name, folder)
        if migrate == "never":
            for fault in _missing(tables):
                plugins.set_back(name, fault)
        elif tables.behind():
            tables.upgrade()


def _missing(tables: PluginTables) -> Iterator[Fault]:
    """Why a plugin cannot work with its tables as they are."""
    name = tables.plugin
    try:
        behind = tables.behind()
    except Invalid as error:
        for fault in error.faults:
            yield attrs.evolve(fault, path=f"plugins.{name}.{fault.path}", plugin=name)
        return
    if behind:
        say = "Its tables are behind. Back the store up and run `crmkit db upgrade`, or open it with migrate='upgrade'."
        yield Fault(f"plugins.{name}", "tables_behind", say, name)


def own_tables(unit: Unit, plugin: str) -> Any:
    """Statements of a plugin on its own tables, in this transaction; None on a storage without SQL."""
    from crmkit.storage.sql.own_tables import OwnTables
    from crmkit.storage.sql.transaction import SQLTransaction

    store = storage_of(unit.store)
    return OwnTables(store, plugin, writable=unit.writable) if isinstance(store, SQLTransaction) else None
