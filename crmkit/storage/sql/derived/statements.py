"""The statements on derived tables, and what a search asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from crmkit.domain.search import LONGEST, Question
from crmkit.domain.user import Team
from crmkit.storage.sql.derived.tables import filling, month, search
from crmkit.storage.sql.schema import TABLES, above, journal

SUMS = ("purchases", "bought", "refunds", "refunded")
KEY = ("client_id", "month", "currency")
#: The number of alternatives of each word: all of a question that decides its SQL.
Breadths = tuple[int, ...]
_LAST = chr(0x10FFFF)


def breadths(question: Question) -> Breadths:
    """What of a question decides its SQL; words are filled up to a power of two, so that few statements serve all."""
    return tuple([1 << (len(word) - 1).bit_length() for word in question])


def bounds(question: Question) -> dict[str, str]:
    """The parameters of a question: where the beginnings it asks for start and end in the order of tokens."""
    named: dict[str, str] = {}
    for place, (word, breadth) in enumerate(zip(question, breadths(question), strict=True)):
        for number, beginning in enumerate((*word, *word[-1:] * (breadth - len(word)))):
            named[f"from_{place}_{number}"], named[f"to_{place}_{number}"] = beginning, behind(beginning)
    return named


def behind(beginning: str) -> str:
    """
    Give the first text after all that begin so, in the order of code points, which each of our databases keeps.

    >>> behind("ab"), behind("a" + chr(0xD7FF)) == "a" + chr(0xE000)
    ('ac', True)
    """
    kept = beginning.rstrip(_LAST)
    if not kept:
        return _LAST * (LONGEST + 1)
    after = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if after == 0xD800 else after)


def answers(asked: Breadths, client: sa.Table) -> sa.ColumnElement[bool]:
    """Some token of the client begins with one alternative of each word."""
    return sa.and_(sa.true(), *(client.c.id.in_(_having(place, breadth)) for place, breadth in enumerate(asked)))


def _having(place: int, breadth: int) -> sa.Select[Any]:
    def bound(end: str, number: int) -> sa.BindParameter[str]:
        return sa.bindparam(f"{end}_{place}_{number}", type_=search.c.token.type)

    ranges = [
        sa.and_(search.c.token >= bound("from", number), search.c.token < bound("to", number))
        for number in range(breadth)
    ]
    return sa.select(search.c.client_id).where(sa.or_(*ranges))


def _add_up(dialect: sa.Dialect) -> sa.Insert:
    """Add to the sums of a month, or begin them; two writers at once are both counted."""
    if dialect.name in ("mysql", "mariadb"):
        upsert = mysql.insert(month)
        return upsert.on_duplicate_key_update({name: month.c[name] + upsert.inserted[name] for name in SUMS})
    made: Any = postgresql.insert(month) if dialect.name == "postgresql" else sqlite.insert(month)
    more = {name: month.c[name] + made.excluded[name] for name in SUMS}
    added: sa.Insert = made.on_conflict_do_update(index_elements=KEY, set_=more)
    return added


def _forget(_: sa.Dialect) -> sa.Delete:
    return sa.delete(search).where(_equal(search, "client_id"), _equal(search, "record_id"))


def _equal(table: sa.FromClause, name: str) -> sa.ColumnElement[bool]:
    return table.c[name] == sa.bindparam(f"the_{name}", type_=table.c[name].type)


def _move_months(dialect: sa.Dialect) -> sa.Insert:
    """Add one client's months to another's."""
    to: sa.BindParameter[Any] = sa.bindparam("to", type_=month.c.client_id.type)
    theirs = month.alias("theirs")  # MariaDB would not know whose sums are meant
    rows = sa.select(to, *[theirs.c[name] for name in (*KEY[1:], *SUMS)]).where(_equal(theirs, "client_id"))
    return _add_up(dialect).from_select([*KEY, *SUMS], rows)


def _place_teams(_: sa.Dialect) -> sa.Insert:
    """Every team with itself and those above it; what stands in a circle comes once."""
    team = TABLES[Team]
    tree = sa.select(team.c.id.label("above"), team.c.id.label("team")).cte("tree", recursive=True)
    higher = team.c.id == tree.c.above, team.c.parent.is_not(None)
    tree = tree.union(sa.select(team.c.parent, tree.c.team).where(*higher))
    return sa.insert(above).from_select(["above", "team"], sa.select(tree.c.above, tree.c.team))


#: By name, each from the dialect.
DERIVED: Mapping[str, Callable[[sa.Dialect], Any]] = {
    "find_by": lambda _: sa.insert(search),
    "forget": _forget,
    "forget_token": lambda dialect: _forget(dialect).where(_equal(search, "token")),
    "add_up": _add_up,
    "forget_empty": lambda _: sa.delete(month).where(
        _equal(month, "client_id"),
        month.c.purchases == sa.literal_column("0"),
        month.c.refunds == sa.literal_column("0"),
    ),
    "forget_months": lambda _: sa.delete(month).where(_equal(month, "client_id")),
    "move_tokens": lambda _: (
        sa.update(search)
        .values(client_id=sa.bindparam("to", type_=search.c.client_id.type))
        .where(_equal(search, "client_id"), sa.not_(_equal(search, "record_id")))
    ),
    "move_months": _move_months,
    "forget_teams": lambda _: sa.delete(above),
    "place_teams": _place_teams,
    "fillings": lambda _: sa.select(filling).order_by(filling.c.name),
    "texts_since": lambda _: (
        sa.select(journal.c.seq, journal.c.events)
        .where(journal.c.seq > sa.bindparam("since", type_=journal.c.seq.type))
        .order_by(journal.c.seq)
        .limit(sa.literal_column("200"))
    ),
    "fill_from": lambda _: (
        sa.update(filling)
        .values(position=sa.bindparam("position"), since=sa.bindparam("since"))
        .where(_equal(filling, "name"))
    ),
    "filled": lambda _: sa.delete(filling).where(_equal(filling, "name")),
}
