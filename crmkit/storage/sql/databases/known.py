"""From a URL to its database, whose driver is loaded only then."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from crmkit.errors import Fault, Invalid
from crmkit.storage.sql.databases.database import Database


def database_of(url: str) -> tuple[Database, sa.URL]:
    """The database a URL names, and the URL taken apart; no text of a bad URL is shown, it may hold a password."""
    try:
        parsed = sa.engine.make_url(url)
    except (ArgumentError, ValueError):
        raise Invalid(Fault("url", "not_a_url", "Give a URL such as sqlite:///shop.db.")) from None
    match parsed.get_backend_name():
        case "sqlite":
            from crmkit.storage.sql.databases.sqlite import SQLite

            return SQLite(), parsed
        case "postgresql":
            from crmkit.storage.sql.databases.postgresql import PostgreSQL

            return PostgreSQL(), parsed
        case "mysql" | "mariadb":
            from crmkit.storage.sql.databases.mariadb import MariaDB

            return MariaDB(), parsed
        case _:
            known = "sqlite:///shop.db, postgresql+psycopg://… or mysql+pymysql://…"
            raise Invalid(Fault("url", "unknown_scheme", f"crmkit keeps SQL on {known}."))
