"""A store on PostgreSQL whose wall is up, and a role that owns nothing there."""

from __future__ import annotations

from contextlib import closing

import psycopg
from contenders.crmkit_store import url_of
from peers.target import Target

from crmkit.storage.sql import SQLStorage, raise_wall

CLERK = "clerk"
_GRANTS = (
    f"GRANT USAGE ON SCHEMA public TO {CLERK}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {CLERK}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {CLERK}",
)


def behind_the_wall(place: Target) -> Target:
    """Raise the wall there; the same place, for a role that it holds."""
    with closing(SQLStorage(url_of(place), proven=False)) as storage:
        raise_wall(storage)
    with psycopg.connect(place.dsn(), autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (CLERK,)).fetchall():
            server.execute(f"CREATE ROLE {CLERK} LOGIN")
        for grant in _GRANTS:
            server.execute(grant)
    return place._replace(user=CLERK)
