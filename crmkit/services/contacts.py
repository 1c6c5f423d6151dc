"""tx.contacts: people at a client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypedDict, Unpack

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.events import ContactAdded, ContactPointUpdated, ContactRemoved, ContactUpdated
from crmkit.domain.ids import ClientId, ContactId
from crmkit.domain.query import Page, Query
from crmkit.domain.where import Test, Where
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import KEEP, Omitted, Room

ContactOrder = Literal["created_at", "-created_at", "name", "-name"]


class ContactFilters(TypedDict, total=False):
    """Typed filters of contacts."""

    client_id: ClientId
    role: str


class Contacts(Room[Contact, ContactId]):
    """
    Humans who can be reached for a client.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     firm = tx.clients.add(name="Ada Ltd", kind="organization")
    ...     _ = tx.contacts.add(firm.id, name="Bob", roles=["accountant"])
    ...     tx.contacts.count(client_id=firm.id, role="accountant")
    1
    """

    __slots__ = ()
    _kind = Contact
    _filters = frozenset(ContactFilters.__annotations__)
    _orders = options(ContactOrder)

    @command
    def add(self, client_id: ClientId, *, name: str, position: str | None = None, roles: Iterable[str] = ()) -> Contact:
        """Add somebody; `decision_maker` is the role crmkit itself asks for, others are yours to name."""
        unit, check = self._unit, Checks()
        check.id("client_id", client_id)
        name = check.text("name", name)
        position = check.maybe(check.text, "position", position)
        named = check.keys("roles", roles)
        check.done()
        client_id = unit.get(Client, client_id).id
        id = ContactId(unit.new_id())
        contact = unit.insert(Contact(id, client_id, name, position, named, unit.now, unit.now))
        unit.happened(ContactAdded(*unit.envelope(), id, client_id, tuple(sorted(named))))
        return contact

    @command
    def update(
        self, id: ContactId, *, version: int | None = None, name: str | Omitted = KEEP,
        position: str | Omitted | None = KEEP, roles: Iterable[str] | Omitted = KEEP,
    ) -> Contact:  # fmt: skip
        """Change what is given; nothing changed, nothing written."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        after = attrs.evolve(
            before,
            name=before.name if name is KEEP else check.text("name", name),
            position=before.position if position is KEEP else check.maybe(check.text, "position", position),
            roles=before.roles if roles is KEEP else check.keys("roles", roles),
        )
        check.version(version)
        check.done()
        return unit.changed(before, after, version, ContactUpdated, before.client_id)

    @command
    def remove(self, id: ContactId) -> None:
        """Remove somebody; the ways to reach them stay with the client."""
        unit = self._unit
        contact = self.get(id)
        theirs = Test("client_id", "eq", contact.client_id) & Test("contact_id", "eq", id)
        for point in unit.store.select(Query(ContactPoint, theirs)):
            unit.changed(point, attrs.evolve(point, contact_id=None), None, ContactPointUpdated, point.client_id)
        unit.delete(contact)
        unit.happened(ContactRemoved(*unit.envelope(contact.version), id, contact.client_id))

    def list(
        self, *, where: Where | None = None, order_by: ContactOrder = "created_at", limit: int = 50,
        after: str | None = None, **filters: Unpack[ContactFilters],
    ) -> Page[Contact]:  # fmt: skip
        """One page of contacts."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[ContactFilters]) -> int:
        """How many such contacts there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: ContactOrder = "created_at", **filters: Unpack[ContactFilters]
    ) -> Iterator[Contact]:
        """Every such contact, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _test(self, name: str, value: Any) -> Where:
        return Test("roles", "has", value) if name == "role" else super()._test(name, value)
