"""crmkit through its public verbs: raw spellings in, values out, one plugin that hears, a policy that is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contenders import rows
from contenders.crmkit_store import Listener, made, storage_of
from contenders.raw_sqlite import RawSQLite
from peers import workload
from peers.peer import Counted, Peer

from crmkit import CRM, Client, User
from crmkit.access import Policy, Role
from crmkit.errors import Invalid
from crmkit.ids import ClientId, client_id
from crmkit.ports import EVERYONE, Storage


class Itself(Peer):
    """One door, bound once to who works there."""

    name = "crmkit"
    packages = ("crmkit", "SQLAlchemy")
    crm: CRM
    #: The ids of a base in memory, where nobody else could have put it.
    _added: Sequence[ClientId] = ()

    #: What who works there may do; None: everything.
    policy: Policy | None = None

    def ident(self, i: int) -> Any:
        return self._added[i] if self._added else client_id(str(UUID(bytes=rows.client_id(i))))

    def load(self, clients: int) -> None:
        raw: Peer
        if self.place.kind == "memory":
            self.open()
            self._added = [self._add(workload.registered(i)) for i in range(clients)]
            return
        if self.place.kind == "sqlite":
            raw = RawSQLite(self.place)
        else:
            from contenders.raw_postgresql import RawPostgreSQL

            raw = RawPostgreSQL(self.place)
        raw.load(clients)
        raw.close()
        self.open()

    def empty(self) -> None:
        made(self.place)
        self.open()

    def open(self) -> None:
        """Open a store that is there."""
        storage = self.storage()
        crm = CRM(
            storage, region="RU", plugins=[Listener()], delivery="external", access=self.policy, consent="permissive"
        )
        if self.policy is not None:
            _hire(storage)
        self.crm = crm.bind(actor=rows.OWNER)

    def storage(self) -> Storage:
        """The store at its place."""
        return storage_of(self.place)

    def register(self, client: workload.Client) -> None:
        self._add(client)

    def log(self, ident: Any, touch: workload.Touch) -> None:
        channel, at = rows.CHANNELS[touch.channel], rows.instant(touch.at)
        with self.crm.begin() as tx:
            tx.touchpoints.record(ident, channel=channel, direction="outbound", at=at, summary=touch.summary)

    def fill(self, given: Iterator[workload.Client]) -> None:
        self.crm.import_clients(
            {"name": one.name, "phone": one.points[0].value, "email": one.points[1].value} for one in given
        )

    def find(self, phone: str) -> Sequence[Client]:
        with self.crm.read() as tx:
            try:
                return tx.clients.matches(phone=phone)
            except Invalid:  # some of the numbers that are nobody's have a digit too many
                return ()

    def card(self, ident: Any) -> tuple[Any, ...]:
        with self.crm.read() as tx:
            return (tx.clients.card(ident),)

    def ask(self) -> Sequence[Any]:
        with self.crm.read() as tx:
            return tx.outcomes.since(rows.instant(workload.ASKED_SINCE))

    def names(self, found: Sequence[Any]) -> list[str]:
        return [client.name for client in found]

    def counted(self, card: tuple[Any, ...]) -> Counted:
        (shown,) = card
        still_open = sum(deal.status == "open" for deal in shown.deals)
        return Counted(len(shown.contact_points), len(shown.touchpoints), still_open, len(shown.consents))

    def outcomes(self, rows: Sequence[Any]) -> Iterator[tuple[str, workload.Outcome]]:
        for one in rows:
            three = (one.bought_at, one.fell_through_at, one.complained_at)
            yield one.name, workload.Outcome(*(at is not None for at in three))

    def close(self) -> None:
        self.crm.close()

    def _add(self, client: workload.Client) -> ClientId:
        phone, email = client.points
        with self.crm.begin() as tx:
            added = tx.clients.add(name=client.name, phone=phone.value, email=email.value)
            tx.consents.grant(added.id, purpose="marketing", channel="email")
        return added.id


def _hire(storage: Storage) -> None:
    """Who works there, with her role: written beside what is measured, so that every contender keeps the same journal."""
    tx, now = storage.begin(write=True, scope=EVERYONE), datetime.now(UTC)
    if not tx.get_many(User, [rows.OWNER]):
        tx.insert(User(rows.OWNER, "Who works there", None, None, True, now, now, roles=frozenset({"seller"})))
    tx.commit()


class OwnScope(Itself):
    """The same for a seller, who sees and changes what she owns and what is shared with her."""

    name = "crmkit, own scope"
    policy = Policy(Role("seller", read="own", write="own"))


class Walled(OwnScope):
    """The same behind the second wall, as a role that it holds."""

    name = "crmkit, own scope, wall up"

    def storage(self) -> Storage:
        """Raise the wall as a superuser; then come as somebody else."""
        from contenders.walled_store import behind_the_wall

        return storage_of(behind_the_wall(self.place))
