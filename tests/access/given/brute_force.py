"""Who sees what, thought out a second time: by looking at every record, and without a word of crmkit's own rule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from crmkit import (
    Call,
    Client,
    Consent,
    Deal,
    DealStep,
    Evidence,
    MemoryStorage,
    PersonalChange,
    Purchase,
    Refund,
    Share,
    Task,
    Team,
    Touchpoint,
    User,
)
from crmkit.access import Policy, Role
from crmkit.domain.datum import Datum
from crmkit.domain.merge import Merge
from crmkit.ports import EVERYONE, Entry, Record

POLICY = Policy(
    Role("seller", read="own", write="own", evidence="own"),
    Role("picker", read="own", write="own", evidence="own", pool=True),
    Role("head", read="team", write="team", export="own", reassign="team", evidence="team"),
    Role("caller", read="all", evidence="all", on={"deal": {"read": "none"}, "purchase": {"read": "own"}}),
    Role("director", read="all", write="all", export="all", erase="all", reassign="all", evidence="all", admin=True),
    rows_a_day=None,
)
REACH = {"seller": "own", "picker": "own", "head": "team", "caller": "all", "director": "all"}


class BruteForce:
    """What there is, and who of it sees what."""

    def __init__(self, records: Iterable[Record], at: datetime, journal: Iterable[Entry] = ()) -> None:
        self.records, self.at, self.journal = list(records), at, list(journal)
        self._clients = {one.id: one for one in self.records if isinstance(one, Client)}
        self._people = {one.id: one for one in self.records if isinstance(one, User)}
        self._above = {one.id: one.parent for one in self.records if isinstance(one, Team)}
        self._merged: dict[Any, Any] = {one.merged_id: one.client_id for one in self.records if isinstance(one, Merge)}
        self._shares = [one for one in self.records if isinstance(one, Share)]

    def seen_by(self, actor: str) -> list[Record]:
        """Everything this actor may see."""
        return [self._as_shown(actor, one) for one in self.records if self.sees(actor, one)]

    def _as_shown(self, actor: str, record: Record) -> Record:
        """Without what proves a consent of somebody shared with them, or of the pool."""
        if not isinstance(record, Consent) or self._has_evidence(actor, "consent", record.client_id):
            return record
        return attrs.evolve(record, evidence=Evidence())

    def exported_by(self, actor: str) -> list[Record]:
        """Everything this actor may take out: a director all there is, a head what is their own."""
        roles = self._roles(actor)
        mine = {one.id for one in self._clients.values() if "director" in roles or one.owner == actor}
        return [one for one in self.records if self.may_export(actor) and self._of(one) in (None, *mine)]

    def may_export(self, actor: str) -> bool:
        """Whether there is anybody whom this actor may take out."""
        return bool(self._roles(actor) & {"director", "head"})

    def _of(self, record: Any) -> Any:
        return record.id if isinstance(record, Client) else getattr(record, "client_id", None)

    def audited_by(self, actor: str) -> list[Entry]:
        """The journal, with no more events in it than this actor may look at."""
        return [Entry(tuple([one for one in entry.events if self.audits(actor, one)])) for entry in self.journal]

    def audits(self, actor: str, event: Any) -> bool:
        """Whether this actor may look at one event."""
        noun = event.topic.partition(".")[0]
        named = [getattr(event, name, None) for name in ("client_id", "other_id", "merged_id", "survivor_id")]
        whose = [id for id in named if id is not None]
        if not whose:
            return any(REACH[role] == "all" and self._lowered(role, noun) is None for role in self._roles(actor))
        return all(self._has_evidence(actor, noun, id) for id in whose)

    def _has_evidence(self, actor: str, noun: str, id: Any) -> bool:
        client = self._clients[self._merged.get(id, id)]
        return any(
            ((REACH[role] == "all") if client.owner is None else self._reaches(role, actor, client.owner))
            and (self._lowered(role, noun) is None or (client.owner == actor and self._lowered(role, noun) == "own"))
            for role in self._roles(actor)
        )

    @staticmethod
    def _lowered(role: str, noun: str) -> str | None:
        return {"deal": "none", "purchase": "own"}.get(noun) if role == "caller" else None

    def sees(self, actor: str, record: Any) -> bool:
        """Whether this actor may see one record."""
        if isinstance(record, PersonalChange) and (whose := record.client_id) is not None:
            return self._has_evidence(actor, record.record, whose)
        if isinstance(record, Client):
            return any(self._by_role(role, actor, record) for role in self._roles(actor)) or self._shared(actor, record)
        if not hasattr(record, "client_id"):
            return True
        if record.client_id is None:
            return self._sees_nobodys(actor, record)
        client = self._clients[record.client_id]
        by_role = any(
            self._by_role(role, actor, client) and self._on(role, actor, record, client) for role in self._roles(actor)
        )
        if by_role or not self._shared(actor, client):
            return by_role
        # A share shows all of a client but what the role takes away altogether.
        roles = self._roles(actor)
        return not roles or not isinstance(record, (Deal, DealStep)) or roles != frozenset({"caller"})

    def _roles(self, actor: str) -> frozenset[str]:
        return self._people[actor].roles & REACH.keys()

    def _by_role(self, role: str, actor: str, client: Client) -> bool:
        if client.owner is None:
            return role == "picker" or REACH[role] == "all"
        return self._reaches(role, actor, client.owner)

    def _reaches(self, role: str, actor: str, owner: str) -> bool:
        if REACH[role] == "all" or owner == actor:
            return True
        return REACH[role] == "team" and self._is_below(actor, owner)

    def _is_below(self, actor: str, other: str) -> bool:
        mine = self._people[actor].team
        team = self._people[other].team if other in self._people else None
        while team is not None:
            if team == mine:
                return True
            team = self._above[team]
        return False

    def _on(self, role: str, actor: str, record: Any, client: Client) -> bool:
        if role != "caller":
            return True
        if isinstance(record, (Deal, DealStep)):
            return False
        return client.owner == actor if isinstance(record, (Purchase, Refund)) else True

    def _shared(self, actor: str, client: Client) -> bool:
        mine = [one for one in self._shares if (one.client_id, one.user) == (client.id, actor)]
        return any(one.until is None or self.at < one.until for one in mine)

    def _sees_nobodys(self, actor: str, record: Any) -> bool:
        roles = self._roles(actor)
        if isinstance(record, Datum) or any(REACH[role] == "all" for role in roles):
            return True
        if isinstance(record, Task) and record.assignee is not None:
            return any(self._reaches(role, actor, record.assignee) for role in roles)
        return isinstance(record, (Task, Touchpoint, Call)) and "picker" in roles


def storage_of(records: Iterable[Record], journal: Iterable[Entry] = ()) -> MemoryStorage:
    """A storage in which there is nothing but *records* and a *journal*; what they point to may be missing."""
    storage = MemoryStorage()
    tx = storage.begin(write=True, scope=EVERYONE)
    for record in records:
        tx.insert(record)
    for entry in journal:
        tx.append(entry)
    storage.commit(tx)
    return storage
