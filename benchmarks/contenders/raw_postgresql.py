"""
The limit on PostgreSQL: psycopg, SQL by hand, the same rows in the same tables as crmkit, one round trip for each.

What is written together is one statement, whose parts PostgreSQL runs as one; a card's statements go in one pipeline;
an import is COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from contenders import raw_sqlite, rows
from contenders.crmkit_store import made
from contenders.rows import Row, new_id
from peers import workload
from peers.peer import Counted, Peer, portions
from peers.target import settled

CHUNK: Final = 1000
#: The places of ids and of instants in a row of each table.
_IDS: Final = {
    "crm_client": (0,), "crm_contact_point": (0, 1, 2), "crm_search": (0, 1), "crm_consent": (0, 1, 2),
    "crm_deal": (0, 1), "crm_deal_step": (0, 1, 2), "crm_purchase": (0, 1, 2), "crm_touchpoint": (0, 1, 2, 3),
    "crm_ticket": (0, 1, 2), "crm_journal": (0,),
}  # fmt: skip
_INSTANTS: Final = {
    "crm_client": (18, 19, 20, 21, 22, 23), "crm_contact_point": (10, 11, 12), "crm_search": (),
    "crm_consent": (10, 11), "crm_deal": (16, 17, 18, 19), "crm_deal_step": (8,), "crm_purchase": (15, 16),
    "crm_touchpoint": (4,), "crm_ticket": (9, 10, 11, 12, 13), "crm_journal": (1,),
}  # fmt: skip
_JOURNAL: Final = (
    "crm_journal (id, at, actor, source, source_plugin, source_campaign, source_ref, correlation_id, events, "
    "subscribers, state, attempts)"
)


def typed(table: str, row: Sequence[Any]) -> list[Any]:
    """A row as PostgreSQL takes it."""
    made = list(row)
    for place in _IDS[table]:
        if made[place] is not None:
            made[place] = UUID(bytes=made[place])
    for place in _INSTANTS[table]:
        if made[place] is not None:
            made[place] = rows.instant(made[place] / 1000)
    if table == "crm_contact_point":
        made[8] = bool(made[8])
    elif table == "crm_touchpoint" and made[1] is None:
        made[1] = UUID(int=0)
    return made


def _values(columns: int, times: int = 1) -> str:
    return ",".join([f"({','.join(['%s'] * columns)})"] * times)


_REGISTER: Final = (
    f"WITH c AS (INSERT INTO crm_client VALUES {_values(25)}), "
    f"p AS (INSERT INTO crm_contact_point VALUES {_values(14, 2)}), "
    f"n AS (INSERT INTO crm_consent VALUES {_values(25)}), "
    "s AS (INSERT INTO crm_search VALUES {tokens}) "
    f"INSERT INTO {_JOURNAL} VALUES {_values(12)}"
)
_LOG: Final = (
    "WITH k AS (UPDATE crm_client SET last_touched_at = GREATEST(last_touched_at, %s) WHERE id = %s), "
    f"t AS (INSERT INTO crm_touchpoint VALUES {_values(17)}) "
    f"INSERT INTO {_JOURNAL} VALUES {_values(12)}"
)


class RawPostgreSQL(Peer):
    """One connection, which commits each statement by itself."""

    name = "raw"
    packages = ("psycopg",)
    question = raw_sqlite.KEPT
    _server: psycopg.Connection[Any]

    def ident(self, i: int) -> UUID:
        return UUID(bytes=rows.client_id(i))

    def load(self, clients: int) -> None:
        self.empty()
        with self._server.transaction():
            for table, found in rows.base(clients):
                self._copy(table, found)
        self._server.close()
        settled(self.place)
        self.open()

    def empty(self) -> None:
        made(self.place)
        self.open()

    def open(self) -> None:
        """Connect to a store that is there."""
        self._server = psycopg.connect(self.place.dsn(), autocommit=True)
        self._registering: dict[int, bytes] = {}

    def register(self, client: workload.Client) -> None:
        at = datetime.now(UTC)
        client_id, phone_id, email_id, consent_id, event_id = new_id(), new_id(), new_id(), new_id(), new_id()
        ids = UUID(bytes=client_id), UUID(bytes=phone_id), UUID(bytes=email_id)
        phone, email = client.points
        found = rows.tokens(*ids, client)
        said = rows.client_added(event_id, client_id, phone_id, email_id)
        said = f"{said},{rows.consent_granted(new_id(), consent_id, client_id)}"
        if (sql := self._registering.get(len(found))) is None:
            sql = self._registering[len(found)] = _REGISTER.format(tokens=_values(3, len(found))).encode()
        seen = f'{{"{ids[0]}":0}}'
        self._server.execute(sql, (
            *rows.client(ids[0], client.name, at),
            ids[1], ids[0], None, "phone", None, phone.value, phone.normalised, "e164", True, "unverified", None, at, at, 1,
            ids[2], ids[0], None, "email", None, email.value, email.normalised, "rfc5321", True, "unverified", None, at, at, 1,
            UUID(bytes=consent_id), ids[0], ids[0], 1, seen, "grant", "marketing", "email", "consent", "{}", None, at,
            rows.OWNER, *rows.SOURCE, *rows.sealed(consent_id, email.normalised),
            *[value for token in found for value in token],
            *rows.journal(UUID(bytes=event_id), at, said, rows.OF_CLIENT),
        ))  # fmt: skip

    def log(self, ident: UUID, touch: workload.Touch) -> None:
        at, touch_id, event_id, channel = rows.instant(touch.at), new_id(), new_id(), rows.CHANNELS[touch.channel]
        said = rows.touchpoint_recorded(event_id, touch_id, ident.bytes, channel)
        self._server.execute(_LOG.encode(), (
            at, ident,
            UUID(bytes=touch_id), ident, None, None, at, channel, "outbound", "company", None, touch.summary, None,
            None, None, rows.OWNER, None, None, None,
            *rows.journal(UUID(bytes=event_id), datetime.now(UTC), said, rows.OF_TOUCH),
        ))  # fmt: skip

    def fill(self, given: Iterator[workload.Client]) -> None:
        at = rows.micros(workload.NOW)
        for some in portions(given, CHUNK):
            ids = [(new_id(), new_id(), new_id(), new_id()) for _ in some]
            each = list(zip(some, ids, strict=True))
            said = ",".join([rows.client_added(of[3], *of[:3]) for of in ids])
            with self._server.transaction():
                self._copy("crm_client", [rows.client(of[0], told.name, at) for told, of in each])
                self._copy("crm_contact_point", [row for told, of in each for row in rows.points(*of[:3], told, at)])
                self._copy("crm_search", [row for told, of in each for row in rows.tokens(*of[:3], told)])
                row = typed("crm_journal", rows.journal(ids[0][3], at, said, rows.heard_by_all(len(ids))))
                self._server.execute(f"INSERT INTO {_JOURNAL} VALUES {_values(12)}".encode(), row)

    def find(self, phone: str) -> list[Row]:
        return self._server.execute(raw_sqlite.FIND.replace("?", "%s").encode(), (phone,), binary=True).fetchall()

    def card(self, ident: UUID) -> tuple[list[Row], ...]:
        with self._server.pipeline():
            asked = [self._server.execute(sql, (ident,), binary=True) for sql in _CARD]
            return tuple([cursor.fetchall() for cursor in asked])

    def ask(self) -> Sequence[Any]:
        since = rows.instant(workload.ASKED_SINCE)
        return self._server.execute(_question(self.question), {"since": since}, binary=True).fetchall()

    def names(self, found: Sequence[Any]) -> list[str]:
        return [row[2] for row in found]

    def counted(self, card: tuple[Any, ...]) -> Counted:
        return Counted(len(card[1]), len(card[2]), sum(row[5] == "open" for row in card[3]), len(card[4]))

    def close(self) -> None:
        self._server.close()

    def _copy(self, table: str, found: Iterable[Row]) -> None:
        with self._server.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in found:
                copy.write_row(typed(table, row))


_CARD: Final = tuple(sql.replace("?", "%s").encode() for sql in raw_sqlite.CARD)


def _question(sql: str) -> bytes:
    return sql.replace("?1", "%(since)s").replace("max(", "bool_or(").encode()
