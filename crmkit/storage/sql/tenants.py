"""Where a tenant's store lies: a file, a schema or a database of its own beside the others'."""

from __future__ import annotations

from pathlib import PurePath

from crmkit.errors import Fault, Invalid
from crmkit.storage.opening import check_tenant
from crmkit.storage.sql.connections import Connections
from crmkit.storage.sql.databases.known import database_of

#: What a schema of ours on PostgreSQL begins with.
PREFIX = "crm_"
_IS_THERE = "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s"


def url_of_tenant(url: str, tenant: str) -> str:
    """
    The URL at which a tenant's store lies, for programs that know nothing of tenants.

    >>> url_of_tenant("sqlite:///shop.db", "acme")
    'sqlite:///shop.acme.db'
    >>> url_of_tenant("mysql+pymysql://crm@localhost/shop", "acme")
    'mysql+pymysql://crm@localhost/shop_acme'
    """
    check_tenant(tenant)
    _, parsed = database_of(url)
    match parsed.get_backend_name():
        case "sqlite":
            file = PurePath(parsed.database or "")
            if not file.name or (parsed.database or "").startswith("file:"):
                raise Invalid(Fault("tenant", "no_file", "Tenants have files beside a file: sqlite:///shop.db."))
            beside = parsed.set(database=str(file.with_name(f"{file.stem}.{tenant}{file.suffix}")))
        case "postgresql":
            options = parsed.query.get("options", "")
            first = options if isinstance(options, str) else " ".join(options)
            beside = parsed.update_query_dict({"options": f"{first} -csearch_path={PREFIX}{tenant}".strip()})
        case _:
            beside = parsed.set(database=f"{parsed.database}_{tenant}")
    return beside.render_as_string(hide_password=False)


def make_room(url: str, tenant: str) -> None:
    """Make the schema or database that a tenant's store needs, unless it is there; a file needs nothing."""
    database, parsed = database_of(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return
    name, said = f"{PREFIX}{tenant}", f"CREATE SCHEMA IF NOT EXISTS {PREFIX}{tenant}"
    if backend != "postgresql":
        name = f"{parsed.database}_{tenant}"
        said = f"CREATE DATABASE IF NOT EXISTS `{name}`"
    connections = Connections(database, database.engine(parsed))
    try:
        with connections.outside() as link:
            if not link.execute(_IS_THERE, (name,)).fetchall():  # to ask in vain takes a right of its own, too
                link.execute(said)
    finally:
        connections.close()
