# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

"""A database of Tryton's: made by its own installation, with our module beside its own, and filled past its objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from peers.target import Target, emptied
from peers.workload import DEALS_EACH, deal, registered, touches_in_turn

_MODULES: Final = Path(__file__).resolve().parent / "tryton_modules"
_MODULE: Final = "bench_crm"
_STATES: Final = {"open": "opportunity", "won": "won", "lost": "lost"}


def configured(place: Target) -> str:
    """Tell Tryton, before anything of it is imported, where its database is; the answer is the database's name."""
    from trytond import config

    if place.kind == "postgresql":
        config.set("database", "uri", f"postgresql:///?{urlencode(_but_database(place))}")
        name = place.database
    else:
        file = Path(place.file)
        config.set("database", "uri", "sqlite://")
        config.set("database", "path", str(file.parent))
        name = file.stem
    _beside_its_own()
    return name


def where(place: Target) -> Target:
    """The same place as Tryton calls it: it gives its files a suffix of its own."""
    return place._replace(file=str(Path(place.file).with_suffix(".sqlite"))) if place.kind == "sqlite" else place


def _but_database(place: Target) -> dict[str, str]:
    return {name: value for name, value in place.parameters.items() if name != "dbname"}


def _beside_its_own() -> None:
    """Let it find our module without being installed: it looks in its own folder and among entry points only."""
    from trytond import modules

    its_own = modules.get_modules

    def ours_too(with_test: bool = False) -> set[str]:
        return {*its_own(with_test), _MODULE}

    modules.__path__.append(str(_MODULES))
    modules.get_modules = ours_too


def durable(synchronous: str) -> None:
    """Have each connection to SQLite say how durable a commit is; Tryton says NORMAL and has no setting."""
    from trytond.backend.sqlite.database import Database

    connect = Database.connect

    def connected(database: Any) -> Any:
        fresh = database._conn is None  # noqa: SLF001
        connect(database)
        if fresh:
            database._conn.execute(f"PRAGMA synchronous={synchronous}")  # noqa: SLF001
        return database

    Database.connect = connected


def installed(place: Target, name: str) -> None:
    """Make the database anew, with every module it needs and a company; that takes minutes where others are at work too."""
    from trytond import backend
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    emptied(place)
    if place.kind == "sqlite":
        Path(place.file).touch()
    database = backend.Database(name)
    database.connect()
    database.init()
    pool = Pool(name)
    pool.init(update=[_MODULE], lang=["en"], activatedeps=True)
    with Transaction().start(name, 1):
        currency, company, party = (pool.get(x) for x in ("currency.currency", "company.company", "party.party"))
        (euro,) = currency.create([{"name": "Euro", "code": "EUR", "symbol": "E"}])
        (own,) = party.create([{"name": "Own company"}])
        company.create([{"party": own.id, "currency": euro.id}])


class Base:
    """
    The rest of the base, straight into the tables.

    A row that Tryton's objects have made, of client 0, is the pattern of each row that they have not.
    """

    def __init__(self, cursor: Any, *, kind: str, first: int, currency: int) -> None:
        self._cursor = cursor
        self._sqlite = kind == "sqlite"
        self._first = first
        self._currency = currency

    def fill(self, clients: int, *, made: int) -> None:
        """Give so many clients what the base has; the first *made* are there, with points, by Tryton's objects."""
        first, rest = self._first, range(made, clients)
        people = ((i, registered(i)) for i in rest)
        self._like(
            "party_party",
            f"id = {first}",
            ({"id": first + i, "name": client.name, "code": f"X{i}"} for i, client in people),
        )
        self._cursor.execute("SELECT max(id) FROM party_contact_mechanism")
        last = self._cursor.fetchone()[0]
        points = ((i, point) for i in rest for point in registered(i).points)
        self._like(
            "party_contact_mechanism",
            f"party = {first}",
            (
                {"id": key, "party": first + i, "type": kind, "value": normal, "value_compact": normal}
                for key, (i, (kind, _, normal)) in enumerate(points, last + 1)
            ),
        )
        self._insert("bench_consent", ("party", "purpose", "channel", "state", "at", "source"), self._consents(clients))
        self._insert(
            "sale_opportunity",
            (
                "party", "company", "currency", "number", "description", "state", "start_date", "end_date",
                "conversion_probability",
            ),
            self._deals(clients),
        )  # fmt: skip
        self._insert(
            "bench_touchpoint",
            ("party", "at", "kind", "channel", "direction", "summary"),
            ((first + i, at // 1000, *rest) for i, (at, *rest) in touches_in_turn(clients)),
        )
        if not self._sqlite:
            for table in ("party_party", "party_contact_mechanism"):
                self._cursor.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608

    def _consents(self, clients: int) -> Iterator[tuple[Any, ...]]:
        for i in range(clients):
            purpose, channel, state, at, source = registered(i).consent
            yield self._first + i, purpose, channel, state, at // 1000, source

    def _deals(self, clients: int) -> Iterator[tuple[Any, ...]]:
        for j in range(clients * DEALS_EACH):
            title, stage, _, opened_at, closed_at = deal(j)
            ended = None if closed_at is None else day(closed_at).isoformat()
            yield (
                self._first + j // DEALS_EACH, 1, self._currency, str(j), title, _STATES[stage],
                day(opened_at).isoformat(), ended, 0.5,
            )  # fmt: skip

    def _like(self, table: str, pattern: str, changes: Iterable[dict[str, Any]]) -> None:
        self._cursor.execute(f"SELECT * FROM {table} WHERE {pattern}")  # noqa: S608  # our own names
        names = [column[0] for column in self._cursor.description]
        row = dict(zip(names, tuple(self._cursor.fetchone()), strict=True))
        self._insert(table, names, (tuple({**row, **change}.values()) for change in changes))

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        named = ", ".join(columns)
        if self._sqlite:
            marks = ", ".join("?" * len(columns))
            self._cursor.executemany(f"INSERT INTO {table}({named}) VALUES ({marks})", rows)  # noqa: S608  # likewise
            return
        with self._cursor.copy(f"COPY {table}({named}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def day(instant: int) -> date:
    """The day of an instant."""
    return datetime.fromtimestamp(instant / 1000, UTC).date()
