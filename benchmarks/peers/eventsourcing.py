# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

"""
eventsourcing: a client is an aggregate, and everything that happens to it is an event of it.

Contact points and consent come with the registering event. A phone number is found as the documentation has it, by an
aggregate whose identifier follows from the number. The log of events is the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from peers.peer import Peer, Unsupported, portions
from peers.serving import serve
from peers.target import Target, emptied, settled
from peers.workload import LAST_TOUCHES, Client as Given, Touch, deals, registered, touch as touch_of, touches


class Client(Aggregate):
    """A client, its touchpoints and its deals."""

    class Registered(Aggregate.Created):
        """It is there."""

        kind: str
        display_name: str
        registered_at: int
        contacts: list[list[str]]
        consent: list[Any]

    @event(Registered)
    def __init__(
        self, kind: str, display_name: str, registered_at: int, contacts: list[list[str]], consent: list[Any]
    ) -> None:
        self.kind, self.display_name, self.registered_at = kind, display_name, registered_at
        self.contacts, self.consents = contacts, [consent]
        self.touches: list[tuple[int, str, str, str, str]] = []
        self.deals: list[tuple[str, str, int, int]] = []

    @staticmethod
    def create_id(display_name: str) -> UUID:
        """The same for the same client, so that others can know it: a name ends with the client's number."""
        return _ident(int(display_name.rpartition(" ")[2]))

    @event("TouchpointLogged")
    def log(self, at: int, kind: str, channel: str, direction: str, summary: str) -> None:
        """Keep a touchpoint."""
        self.touches.append((at, kind, channel, direction, summary))

    @event("DealOpened")
    def open(self, title: str, stage: str, amount: int, opened_at: int) -> None:
        """Keep a deal."""
        self.deals.append((title, stage, amount, opened_at))


class PhoneIndex(Aggregate):
    """Who has a number."""

    @event("Indexed")
    def __init__(self, phone: str, client: UUID) -> None:  # noqa: ARG002  # create_id and the event have it
        self.client = client

    @staticmethod
    def create_id(phone: str) -> UUID:
        """The same for the same number."""
        return uuid5(NAMESPACE_URL, f"/phone/{phone}")


class EventSourcing(Peer):
    """Aggregates, replayed from their events each time; without snapshots and without the cache, as it comes."""

    name = "eventsourcing"
    packages = ("eventsourcing",)

    def __init__(self, place: Target) -> None:
        super().__init__(place)
        self._application: Application | None = None
        if place.kind == "sqlite":
            _durable(place.synchronous)

    def ident(self, i: int) -> UUID:
        return _ident(i)

    def load(self, clients: int) -> None:
        self.empty()
        for portion in range(0, clients, 100):
            self._app.save(*(each for i in range(portion, min(clients, portion + 100)) for each in _with_history(i)))
        if self.place.kind != "memory":
            settled(self.place)

    def empty(self) -> None:
        if self.place.host.startswith("/"):
            # Seen with psycopg 3.3.9 and some hundreds of events in one save: server and client wait for each other.
            raise Unsupported("Its pipelines can wait forever on a Unix socket: give it a host and a port.")
        self.close()
        emptied(self.place)
        self._application = Application(_environment(self.place))

    def register(self, client: Given) -> None:
        self._app.save(*_aggregates(client))

    def log(self, ident: Any, touch: Touch) -> None:
        client = self._app.repository.get(ident)
        client.log(*touch)
        self._app.save(client)

    def fill(self, given: Iterator[Given]) -> None:
        # More at a time were no faster when it was measured, and an aggregate with its events is large.
        for some in portions(given, 1_000):
            self._app.save(*(each for client in some for each in _aggregates(client)))

    def find(self, phone: str) -> Sequence[Any]:
        repository = self._app.repository
        try:
            return [repository.get(repository.get(PhoneIndex.create_id(phone)).client)]
        except AggregateNotFoundError:
            return []

    def card(self, ident: Any) -> tuple[Any, ...]:
        client = self._app.repository.get(ident)
        return (
            client,
            client.contacts,
            sorted(client.touches, reverse=True)[:LAST_TOUCHES],
            [each for each in client.deals if each[1] == "open"],
            [each for each in client.consents if each[2] == "granted"],
        )

    def close(self) -> None:
        if self._application is not None:
            self._application.close()
            self._application = None

    @property
    def _app(self) -> Application:
        assert self._application is not None, "load or empty comes first"
        return self._application


def _ident(i: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"/client/{i}")


def _aggregates(given: Given) -> tuple[Client, PhoneIndex]:
    points = [list(point) for point in given.points]
    client = Client(given.kind, given.name, given.created_at, points, list(given.consent))
    return client, PhoneIndex(given.points[0].normalised, client.id)


def _with_history(i: int) -> tuple[Client, PhoneIndex]:
    client, index = _aggregates(registered(i))
    for each in deals(i):
        client.open(*each[:4])
    for k in range(touches(i)):
        client.log(*touch_of(i, k))
    return client, index


def _environment(place: Target) -> dict[str, str]:
    if place.kind == "sqlite":
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": Path(place.file).as_uri()}
    if place.kind == "postgresql":
        return {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": place.database,
            "POSTGRES_HOST": place.host,
            "POSTGRES_PORT": str(place.port),
            "POSTGRES_USER": place.user,
            # It insists on one, where the server may not.
            "POSTGRES_PASSWORD": place.password or "none",
        }
    return {}


def _durable(synchronous: str) -> None:
    """Have its connections to SQLite say how durable a commit is; it has no setting for that."""
    from eventsourcing.sqlite import SQLiteConnectionPool

    made = SQLiteConnectionPool._create_connection  # noqa: SLF001

    def create(pool: Any) -> Any:
        connection = made(pool)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={synchronous}", ())
        return connection

    SQLiteConnectionPool._create_connection = create  # noqa: SLF001


if __name__ == "__main__":
    serve(EventSourcing)
