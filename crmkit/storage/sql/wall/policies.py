"""The wall, as PostgreSQL's policies: what is seen of each table, and which of its rows may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import sqlalchemy as sa

from crmkit.domain.client import Client
from crmkit.domain.datum import Datum
from crmkit.domain.delivery import Delivery
from crmkit.domain.ids import NIL
from crmkit.domain.job_run import JobRun
from crmkit.domain.pipeline import Pipeline
from crmkit.domain.purchase import Purchase
from crmkit.domain.records import Record
from crmkit.domain.sight import OF_NOBODY, Entity, entity_of
from crmkit.domain.task import Task
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import Team, User
from crmkit.storage.sql.derived.tables import filling, month, search
from crmkit.storage.sql.schema import TABLES, above, journal, keys, metadata
from crmkit.storage.sql.wall.hearing import ACTOR, AT, CHANGES, HOUSE, SEES, TEAM

KINDS: dict[sa.Table, type[Record]] = {table: kind for kind, table in TABLES.items()}
#: What hangs on no client and is everybody's to see. Whoever may put it, crmkit says.
EVERYBODYS = frozenset({*(TABLES[kind] for kind in (Team, User, Pipeline, JobRun, Delivery)), above, keys})
#: What only the house sees: it tells of everybody. A table without a client that nobody thought of is so, too.
HOUSES = frozenset({journal})
#: Looked at before anybody can be said to act; it names no record but the one an upgrade came to.
OPEN = frozenset({filling})
#: Kept up for whoever changes what it was made from, seen or not.
KEPT_UP = frozenset({search, month})
COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
SHARED = "crm_wall_shared"


def policy_name(command: str) -> str:
    """What the policy of one command is called, on every table."""
    return f"crm_wall_{command.lower()}"


def tables() -> list[sa.Table]:
    """All that stand behind the wall."""
    return list(metadata.sorted_tables)


def raised() -> Iterator[str]:
    """The statements that raise the wall, whatever stands there of an older one."""
    yield from lowering()
    yield from _built()
    yield f"COMMENT ON FUNCTION {SHARED}(text) IS '{mark()}'"


def _built() -> Iterator[str]:
    yield _function()
    for table in tables():
        seen, changed, kept = _seen(table), _changed(table), _says(SEES, "somebody")
        yield _policy(table, "SELECT", f"USING ({seen})")
        yield _policy(table, "INSERT", f"WITH CHECK ({_once(kept)})")
        yield _policy(table, "UPDATE", f"USING ({changed}) WITH CHECK ({_once(kept)})")
        yield _policy(table, "DELETE", f"USING ({changed})")
        yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"


def lowering() -> Iterator[str]:
    """The statements that take the wall away, from tables that are there."""
    for table in tables():
        for command in COMMANDS:
            yield f"DROP POLICY IF EXISTS {policy_name(command)} ON {table.name}"
        yield f"ALTER TABLE IF EXISTS {table.name} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
    yield f"DROP FUNCTION IF EXISTS {SHARED}(text)"


def mark() -> str:
    """What this crmkit's wall is known by: another text than an older one's, if anything in it is another."""
    return sha256("\n".join(_built()).encode()).hexdigest()[:16]


def _policy(table: sa.Table, command: str, what: str) -> str:
    return f"CREATE POLICY {policy_name(command)} ON {table.name} FOR {command} {what}"


def _function() -> str:
    """
    Whose clients are shared with whoever acts.

    A function of its own, for what is seen of clients asks shares, and what is seen of shares asks clients, which
    PostgreSQL refuses to begin with; inside it everything is seen. It says so itself: since PostgreSQL 15 a function
    that comes with such a setting is for superusers to make. It is not parallel safe, nor is whatever asks it.
    """
    return (
        f"CREATE FUNCTION {SHARED}(asked text) RETURNS SETOF uuid LANGUAGE plpgsql STABLE STRICT "
        f"SET search_path FROM CURRENT AS $wall$ DECLARE before text := current_setting('{SEES}', true); BEGIN "
        f"PERFORM set_config('{SEES}', '{HOUSE}', true); "
        "RETURN QUERY SELECT one.client_id FROM crm_share AS one "
        f"WHERE one.\"user\" = {_value(ACTOR)} AND (asked = 'read' OR one.\"right\" = 'write') "
        f"AND (one.until IS NULL OR one.until > {_value(AT)}::timestamptz); "
        f"PERFORM set_config('{SEES}', before, true); END $wall$"
    )


def _seen(table: sa.Table) -> str:
    if table in OPEN:
        return "true"
    if table.name == TABLES[Client].name:
        return _any(_once(_says(SEES, "client.all")), *_reached(SEES, "client", table.name))
    if "client_id" not in table.c:
        return _once(_says(SEES, "somebody" if table in EVERYBODYS else "house"))
    entity = _entity(table)
    hangs = f"({_as_client(SEES, entity)})"  # the client's own policy is asked as well
    return _hanging(SEES, table, entity, hangs)


def _changed(table: sa.Table) -> str:
    if table in KEPT_UP | EVERYBODYS | OPEN:
        return _once(_says(SEES, "somebody"))
    if table.name == TABLES[Client].name:
        return _any(_once(_says(CHANGES, "client.all")), *_reached(CHANGES, "client", table.name))
    if "client_id" not in table.c:
        return _once(_says(CHANGES, "house"))
    entity = _entity(table)
    client = _any(_once(_says(CHANGES, "client.all")), *_reached(CHANGES, "client", "client"))
    return _hanging(CHANGES, table, entity, f"({client}) AND ({_as_client(CHANGES, entity)})")


def _entity(table: sa.Table) -> Entity:
    if table is month:
        return entity_of(Purchase)
    return entity_of(KINDS[table]) if table in KINDS else "client"


def _as_client(setting: str, entity: Entity) -> str:
    """That a kind of record is seen of a client: as the client is, or as is said of the kind."""
    if entity == "client":
        return "true"
    return _any(_once(_says(setting, f"{entity}.same")), *_reached(setting, entity, "client"))


def _hanging(setting: str, table: sa.Table, entity: Entity, seen: str) -> str:
    """Rows of clients that are seen, and of nobody."""
    theirs = f"EXISTS (SELECT FROM crm_client AS client WHERE client.id = {table.name}.client_id AND {seen})"
    return _any(_once(_says(setting, f"{entity}.all")), theirs, *_nobodys(setting, table, entity))


def _reached(setting: str, entity: Entity, client: str) -> list[str]:
    """The ways to see a client but that all are seen; what is the same for every row is asked once."""
    rights = f"CASE WHEN {_says(setting, f'{entity}.read')} THEN 'read' WHEN {_says(setting, f'{entity}.write')} THEN 'write' END"
    return [
        *_of(setting, entity, f"{client}.owner"),
        f"{client}.id IN (SELECT {SHARED}({rights}))",
    ]


def _of(setting: str, entity: Entity, owner: str) -> list[str]:
    """Whoever acts, nobody for those who see the pool, or somebody of their teams."""
    mine = f"CASE WHEN {_says(setting, f'{entity}.own')} THEN {_value(ACTOR)} END"
    team = f"CASE WHEN {_says(setting, f'{entity}.team')} THEN {_value(TEAM)} END"
    below = (
        "SELECT one.id FROM crm_user AS one JOIN crm_team_above AS higher ON higher.team = one.team "
        f"WHERE higher.above = {team}"
    )
    return [
        f"{owner} = {_once(mine)}",
        f"({owner} IS NULL AND {_once(_says(setting, f'{entity}.pool'))})",
        f"{owner} IN ({below})",
    ]


def _nobodys(setting: str, table: sa.Table, entity: Entity) -> list[str]:
    """Rows without a client: plugins' are everybody's, tasks are whose they are, calls are for who sees the pool."""
    kind, of_nobody = KINDS.get(table), f"{table.name}.client_id IS NULL"
    if kind is Datum:
        return [f"({of_nobody} AND {_once(_says(setting, f'{entity}.any'))})"]
    if kind is Task:
        return [f"({of_nobody} AND ({_any(*_of(setting, entity, f'{table.name}.assignee'))}))"]
    if kind not in OF_NOBODY:
        return []
    if kind is Touchpoint:
        of_nobody = f"{table.name}.client_id = '{NIL}'::uuid"
    return [f"({of_nobody} AND {_once(_says(setting, f'{entity}.pool'))})"]


def _any(*parts: str) -> str:
    return " OR ".join(parts)


def _once(what: str) -> str:
    """Asked once for a statement, instead of once for each row."""
    return f"(SELECT {what})"


def _says(setting: str, word: str) -> str:
    """Whether a setting holds a word; one that nobody made holds none."""
    return f"strpos(current_setting('{setting}', true), ' {word} ') > 0"


def _value(setting: str) -> str:
    """What a setting is, NULL if nobody made it: what once was made is empty after its transaction."""
    return f"NULLIF(current_setting('{setting}', true), '')"
