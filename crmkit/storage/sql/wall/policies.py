"""The wall, as PostgreSQL's policies: what is seen of each table, and which of its rows may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import sqlalchemy as sa

from crmkit.domain.access_count import AccessCount
from crmkit.domain.client import Client
from crmkit.domain.consent.notice import Notice
from crmkit.domain.consent.suppression import Suppressed
from crmkit.domain.datum import Datum
from crmkit.domain.delivery import Delivery
from crmkit.domain.export import Export
from crmkit.domain.ids import NIL
from crmkit.domain.job_run import JobRun
from crmkit.domain.pipeline import Pipeline
from crmkit.domain.purchase import Purchase
from crmkit.domain.records import Record
from crmkit.domain.seal import Seal
from crmkit.domain.sight import OF_NOBODY, Entity, entity_of
from crmkit.domain.task import Task
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import Team, User
from crmkit.storage.sql.derived.tables import filling, month, search
from crmkit.storage.sql.schema import TABLES, above, journal, keys, metadata
from crmkit.storage.sql.wall.hearing import ACTOR, AT, CHANGES, HOUSE, SEES, TEAM

KINDS: dict[sa.Table, type[Record]] = {table: kind for kind, table in TABLES.items()}
#: What hangs on no client and is everybody's to see. Whoever may put it, crmkit says.
_OF_ALL = (Team, User, Pipeline, JobRun, Delivery, AccessCount, Notice, Suppressed)
EVERYBODYS = frozenset({*(TABLES[kind] for kind in _OF_ALL), above, keys})
#: What only the house sees: it tells of everybody. A table without a client that nobody thought of is so, too.
HOUSES = frozenset({journal, *(TABLES[kind] for kind in (Export, Seal))})
#: Looked at before anybody can be said to act; it names no record but the one an upgrade came to.
OPEN = frozenset({filling})
#: Kept up for whoever changes what it was made from, seen or not.
KEPT_UP = frozenset({search, month})
COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
MARKED = "crm_wall_shared(text, text)"


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


def _function(signature: str, returns: str, *body: str, declares: str = "") -> str:
    """Its plans are kept for the connection, where a policy's are made with each statement's."""
    return (
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql STABLE SET search_path FROM CURRENT "
        f"AS $wall$ {declares} BEGIN {' '.join(body)} END $wall$"
    )


def _has(word: str) -> str:
    """Whether what a setting says of an entity, both parameters of the function, has this word."""
    return f"strpos(said, ' ' || entity || '.{word} ') > 0"


_SAID = "DECLARE said text := current_setting(setting, true);"
#: What is asked of a scope, found out once for a statement; and last, for kinds that are seen less far, of a client.
FUNCTIONS = {
    "crm_wall_owners(text, text)": _function(
        "crm_wall_owners(setting text, entity text)",
        "SETOF text",
        f"IF {_has('own')} AND {_value(ACTOR)} IS NOT NULL THEN RETURN NEXT {_value(ACTOR)}; END IF;",
        f"IF {_has('pool')} THEN RETURN NEXT ''; END IF;",
        f"IF {_has('team')} THEN RETURN QUERY SELECT one.id::text FROM crm_user AS one",
        f"JOIN crm_team_above AS higher ON higher.team = one.team WHERE higher.above = {_value(TEAM)}; END IF;",
        declares=_SAID,
    ),
    # What is seen of shares asks what is seen of clients, and that asks shares: in here everything is seen. The
    # function says so itself, for since PostgreSQL 15 only superusers may make one that comes with such a setting.
    MARKED: _function(
        "crm_wall_shared(setting text, entity text)",
        "SETOF uuid",
        f"IF NOT ({_has('read')} OR {_has('write')}) THEN RETURN; END IF;",
        f"PERFORM set_config('{SEES}', '{HOUSE}', true);",
        f'RETURN QUERY SELECT one.client_id FROM crm_share AS one WHERE one."user" = {_value(ACTOR)}',
        f"AND ({_has('read')} OR one.\"right\" = 'write')",
        f"AND (one.until IS NULL OR one.until > {_value(AT)}::timestamptz);",
        f"PERFORM set_config('{SEES}', before, true);",
        declares=f"{_SAID} before text := current_setting('{SEES}', true);",
    ),
    "crm_wall_also(text, text, uuid, text)": _function(
        "crm_wall_also(setting text, entity text, client uuid, owner text)",
        "boolean",
        "RETURN COALESCE(owner, '') IN (SELECT crm_wall_owners(setting, entity))",
        "OR client IN (SELECT crm_wall_shared(setting, entity));",
    ),
}


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
    yield f"COMMENT ON FUNCTION {MARKED} IS '{mark()}'"


def _built() -> Iterator[str]:
    yield from FUNCTIONS.values()
    for table in tables():
        seen, changed, somebody = _seen(table), _changed(table), _once(_says(SEES, "somebody"))
        yield _policy(table, "SELECT", f"USING ({seen})")
        yield _policy(table, "INSERT", f"WITH CHECK ({somebody})")
        yield _policy(table, "UPDATE", f"USING ({changed}) WITH CHECK ({somebody})")
        yield _policy(table, "DELETE", f"USING ({changed})")
        yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"


def lowering() -> Iterator[str]:
    """The statements that take the wall away, from tables that are there."""
    for table in tables():
        for command in COMMANDS:
            yield f"DROP POLICY IF EXISTS {policy_name(command)} ON {table.name}"
        yield f"ALTER TABLE IF EXISTS {table.name} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
    for signature in FUNCTIONS:
        yield f"DROP FUNCTION IF EXISTS {signature}"


def mark() -> str:
    """What this crmkit's wall is known by: another text than an older one's, if anything in it is another."""
    return sha256("\n".join(_built()).encode()).hexdigest()[:16]


def _policy(table: sa.Table, command: str, what: str) -> str:
    return f"CREATE POLICY {policy_name(command)} ON {table.name} FOR {command} {what}"


def _seen(table: sa.Table) -> str:
    if table in OPEN:
        return "true"
    if table.name == TABLES[Client].name:
        return _clients(SEES, table.name)
    if "client_id" not in table.c:
        return _once(_says(SEES, "somebody" if table in EVERYBODYS else "house"))
    return _hanging(SEES, table, _entity(table), "true")  # the client's own policy is asked as well


def _changed(table: sa.Table) -> str:
    if table in KEPT_UP | EVERYBODYS | OPEN:
        return _once(_says(SEES, "somebody"))
    if table.name == TABLES[Client].name:
        return _clients(CHANGES, table.name)
    if "client_id" not in table.c:
        return _once(_says(CHANGES, "house"))
    return _hanging(CHANGES, table, _entity(table), _clients(CHANGES, "client"))


def _clients(setting: str, client: str) -> str:
    """
    The clients whom a scope reaches: all, the actor's, or those who are among what is found out once for a statement.

    Few words, for PostgreSQL plans all of them anew with many a statement; what they need is in functions.
    """
    return _any(
        _once(_says(setting, "client.all")),
        f"COALESCE({client}.owner, '') IN (SELECT crm_wall_owners('{setting}', 'client'))",
        f"{client}.id IN (SELECT crm_wall_shared('{setting}', 'client'))",
    )


def _entity(table: sa.Table) -> Entity:
    if table is month:
        return entity_of(Purchase)
    return entity_of(KINDS[table]) if table in KINDS else "client"


def _hanging(setting: str, table: sa.Table, entity: Entity, seen: str) -> str:
    """Rows of clients that are seen, if this kind is, and of nobody."""
    also = "true"
    if entity != "client":
        also = _any(
            _says(setting, f"{entity}.same"), f"crm_wall_also('{setting}', '{entity}', client.id, client.owner)"
        )
    theirs = f"SELECT FROM crm_client AS client WHERE client.id = {table.name}.client_id AND ({seen}) AND ({also})"
    return _any(_once(_says(setting, f"{entity}.all")), f"EXISTS ({theirs})", *_nobodys(setting, table, entity))


def _nobodys(setting: str, table: sa.Table, entity: Entity) -> list[str]:
    """Rows without a client: plugins' are everybody's, tasks are whose they are, calls are for who sees the pool."""
    kind, of_nobody = KINDS.get(table), f"{table.name}.client_id IS NULL"
    if kind is Datum:
        return [f"({of_nobody} AND {_once(_says(setting, f'{entity}.any'))})"]
    if kind is Task:
        owners = f"SELECT crm_wall_owners('{setting}', '{entity}')"
        return [f"({of_nobody} AND COALESCE({table.name}.assignee, '') IN ({owners}))"]
    if kind not in OF_NOBODY:
        return []
    if kind is Touchpoint:
        of_nobody = f"{table.name}.client_id = '{NIL}'::uuid"
    return [f"({of_nobody} AND {_once(_says(setting, f'{entity}.pool'))})"]
