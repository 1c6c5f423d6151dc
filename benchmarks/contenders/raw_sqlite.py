"""The limit on SQLite: the standard library's driver, SQL by hand, tuples; the same rows in the same tables as crmkit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from time import time_ns
from typing import Any, Final

from contenders import rows
from contenders.crmkit_store import made
from contenders.rows import Row, new_id
from peers import workload
from peers.peer import Counted, Peer, portions
from peers.target import settled

#: The pragmas of crmkit's own connections; how durable a commit is, is the target's to say.
PRAGMAS: Final = ("foreign_keys=ON", "secure_delete=ON", "trusted_schema=OFF")
CHUNK: Final = 1000


def inserting(table: str, columns: int, times: int = 1) -> str:
    """A statement for so many rows."""
    row = f"({','.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {','.join([row] * times)}"  # our own names


CLIENT, CONSENT, TOUCH = inserting("crm_client", 25), inserting("crm_consent", 25), inserting("crm_touchpoint", 17)
POINT, POINTS = inserting("crm_contact_point", 14), inserting("crm_contact_point", 14, 2)
TOKEN: Final = inserting("crm_search", 3)
JOURNAL: Final = (
    "INSERT INTO crm_journal (id, at, actor, source, source_plugin, source_campaign, source_ref, correlation_id, "
    "events, subscribers, state, attempts) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)
KEEP: Final = (
    "UPDATE crm_client SET last_touched_at = CASE WHEN last_touched_at IS NULL OR last_touched_at < ? THEN ? "
    "ELSE last_touched_at END WHERE id = ?"
)
FIND: Final = (
    "SELECT c.* FROM crm_client c JOIN crm_contact_point p ON p.client_id = c.id "
    "WHERE p.match_key = ? AND p.kind = 'phone'"
)
#: The client, and the nine parts of a card as crmkit shows it.
CARD: Final = (
    "SELECT * FROM crm_client WHERE id = ?",
    "SELECT * FROM crm_contact_point WHERE client_id = ? ORDER BY id LIMIT 50",
    "SELECT * FROM crm_touchpoint WHERE client_id = ? ORDER BY occurred_at DESC, id DESC LIMIT 50",
    "SELECT * FROM crm_deal WHERE client_id = ? ORDER BY opened_at DESC, id DESC LIMIT 50",
    "SELECT * FROM crm_consent WHERE client_id = ? ORDER BY recorded_at, id LIMIT 50",
    "SELECT * FROM crm_contact WHERE client_id = ? ORDER BY id LIMIT 50",
    "SELECT * FROM crm_purchase WHERE client_id = ? ORDER BY bought_at DESC, id DESC LIMIT 50",
    "SELECT * FROM crm_task WHERE client_id = ? AND status IN ('planned', 'overdue') ORDER BY due_at, id LIMIT 50",
    "SELECT * FROM crm_ticket WHERE client_id = ? ORDER BY opened_at DESC, id DESC LIMIT 50",
    "SELECT * FROM crm_note WHERE client_id = ? ORDER BY created_at DESC, id DESC LIMIT 50",
)
#: Where a deal's row has its status.
_STATUS: Final = 5
#: Who bought, lost a deal or complained, from what is kept on the client.
KEPT: Final = (
    "SELECT id, name, last_bought_at >= ?1, last_fell_through_at >= ?1, last_complained_at >= ?1 FROM crm_client "
    "WHERE last_bought_at >= ?1 OR last_fell_through_at >= ?1 OR last_complained_at >= ?1"
)
#: The same from the rows themselves.
ASKED: Final = (
    "SELECT c.id, c.name, max(o.what = 1), max(o.what = 2), max(o.what = 3) FROM ("
    "SELECT client_id, 1 AS what FROM crm_purchase WHERE bought_at >= ?1 "
    "UNION ALL SELECT client_id, 2 FROM crm_deal WHERE status = 'lost' AND closed_at >= ?1 "
    "UNION ALL SELECT client_id, 3 FROM crm_ticket WHERE kind = 'complaint' AND opened_at >= ?1"
    ") o JOIN crm_client c ON c.id = o.client_id GROUP BY c.id"
)


class RawSQLite(Peer):
    """One connection, set as crmkit sets its own."""

    name = "raw"
    packages = ()
    #: What W6 asks.
    question = KEPT
    _file: sqlite3.Connection

    def ident(self, i: int) -> bytes:
        return rows.client_id(i)

    def load(self, clients: int) -> None:
        self.empty()
        run = self._file.execute
        run("PRAGMA synchronous=OFF")
        run("BEGIN IMMEDIATE")
        for table, found in rows.base(clients):
            width = len(run(f"SELECT * FROM {table} LIMIT 0").description)  # our own names
            self._file.executemany(inserting(table, width), found)
        run("COMMIT")
        self._file.close()
        settled(self.place)
        self.open()

    def empty(self) -> None:
        made(self.place)
        self.open()

    def open(self) -> None:
        """Connect to a store that is there."""
        self._file = sqlite3.connect(self.place.file, isolation_level=None, cached_statements=512)
        for pragma in (*self.place.pragmas, *[f"PRAGMA {one}" for one in PRAGMAS]):
            self._file.execute(pragma)

    def register(self, client: workload.Client) -> None:
        run, at = self._file.execute, time_ns() // 1000
        client_id, phone_id, email_id, consent_id, event_id = new_id(), new_id(), new_id(), new_id(), new_id()
        phone, email = rows.points(client_id, phone_id, email_id, client, at)
        said = rows.client_added(event_id, client_id, phone_id, email_id)
        said = f"{said},{rows.consent_granted(new_id(), consent_id, client_id)}"
        run("BEGIN IMMEDIATE")
        run(CLIENT, rows.client(client_id, client.name, at))
        run(POINTS, phone + email)
        run(CONSENT, rows.consent(consent_id, client_id, at, client.points[1].normalised))
        self._file.executemany(TOKEN, rows.tokens(client_id, phone_id, email_id, client))
        run(JOURNAL, rows.journal(event_id, at, said, rows.OF_CLIENT))
        run("COMMIT")

    def log(self, ident: bytes, touch: workload.Touch) -> None:
        run, at, touch_id, event_id = self._file.execute, rows.micros(touch.at), new_id(), new_id()
        said = rows.touchpoint_recorded(event_id, touch_id, ident, rows.CHANNELS[touch.channel])
        run("BEGIN IMMEDIATE")
        run(KEEP, (at, at, ident))
        run(TOUCH, rows.touchpoint(touch_id, ident, touch))
        run(JOURNAL, rows.journal(event_id, time_ns() // 1000, said, rows.OF_TOUCH))
        run("COMMIT")

    def fill(self, given: Iterator[workload.Client]) -> None:
        many, at = self._file.executemany, time_ns() // 1000
        for some in portions(given, CHUNK):
            ids = [(new_id(), new_id(), new_id(), new_id()) for _ in some]
            each = list(zip(some, ids, strict=True))
            self._file.execute("BEGIN IMMEDIATE")
            many(CLIENT, [rows.client(of[0], told.name, at) for told, of in each])
            many(POINT, [row for told, of in each for row in rows.points(*of[:3], told, at)])
            many(TOKEN, [row for told, of in each for row in rows.tokens(*of[:3], told)])
            said = ",".join([rows.client_added(of[3], *of[:3]) for of in ids])
            self._file.execute(JOURNAL, rows.journal(ids[0][3], at, said, rows.heard_by_all(len(ids))))
            self._file.execute("COMMIT")

    def find(self, phone: str) -> list[Row]:
        return self._file.execute(FIND, (phone,)).fetchall()

    def card(self, ident: bytes) -> tuple[list[Row], ...]:
        run, asked = self._file.execute, (ident,)
        run("BEGIN")
        found = tuple([run(sql, asked).fetchall() for sql in CARD])
        run("COMMIT")
        return found

    def ask(self) -> Sequence[Any]:
        return self._file.execute(self.question, (rows.micros(workload.ASKED_SINCE),)).fetchall()

    def names(self, found: Sequence[Any]) -> list[str]:
        return [row[2] for row in found]

    def counted(self, card: tuple[Any, ...]) -> Counted:
        return Counted(len(card[1]), len(card[2]), sum(row[_STATUS] == "open" for row in card[3]), len(card[4]))

    def close(self) -> None:
        self._file.close()
