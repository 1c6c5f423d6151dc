"""tx.notes: what somebody wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict, Unpack

import attrs

from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.events import NoteAdded, NoteUpdated
from crmkit.domain.ids import ClientId, DealId, NoteId
from crmkit.domain.note import Note, NoteKind
from crmkit.domain.query import Page
from crmkit.domain.where import Where
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import KEEP, Omitted, Room

NoteOrder = Literal["created_at", "-created_at"]


class NoteFilters(TypedDict, total=False):
    """Typed filters of notes."""

    client_id: ClientId
    deal_id: DealId | None
    kind: NoteKind
    author: str | None


class Notes(Room[Note, NoteId]):
    """
    Special requests, objections, doubts, and anything else worth keeping.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     _ = tx.notes.add(anna.id, text="Thinks it is dear.", kind="objection")
    ...     tx.notes.count(client_id=anna.id, kind="objection")
    1
    """

    __slots__ = ()
    _kind = Note
    _filters = frozenset(NoteFilters.__annotations__)
    _orders = options(NoteOrder)

    @command
    def add(self, client_id: ClientId, *, text: str, kind: NoteKind = "general", deal_id: DealId | None = None) -> Note:
        """Write something down about a client, or about one deal of theirs."""
        unit, check = self._unit, Checks()
        check.id("client_id", client_id)
        words = check.prose("text", text)
        check.one_of(options(NoteKind))("kind", kind)
        check.maybe(check.id, "deal_id", deal_id)
        check.done()
        client_id = unit.get(Client, client_id).id
        if deal_id is not None:
            found = unit.store.get_many(Deal, [deal_id])
            if not found or found[0].client_id != client_id:
                check.fault("deal_id", "not_found", "This client has no such deal.")
                check.done()
        id = NoteId(unit.new_id())
        note = unit.insert(Note(id, client_id, deal_id, kind, words, unit.actor, unit.now, unit.now))
        unit.happened(NoteAdded(*unit.envelope(), id, client_id, deal_id, kind))
        return note

    @command
    def update(
        self, id: NoteId, *, version: int | None = None, text: str | Omitted = KEEP, kind: NoteKind | Omitted = KEEP
    ) -> Note:
        """Correct a note; nothing changed, nothing written."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        after = attrs.evolve(
            before,
            text=before.text if text is KEEP else check.prose("text", text),
            kind=before.kind if kind is KEEP else check.one_of(options(NoteKind))("kind", kind),
        )
        check.version(version)
        check.done()
        return unit.changed(before, after, version, NoteUpdated, before.client_id)

    def list(
        self, *, where: Where | None = None, order_by: NoteOrder = "created_at", limit: int = 50,
        after: str | None = None, **filters: Unpack[NoteFilters],
    ) -> Page[Note]:  # fmt: skip
        """One page of notes."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[NoteFilters]) -> int:
        """How many such notes there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: NoteOrder = "created_at", **filters: Unpack[NoteFilters]
    ) -> Iterator[Note]:
        """Every such note, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)
