"""The tables that plugins bring, in one store: where they stand, and brought up to date, each plugin on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from crmkit.errors import CRMError, Fault, Invalid
from crmkit.plugins import Plugins, PluginsConfig
from crmkit.plugins.discovery import installed

if TYPE_CHECKING:
    from crmkit.storage.sql import SQLStorage
    from crmkit.storage.sql.plugin_tables import PluginTables


@attrs.frozen
class Told:
    """A sentence about the tables of one plugin, and whether nothing is left to do about them."""

    sentence: str
    well: bool


def standing(storage: SQLStorage, config: PluginsConfig) -> Iterator[Told]:
    """Where the tables of each listed plugin are; nothing of plugins that bring none. Nothing is changed."""
    return _each(storage, config, _standing)


def upgraded(storage: SQLStorage, config: PluginsConfig) -> Iterator[Told]:
    """Bring the tables of each listed plugin up to date, one that cannot keeping no other from it."""
    return _each(storage, config, _upgraded)


def uninstalled(storage: SQLStorage, config: PluginsConfig, name: str) -> str:
    """Drop the tables of an installed plugin that is on nobody's list any more; `Invalid` if it is, or has none."""
    if name in config.enabled:
        raise Invalid(Fault("name", "listed", f"Take {name} off the list and restart every process first."))
    folders = _folders(name, config)
    if not folders:
        raise Invalid(Fault("name", "no_tables", f"The plugin {name} brings no tables."))
    for tables in _tables(storage, name, folders):
        tables.uninstall()
    return f"Plugin {name}: its tables are gone."


def _each(storage: SQLStorage, config: PluginsConfig, do: Callable[[PluginTables], Told]) -> Iterator[Told]:
    for name in config.enabled:
        try:
            for tables in _tables(storage, name, _folders(name, config)):
                yield do(tables)
        except CRMError as error:
            why = " ".join(fault.message for fault in error.faults) if isinstance(error, Invalid) else str(error)
            yield Told(f"Plugin {name}: {why}", well=False)


def _standing(tables: PluginTables) -> Told:
    here, head = tables.standing()
    at = (
        f"Plugin {tables.plugin}: its tables are at {here}" if here else f"Plugin {tables.plugin}: it has no tables yet"
    )
    if here == head:
        return Told(f"{at}.", well=True)
    return Told(f"{at}, {head} is pending. Run `crmkit db upgrade`.", well=False)


def _upgraded(tables: PluginTables) -> Told:
    before, head = tables.standing()
    if before == head:
        return _standing(tables)
    tables.upgrade()
    said = f"up from {before}" if before else "newly made"
    return Told(f"Plugin {tables.plugin}: its tables are at {head}, {said}.", well=True)


def _tables(storage: SQLStorage, name: str, folders: Iterable[Path]) -> Iterator[PluginTables]:
    from crmkit.storage.sql.plugin_tables import PluginTables  # Alembic comes with it

    for folder in folders:
        yield PluginTables(storage, name, folder)


def _folders(name: str, config: PluginsConfig) -> Sequence[Path]:
    """Where a plugin's revisions are. What it cannot be made without, such as a secret, is not needed for that."""
    plugins = Plugins(attrs.evolve(config, enabled=(name,), required=frozenset()))
    (status,) = plugins.status()
    if not status.faults:
        return [folder for _, folder in plugins.migrations()]
    found = _without_settings(name) if status.state == "misconfigured" else None
    if found is None:
        why = " ".join(fault.message for fault in status.faults)
        raise Invalid(Fault("name", status.state, f"Its tables were not looked at. {why}"))
    return found


def _without_settings(name: str) -> Sequence[Path] | None:
    """What the one installed plugin of this name brings; None if it cannot say so without settings."""
    try:
        (offer,) = installed().get(name, ())
        kind: Any = offer.load()
        register: Any = getattr(kind, "crm_register_migrations", None)
        found = list(register(kind.__new__(kind)) or ()) if register else []
    except (Exception, SystemExit):  # noqa: BLE001  # another's module may raise anything
        return None
    return found if all(isinstance(one, Path) for one in found) else None
