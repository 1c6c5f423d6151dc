"""A shop in which everything happens that changes who sees what, in an order drawn by lot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from brute_force import POLICY, REACH, BruteForce, storage_of
from every_read import POINTS, Lot, Points

from crmkit import CRM, Evidence, MemoryBlobs, Money, Transaction
from crmkit.access import System
from crmkit.domain.merge import Merge
from crmkit.errors import CRMError
from crmkit.ports import RECORDS, Query, Storage
from crmkit.services.auditing.listing import cursor as event_cursor
from crmkit.testing import FrozenClock, an_attempt

TEAMS = ("shop", "north", "harbour", "south")
USERS = ("17", "18", "19", "20", "21", "22")
NOBODY = "gone"
_UNKNOWN: dict[str, list[Any]] = {kind.__name__: [UUID(int=1)] for kind in RECORDS}
_PHONES = [f"+791234567{n:02}" for n in range(30)]


class Shop:
    """The CRM under a policy, and the same with no more in it than one actor may see."""

    def __init__(self, storage: Storage, seed: int, users: int) -> None:
        self.random, self.clock, self.blobs = Random(seed), FrozenClock(), MemoryBlobs()
        self.crm = self._crm(storage, access=POLICY)
        self.house = self.crm.bind(actor=System("house"))
        self.users, self.added, self._words = USERS[:users], 0, list[str]()
        self._ids: dict[str, list[Any]] = {}
        with self.house.begin() as tx:
            for team, above in zip(TEAMS, (None, "shop", "north", "shop"), strict=True):
                tx.teams.put(team, name=team, parent=above)
            for user in self.users:
                self._hire(tx, user)
        for _ in range(8):
            self._done(Shop._add)

    def _crm(self, storage: Storage, **more: Any) -> CRM:
        return CRM(storage, clock=self.clock, region="RU", blobs=self.blobs, consent="permissive", **more)

    def go_on(self) -> None:
        """Let something happen; what cannot be, is not."""
        self._done(self.random.choice(DEEDS))

    def _done(self, deed: Callable[[Shop, Transaction], object]) -> None:
        self.clock.go_on(minutes=7)
        try:
            with self.house.begin() as tx:
                deed(self, tx)
        except CRMError:
            pass

    def everything(self) -> BruteForce:
        """All that is stored now."""
        with self.house.read() as tx:
            records = [one for kind in RECORDS for one in tx._unit.store.select(Query[Any](kind))]
            journal = list(tx._unit.store.journal())
        self._ids["Event"] = [event_cursor(event) for entry in journal for event in entry.events]
        for one in records:
            ids = self._ids.setdefault(type(one).__name__, [])
            if one.id not in ids:
                ids.append(one.id)
        return BruteForce(records, self.clock.now(), journal)

    def lot(self, seed: int) -> Lot:
        """One that draws the same every time."""
        return Lot(Random(seed), {**_UNKNOWN, **self._ids}, self._words, _PHONES)

    def seen_by(self, actor: str, all_of_it: BruteForce) -> CRM:
        """A CRM in which there is only what this actor may see, and no policy."""
        return self._crm(storage_of(all_of_it.seen_by(actor), all_of_it.audited_by(actor)))

    def exported_by(self, actor: str, all_of_it: BruteForce) -> CRM:
        """A CRM in which there is only what this actor may take out, and no policy."""
        return self._crm(storage_of(all_of_it.exported_by(actor)))

    # What happens.

    def _client(self, tx: Transaction) -> Any:
        return self.random.choice(list(tx.clients.list(limit=1000))).id

    def _anybody(self) -> str:
        return self.random.choice(self.users)

    def _owner(self) -> str | None:
        return self.random.choice((*self.users, NOBODY, None))

    def _hire(self, tx: Transaction, user: str) -> None:
        roles = self.random.sample(sorted(REACH), self.random.choice((0, 1, 1, 1, 2)))
        team = self.random.choice((*TEAMS, None))
        tx.users.put(user, name=f"User {user}", team=team, roles=roles)

    def _add(self, tx: Transaction) -> None:
        self.added += 1
        random, word, number = self.random, f"canary{self.added:03}q", self.random.randrange(30)
        self._words.append(word)
        client = tx.clients.add(
            name=f"Name {word}", phone=f"+791234567{number:02}", owner=self._owner(), external_ids={"shop": word},
            tags=random.choice(((), ("vip",))),
        )  # fmt: skip
        id = client.id
        contact = tx.contacts.add(id, name=f"Boss {word}", roles=["decision_maker"])
        tx.contact_points.add(id, email=f"{word}@example.org", contact_id=contact.id)
        deal = tx.deals.open(id, title=f"Deal {word}", amount=Money(number, "EUR"), owner=self._owner())
        if random.random() < 0.5:
            tx.deals.win(deal.id)
        bought = tx.purchases.record(id, amount=Money(100 + number, "EUR"))
        tx.purchases.refund(bought.id, amount=Money(1, "EUR"))
        tx.touchpoints.record(id, channel="email", direction="inbound", summary=f"Wrote {word}")
        tx.calls.start(number=f"+791234567{number:02}", external_id=word)
        tx.consents.grant(id, purpose="marketing", channel="email", evidence=Evidence(note=f"Said {word}"))
        message = tx.messages.send(id, channel="email", purpose="marketing", text=f"Message {word}")
        tx._unit.insert(an_attempt(message, 2))
        tx.tasks.plan(id, title=f"Task {word}", due=self.clock.now(), assignee=self._owner())
        tx.notes.add(id, text=f"Note {word}")
        tx.tickets.open(id, subject=f"Ticket {word}", kind="complaint")
        tx.documents.add(client_id=id, name=f"Document {word}", content=word.encode())
        tx.data(POINTS).put(Points(id, number % 5))

    def _add_nobodys(self, tx: Transaction) -> None:
        tx.tasks.plan(title=f"Nobody's {self.added}", due=self.clock.now(), assignee=self._owner())
        tx.touchpoints.record(None, channel="call", direction="inbound", summary="Who was it?")
        tx.calls.start(number="withheld", external_id=f"n-{self.random.random()}")

    def _assign(self, tx: Transaction) -> None:
        tasks: Any = self.random.choice(("follow", "stay"))
        tx.clients.assign(self._client(tx), owner=self._owner(), tasks=tasks)

    def _share(self, tx: Transaction) -> None:
        right: Any = self.random.choice(("read", "write"))
        until = self.random.choice((None, self.clock.now() + timedelta(minutes=self.random.randrange(1, 60))))
        tx.shares.grant(self._client(tx), user=self._anybody(), right=right, until=until)

    def _revoke(self, tx: Transaction) -> None:
        for share in list(tx.shares.list(limit=1000))[-1:]:
            tx.shares.revoke(share.id)

    def _merge(self, tx: Transaction) -> None:
        tx.clients.merge(self._client(tx), into=self._client(tx))

    def _unmerge(self, tx: Transaction) -> None:
        merged = [one.merged_id for one in tx._unit.store.select(Query(Merge))]
        tx.clients.unmerge(self.random.choice(merged or [self._client(tx)]))

    def _correct(self, tx: Transaction) -> None:
        """What was overwritten is in the audit."""
        word, some = f"canary{self.random.randrange(10**6)}w", self.random.choice
        self._words.append(word)
        tx.clients.update(self._client(tx), name=f"Name {word}")
        tx.deals.update(some(list(tx.deals.list(limit=1000))).id, title=f"Deal {word}")
        tx.notes.update(some(list(tx.notes.list(limit=1000))).id, text=f"Note {word}")
        tx.users.put(self._anybody(), name=f"User {word}")

    def _move_team(self, tx: Transaction) -> None:
        tx.teams.put(self.random.choice(TEAMS), name="Moved", parent=self.random.choice((*TEAMS, None)))

    def _change_roles(self, tx: Transaction) -> None:
        self._hire(tx, self._anybody())

    def _wait(self, tx: Transaction) -> None:
        self.clock.go_on(minutes=self.random.randrange(60))
        tx.clients.archive(self._client(tx))


DEEDS: tuple[Callable[[Shop, Transaction], object], ...] = (
    Shop._add, Shop._add_nobodys, Shop._assign, Shop._assign, Shop._share, Shop._share, Shop._revoke, Shop._merge,
    Shop._unmerge, Shop._move_team, Shop._change_roles, Shop._wait, Shop._correct,
)  # fmt: skip
