"""The limit of those who keep no journal and search nothing: by hand, in the tables that the peers share."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from peers import workload
from peers.peer import Counted, Peer, portions
from peers.serving import serve
from peers.tables import created, filled
from peers.target import target

_CLIENT: Final = "INSERT INTO client(kind, display_name, status, created_at) VALUES (?,?,'active',?) RETURNING id"
_POINTS: Final = "INSERT INTO contact_point(client_id, kind, value, normalised) VALUES (?,?,?,?),(?,?,?,?)"
_CONSENT: Final = "INSERT INTO consent(client_id, purpose, channel, state, at, source) VALUES (?,?,?,?,?,?)"
_TOUCH: Final = (
    "INSERT INTO touchpoint(client_id, at, kind, channel, direction, summary) VALUES (?,?,?,?,?,?) RETURNING id"
)
_OUTBOX: Final = "INSERT INTO outbox(topic, client_id, at, payload) VALUES ('touchpoint.logged',?,?,?)"
_FIND: Final = (
    "SELECT c.id, c.kind, c.display_name, c.status, c.created_at FROM contact_point p JOIN client c "
    "ON c.id = p.client_id WHERE p.normalised = ? AND p.kind = 'phone'"
)
_CARD: Final = (
    "SELECT id, kind, display_name, status, created_at FROM client WHERE id = ?",
    "SELECT id, kind, value, normalised FROM contact_point WHERE client_id = ?",
    "SELECT id, at, kind, channel, direction, summary FROM touchpoint WHERE client_id = ? ORDER BY at DESC LIMIT 50",
    "SELECT id, title, stage, amount, opened_at FROM deal WHERE client_id = ? AND stage = 'open'",
    "SELECT id, purpose, channel, state, at, source FROM consent WHERE client_id = ? AND state = 'granted'",
)
_ASKED: Final = (
    "SELECT c.id, c.display_name, max(o.what = 1), max(o.what = 2), max(o.what = 3) FROM ("
    "SELECT client_id, CASE stage WHEN 'won' THEN 1 ELSE 2 END AS what FROM deal "
    "WHERE stage IN ('won', 'lost') AND closed_at >= ?1 "
    "UNION ALL SELECT client_id, 3 FROM touchpoint WHERE kind = 'complaint' AND at >= ?1"
    ") o JOIN client c ON c.id = o.client_id GROUP BY c.id"
)


class BusinessRows(Peer):
    """One connection to SQLite, the statements of a transaction one after the other."""

    name = "raw, business rows only"
    packages = ()
    _file: sqlite3.Connection

    def load(self, clients: int) -> None:
        filled(self.place, clients)
        self.open()

    def empty(self) -> None:
        created(self.place)
        self.open()

    def open(self) -> None:
        """Connect to tables that are there."""
        self._file = sqlite3.connect(self.place.file, isolation_level=None, cached_statements=256)
        for pragma in self.place.pragmas:
            self._file.execute(pragma)

    def register(self, client: workload.Client) -> None:
        run = self._file.execute
        phone, email = client.points
        run("BEGIN IMMEDIATE")
        ((key,),) = run(_CLIENT, (client.kind, client.name, client.created_at)).fetchall()
        run(_POINTS, (key, *phone, key, *email))
        run(_CONSENT, (key, *client.consent))
        run("COMMIT")

    def log(self, ident: int, touch: workload.Touch) -> None:
        run = self._file.execute
        run("BEGIN IMMEDIATE")
        ((key,),) = run(_TOUCH, (ident, *touch)).fetchall()
        said = {"touchpoint": key, "client": ident, "kind": touch.kind, "channel": touch.channel}
        run(_OUTBOX, (ident, touch.at, json.dumps(said)))
        run("COMMIT")

    def fill(self, given: Iterator[workload.Client]) -> None:
        many, key = self._file.executemany, 0
        for some in portions(given, 10_000):
            self._file.execute("BEGIN IMMEDIATE")
            many(
                "INSERT INTO client VALUES (?,?,?,'active',?)",
                [(key + n, one.kind, one.name, one.created_at) for n, one in enumerate(some, 1)],
            )
            many(
                "INSERT INTO contact_point(client_id, kind, value, normalised) VALUES (?,?,?,?)",
                [(key + n, *point) for n, one in enumerate(some, 1) for point in one.points],
            )
            self._file.execute("COMMIT")
            key += len(some)

    def find(self, phone: str) -> Sequence[Any]:
        return self._file.execute(_FIND, (phone,)).fetchall()

    def card(self, ident: int) -> tuple[Any, ...]:
        run, asked = self._file.execute, (ident,)
        run("BEGIN")
        found = tuple([run(sql, asked).fetchall() for sql in _CARD])
        run("COMMIT")
        return found

    def ask(self) -> Sequence[Any]:
        return self._file.execute(_ASKED, (workload.ASKED_SINCE,)).fetchall()

    def names(self, found: Sequence[Any]) -> list[str]:
        return [row[2] for row in found]

    def counted(self, card: tuple[Any, ...]) -> Counted:
        return Counted(*map(len, card[1:]))

    def close(self) -> None:
        self._file.close()


if __name__ == "__main__":
    if target(sys.argv[1]).kind != "sqlite":
        sys.exit("Business rows by hand are measured on SQLite; on PostgreSQL the limit is raw.py's one round trip.")
    serve(BusinessRows)
