"""What the actor of one transaction may do beyond seeing."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import attrs

from crmkit.domain.access import EVERYTHING_GRANTED, Grants, Operation
from crmkit.domain.client import Client
from crmkit.domain.consent import NOES, Consent
from crmkit.domain.consent.slot import Slot
from crmkit.domain.consent.suppression import Suppressed
from crmkit.domain.datum import Datum
from crmkit.domain.ids import ClientId
from crmkit.domain.query import Query
from crmkit.domain.records import Record, noun
from crmkit.domain.scope import EVERYONE, Scope, upwards
from crmkit.domain.share import Share
from crmkit.domain.sight import Entity, Sees, entity_of, sees
from crmkit.domain.user import Team, User
from crmkit.domain.where import EVERYTHING, Test
from crmkit.errors import Forbidden
from crmkit.ports import StorageTransaction

#: What anybody who hears it writes down; that evidence was found wanting is for those who may write.
HEARD = NOES - {"invalidate"}


class Permits:
    """Asks a storage at most once for each client; who may do everything asks nothing."""

    __slots__ = ("_grants", "_known", "_store", "limited")

    def __init__(self, store: StorageTransaction, grants: Grants = EVERYTHING_GRANTED) -> None:
        self._store, self._grants = store, grants
        #: Whether there is anything this actor may not do.
        self.limited = grants is not EVERYTHING_GRANTED
        self._known: dict[tuple[Operation, Entity, int], bool] = {}

    @property
    def budget(self) -> int | None:
        """How many rows this actor may export in a day; None: as many as they like."""
        return self._grants.rows_a_day

    def scope(self, operation: Operation, kind: type[Record]) -> Scope:
        """Whose clients an operation reaches on records of one kind."""
        grants = self._grants
        return Scope(_through(grants.reach[operation], entity_of(kind)), grants.actor, grants.team, grants.at)

    def write(self, before: Record | None, after: Record | None) -> None:
        """Raise `Forbidden` unless this actor may make *after* of *before*; None: it is added, or goes."""
        record: Any = before if before is not None else after
        kind = cast("type[Record]", type(record))
        if kind is Client:
            self._of_client("write", kind, record)
            if before is None:
                self.seen(record)
        elif kind is Suppressed and before is None:
            pass  # whoever hears that an address is not to be written to writes it down
        elif not hasattr(record, "client_id"):
            if not self._grants.admin:
                raise Forbidden("write", noun(kind))
        elif (kind is Consent and record.kind in HEARD) or kind in (Share, Datum, Slot):
            # Whoever hears a no writes it down; who may share was asked, and anybody may give back a share; what a
            # plugin keeps beside its client is the plugin's to write, and must not keep a no from being written down.
            pass
        elif record.client_id is not None:
            self.of("write", kind, record.client_id)
            to: ClientId | None = record.client_id if after is None else cast("Any", after).client_id
            if to is not None and to != record.client_id:
                self.of("write", kind, to)
        elif not self._may_of_nobody(kind, record, is_new=before is None):
            raise Forbidden("write", noun(kind))

    def administer(self, operation: str, what: str) -> None:
        """Raise `Forbidden` unless this actor may do everything, or is an admin."""
        if not self._grants.admin:
            raise Forbidden(operation, what)

    @contextmanager
    def all_shown(self) -> Generator[None]:
        """Show everything for as long as something is read of which the actor is told a part, or a number."""
        if not self.limited:
            yield
            return
        self._store.narrow(EVERYONE)
        try:
            yield
        finally:
            if not self._store.ended:
                self._store.narrow(self._grants.under("read"))

    def client(self, operation: Operation, client: Client) -> None:
        """Raise `Forbidden` unless an operation reaches this client as it is said to be, stored or not."""
        if self.limited:
            self._of_client(operation, Client, client)

    def sharing(self, client: Client) -> None:
        """Raise `Forbidden` unless this actor may write to a client for another reason than a share."""
        if self.limited:
            scope = self.scope("write", Share)
            own = sees([attrs.evolve(sight, shared=None) for sight in scope.sees.of("client")])
            self._reached("share", attrs.evolve(scope, sees=own), client)

    def of(self, operation: Operation, kind: type[Record], client_id: ClientId) -> None:
        """Raise `Forbidden` unless an operation reaches what of one kind hangs on a stored client."""
        if not self.limited:
            return
        asked = self._asked(operation, kind, client_id)
        if asked not in self._known:
            self.ask(operation, kind, [client_id])
        if not self._known[asked]:
            raise Forbidden(operation, noun(kind))

    def ask(self, operation: Operation, kind: type[Record], ids: Iterable[ClientId]) -> None:
        """Ask about many clients at once, before each is looked at."""
        unknown = [id for id in dict.fromkeys(ids) if self._asked(operation, kind, id) not in self._known]
        if unknown:
            reached = set(self._store.among(Client, unknown, self.scope(operation, kind)))
            self._known |= {self._asked(operation, kind, id): id in reached for id in unknown}

    def reached(self, operation: Operation, kind: type[Record], ids: Iterable[ClientId]) -> frozenset[ClientId]:
        """Those of some clients whose records of one kind an operation reaches: one question for all of them."""
        wanted = frozenset(ids)
        if self.reaches_everybody(operation, kind):
            return wanted
        if not self.scope(operation, kind).sees.of("client"):
            return frozenset()
        self.ask(operation, kind, wanted)
        return frozenset([id for id in wanted if self._known[self._asked(operation, kind, id)]])

    def reaches_everybody(self, operation: Operation, kind: type[Record]) -> bool:
        """Whether an operation reaches whatever there is of one kind, of nobody too."""
        return not self.limited or self.scope(operation, kind).is_everything

    @property
    def admin(self) -> bool:
        """Whether this actor puts users, teams and pipelines."""
        return self._grants.admin

    def met(self, operation: Operation, kind: type[Record], client_id: ClientId) -> None:
        """Note what was found out by doing it."""
        if self.limited:
            self._known[self._asked(operation, kind, client_id)] = True

    def seen(self, client: Client) -> None:
        """Note what follows from a client that was fetched, so that it need not be asked."""
        scope = self._grants.under("write")
        for entity in scope.sees.sights:
            if _certain(scope, scope.sees.of(entity), client):
                self._known["write", entity, client.id.int] = True

    def forget(self, client_id: ClientId) -> None:
        """Ask anew: another owner may be responsible now."""
        self._known = {asked: known for asked, known in self._known.items() if asked[2] != client_id.int}

    def _asked(self, operation: Operation, kind: type[Record], client_id: ClientId) -> tuple[Operation, Entity, int]:
        return operation, self._grants.reach[operation].stands_for(entity_of(kind)), client_id.int

    def _of_client(self, operation: Operation, kind: type[Record], client: Client) -> None:
        self._reached(operation, self.scope(operation, kind), client)

    def _reached(self, operation: str, scope: Scope, client: Client) -> None:
        if not (_certain(scope, scope.sees.of("client"), client) or scope.shows(client, _Stored(self._store, client))):
            raise Forbidden(operation, noun(Client))

    def _may_of_nobody(self, kind: type[Record], record: Record, *, is_new: bool) -> bool:
        scope = self.scope("write", kind)
        return (
            bool(scope.sees.of("client")) if is_new else self._grants.under("write").shows(record, _Stored(self._store))
        )


class _Stored:
    """What a scope asks of a client that may not be stored so yet."""

    def __init__(self, store: StorageTransaction, client: Client | None = None) -> None:
        self._store, self._client = store, client

    def client(self, id: ClientId) -> Client | None:
        if self._client is not None and self._client.id == id:
            return self._client
        return next(iter(self._store.get_many(Client, [id])), None)

    def teams(self, user: str) -> Iterator[str]:
        team = next((one.team for one in self._store.get_many(User, [user])), None)
        return upwards(team, lambda one: next((known.parent for known in self._store.get_many(Team, [one])), None))

    def shares(self, id: ClientId) -> list[Share]:
        return self._store.select(Query(Share, Test("client_id", "eq", id)))


def _certain(scope: Scope, sights: Iterable[Any], client: Client) -> bool:
    """Whether a client is reached for a reason that needs no asking."""
    return any(
        (sight.level == "all" or (sight.level != "none" and client.owner == scope.actor) or (sight.pool and client.owner is None))
        and sight.where == EVERYTHING
        for sight in sights
    )  # fmt: skip


@cache
def _through(seen: Sees, entity: Entity) -> Sees:
    """What is seen of one entity, as if it were all of the client."""
    return sees(seen.of(entity))
