# pyright: basic, reportMissingImports=false
# Its package is in its own environment alone.

"""
Tryton in process: its pool and its transactions, without a server in between.

A client is a party with contact mechanisms, a deal is a sale opportunity, and `tryton_modules/` adds what else there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from peers.peer import Peer, portions
from peers.serving import serve
from peers.target import Target, settled
from peers.tryton_database import Base, configured, day, durable, installed, where
from peers.workload import ASKED_SINCE, LAST_TOUCHES, Client as Given, Touch, registered

#: So many clients of the base are made by its objects; the others are rows like theirs.
_MADE: Final = 1_000


class Tryton(Peer):
    """Models of the pool, a transaction each time."""

    name = "Tryton"
    packages = ("trytond", "trytond_party", "trytond_sale_opportunity")

    def __init__(self, place: Target) -> None:
        super().__init__(where(place))
        self._database = configured(self.place)
        if place.kind == "sqlite":
            durable(place.synchronous)
        self._first = 0

    def ident(self, i: int) -> int:
        return self._first + i

    def load(self, clients: int) -> None:
        self.empty()
        made = min(clients, _MADE)
        self.fill(map(registered, range(made)))
        with self._transaction() as transaction:
            currency = self._pool.get("company.company")(1).currency.id
            base = Base(transaction.connection.cursor(), kind=self.place.kind, first=self._first, currency=currency)
            base.fill(clients, made=made)
        settled(self.place)

    def empty(self) -> None:
        self.close()
        installed(self.place, self._database)
        from trytond.pool import Pool
        from trytond.transaction import Transaction

        self._begin, self._pool, self._first = Transaction, Pool(self._database), 0
        get = self._pool.get
        self._party, self._consent = get("party.party"), get("bench.consent")
        self._touchpoint, self._outbox = get("bench.touchpoint"), get("bench.outbox")
        self._opportunity = get("sale.opportunity")

    def _transaction(self, **options: Any) -> Any:
        return self._begin().start(self._database, 1, context={"company": 1}, **options)

    def register(self, client: Given) -> None:
        purpose, channel, state, at, source = client.consent
        values = _values(client)
        values["bench_consents"] = [
            (
                "create",
                [{"purpose": purpose, "channel": channel, "state": state, "at": at // 1000, "source": source}],
            )
        ]
        with self._transaction():
            self._party.create([values])

    def log(self, ident: Any, touch: Touch) -> None:
        at = touch.at // 1000
        with self._transaction():
            (made,) = self._touchpoint.create([{"party": ident, **touch._asdict(), "at": at}])
            payload = {"touchpoint": made.id, "client": ident, "kind": touch.kind, "channel": touch.channel}
            row = {"topic": "touchpoint.logged", "party": ident, "at": at, "payload": json.dumps(payload)}
            self._outbox.create([row])

    def fill(self, given: Iterator[Given]) -> None:
        for some in portions(given, 1_000):
            with self._transaction():
                made = self._party.create([_values(each) for each in some])
                self._first = self._first or made[0].id

    def find(self, phone: str) -> Sequence[Any]:
        has = [("type", "=", "phone"), ("value_compact", "=", phone)]
        with self._transaction(readonly=True):
            found = self._party.search([("contact_mechanisms", "where", has)])
            return [(party.id, party.name, party.create_date) for party in found]

    def names(self, found: Sequence[Any]) -> list[str]:
        return [name for _, name, _ in found]

    def card(self, ident: Any) -> tuple[Any, ...]:
        """Its objects read when they are looked at, and only inside of the transaction: so each field is."""
        of_party = ("party", "=", ident)
        with self._transaction(readonly=True):
            party = self._party(ident)
            touches = self._touchpoint.search([of_party], order=[("at", "DESC")], limit=LAST_TOUCHES)
            deals = self._opportunity.search([of_party, ("state", "in", ["lead", "opportunity"])])
            consents = self._consent.search([of_party, ("state", "=", "granted")])
            return (
                (party.id, party.name),
                [(each.type, each.value) for each in party.contact_mechanisms],
                [(each.at, each.kind, each.channel, each.direction, each.summary) for each in touches],
                [(each.id, each.description, each.state, each.start_date) for each in deals],
                [(each.purpose, each.channel, each.state) for each in consents],
            )

    def ask(self) -> Sequence[Any]:
        """Three searches, put together here: a search has no rows of more than one model."""
        since = day(ASKED_SINCE)
        with self._transaction(readonly=True):

            def parties(model: Any, *conditions: tuple[str, str, Any]) -> set[int]:
                return {row["party"] for row in model.search_read(list(conditions), fields_names=["party"])}

            ended = ("end_date", ">=", since)
            bought = parties(self._opportunity, ("state", "=", "won"), ended)
            lost = parties(self._opportunity, ("state", "=", "lost"), ended)
            complained = parties(self._touchpoint, ("kind", "=", "complaint"), ("at", ">=", ASKED_SINCE // 1000))
            told = self._party.read(sorted(bought | lost | complained), ["name"])
            return [
                (key, each["name"], key in bought, key in lost, key in complained)
                for each in told
                for key in [each["id"]]
            ]

    def close(self) -> None:
        if self.place.kind == "postgresql":
            from trytond import backend

            backend.Database(self._database).close()


def _values(client: Given) -> dict[str, Any]:
    points = [{"type": kind, "value": normalised} for kind, _, normalised in client.points]
    return {"name": client.name, "contact_mechanisms": [("create", points)]}


if __name__ == "__main__":
    serve(Tryton)
