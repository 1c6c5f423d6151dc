"""Whether the wall of a store is up, and whether it holds whoever is connected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmkit.errors import Fault, Invalid

if TYPE_CHECKING:
    from crmkit.storage.sql.connections import Connections
    from crmkit.storage.sql.databases.database import Link

#: The mark of the wall there is, if there is one.
MARK = "SELECT obj_description(to_regprocedure('crm_wall_shared(text, text)'), 'pg_proc')"
#: How many of our tables have it, and whether it is nothing to our role.
_WHOLE = (
    "SELECT count(*), (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) FROM pg_class "
    "WHERE relname = ANY(%s::text[]) AND pg_table_is_visible(oid) AND relrowsecurity AND relforcerowsecurity"
)
_GAPS = "The wall of this store has gaps, or is another crmkit's. Raise it anew: crmkit db wall URL --raise."
_THROUGH = (
    "The wall of this store is up, and this role is let through it. Connect as one that is no superuser and has no "
    "BYPASSRLS, or lower it: crmkit db wall URL --lower."
)


def mark_on(link: Link) -> str | None:
    """What the wall that is up is known by; None if none is."""
    ((found,),) = link.execute(MARK).fetchall()
    return None if found is None else str(found)


def is_up(connections: Connections) -> bool:
    """Whether there is a wall; asked once, so that who has none pays nothing for it."""
    if not connections.database.has_walls:
        return False
    with connections.outside() as link:
        return mark_on(link) is not None


def prove(connections: Connections) -> None:
    """Raise `Invalid` unless a wall that is up holds: one that lets through would be trusted, and nobody would notice."""
    faults = tuple(what_is_wrong(connections))
    if faults:
        raise Invalid(*faults)


def what_is_wrong(connections: Connections) -> Iterator[Fault]:
    """What keeps a wall that is up from holding us: gaps in it, or who we are."""
    from crmkit.storage.sql.wall.policies import mark, tables

    names = [table.name for table in tables()]
    with connections.outside() as link:
        found = mark_on(link)
        ((whole, is_let_through),) = link.execute(_WHOLE, (names,)).fetchall()
    if found != mark() or whole != len(names):
        yield Fault("url", "wall_has_gaps", _GAPS)
    if is_let_through:
        yield Fault("url", "wall_lets_through", _THROUGH)
