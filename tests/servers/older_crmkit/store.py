"""A store at the first revision, written to as the crmkit of that revision did: records and journal, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmkit import Money
from crmkit.domain.client import KEPT, Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.purchase import Purchase, Refund
from crmkit.domain.records import Record
from crmkit.domain.sight import ALL
from crmkit.storage.sql import migrations
from crmkit.storage.sql.connections import Connections
from crmkit.storage.sql.databases.known import database_of
from crmkit.storage.sql.journal import row_of
from crmkit.storage.sql.schema import TABLES
from crmkit.storage.sql.statements import Statements
from crmkit.testing import a_client, a_contact, a_contact_point, a_purchase, a_refund, an_entry, new_id

KINDS: tuple[type[Any], ...] = (Client, Contact, ContactPoint, Purchase, Refund)
CHUNK = 5000


@attrs.frozen
class Change:
    """What one commit wrote: the client as it is now, records that are new or changed, and points that are gone."""

    client: Client
    added: Sequence[Any] = ()
    changed: Sequence[Any] = ()
    removed: Sequence[ContactPoint] = ()


class OlderStore:
    """One connection of an older crmkit's."""

    def __init__(self, url: str) -> None:
        self._database, parsed = database_of(url)
        self._connections = Connections(self._database, self._database.engine(parsed))
        self._statements = Statements(self._database, self._connections.engine.dialect, ALL)
        self._connection = self._connections.take()
        self.link = self._connection.link

    def begin(self) -> None:
        for statement in self._database.writing:
            self.link.execute(statement)

    def write(self, change: Change) -> None:
        """The records and the entry, in a transaction that was begun."""
        self.insert(change.added)
        for record in change.changed:
            replace = self._statements.replace[type(record)]
            args = (*replace.pick(self._row(record)), self._database.stored(record.id), record.version - 1)
            if self.link.execute(replace.sql, args).rowcount != 1:
                raise LookupError
        if any(type(record) is Purchase for record in change.added):
            kept = [self._database.stored(getattr(change.client, field)) for field in KEPT]
            self.link.execute(self._statements.one["put_back"], (*kept, self._database.stored(change.client.id)))
        for gone in change.removed:
            self.link.execute(self._statements.delete[ContactPoint], (self._database.stored(gone.id),))
        self.link.execute(self._statements.one["append"], row_of(an_entry(change.client), self._database))

    def insert(self, records: Iterable[Record]) -> None:
        for kind in KINDS:
            if rows := [self._row(record) for record in records if type(record) is kind]:
                self.link.executemany(self._statements.insert[kind], rows)

    def commit(self) -> None:
        self._database.commit(self.link)

    def keep(self, change: Change) -> None:
        """All of it, in one commit."""
        self.begin()
        self.write(change)
        self.commit()

    def records(self) -> Iterator[Any]:
        """Everything that is there."""
        for kind in KINDS:
            rows = self.link.execute(self._statements.compile(sa.select(TABLES[kind])).sql).fetchall()
            yield from self._database.mappings[kind].records(rows)

    def entries(self) -> int:
        return int(self.link.execute("SELECT COUNT(*) FROM crm_journal").fetchall()[0][0])

    def close(self) -> None:
        self._connections.give(self._connection)
        self._connections.close()

    def _row(self, record: Any) -> tuple[Any, ...]:
        return self._database.mappings[type(record)].row(record)


def engine_of(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=NullPool)


def first_schema(url: str) -> None:
    engine = engine_of(url)
    with engine.connect() as connection:
        migrations.upgrade(connection, "crmkit_0001")
        connection.commit()
    engine.dispose()


def seed(url: str, clients: int) -> dict[Any, Any]:
    """A store at the first revision; its records by id. Each tenth client bought, each hundredth gave something back."""
    first_schema(url)
    store = OlderStore(url)
    client, known = a_client("Seed"), dict[Any, Any]()
    person, phone, purchase = a_contact(client), a_contact_point(client), a_purchase(client)
    refund = a_refund(purchase)
    for start in range(0, clients, CHUNK):
        some: list[Any] = []
        for number in range(start, min(start + CHUNK, clients)):
            last = purchase.bought_at if number % 10 == 0 else None
            one = attrs.evolve(client, id=new_id(), name=f"Seed{number} Ёлкин", last_bought_at=last)
            some.append(one)
            for digits in (f"+4930{number:08}", f"+7912{number:07}"):
                some.append(attrs.evolve(phone, id=new_id(), client_id=one.id, value=digits, match_key=digits))
            if number % 10 == 0:
                bought = attrs.evolve(purchase, id=new_id(), client_id=one.id, amount=Money(number + 1, "EUR"))
                some += [attrs.evolve(person, id=new_id(), client_id=one.id, name=f"Person{number}"), bought]
                if number % 100 == 0:
                    some.append(attrs.evolve(refund, id=new_id(), client_id=one.id, purchase_id=bought.id))
        store.begin()
        store.write(Change(some[0], added=some))
        store.commit()
        known |= {record.id: record for record in some}
    store.close()
    return known


def state(url: str) -> tuple[dict[Any, Any], int]:
    """Every record by its id, and the number of journal entries."""
    store = OlderStore(url)
    found = {record.id: record for record in store.records()}, store.entries()
    store.close()
    return found
