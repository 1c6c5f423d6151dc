"""tx.shares: clients shown to somebody who does not own them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from crmkit.domain.client import Client
from crmkit.domain.events import ShareGranted, ShareRevoked
from crmkit.domain.ids import ClientId, ShareId
from crmkit.domain.query import Page, Query
from crmkit.domain.share import Right, Share
from crmkit.domain.where import Test, Where
from crmkit.services.active_users import check_active
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import Room

ShareOrder = Literal["id", "-id"]


class ShareFilters(TypedDict, total=False):
    """Typed filters of shares."""

    client_id: ClientId
    user: str
    right: Right


class Shares(Room[Share, ShareId]):
    """
    Who may see which client beside those whom the access policy lets.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", owner="17")
    ...     _ = tx.users.put("18", name="Boris")
    ...     share = tx.shares.grant(anna.id, user="18")
    ...     tx.shares.list(client_id=anna.id)[0].right
    'read'
    """

    __slots__ = ()
    _kind = Share
    _filters = frozenset(ShareFilters.__annotations__)
    _orders = options(ShareOrder)

    @command
    def grant(self, client_id: ClientId, *, user: str, right: Right = "read", until: datetime | None = None) -> Share:
        """
        Let a user see a client, or with `write` work on it, *until* an instant; what was shared with them before goes.

        Whoever may write to the client for another reason than a share may share it.
        """
        unit, check = self._unit, Checks()
        check.id("client_id", client_id)
        check.key("user", user)
        check.one_of(options(Right))("right", right)
        end = check.maybe(check.instant, "until", until)
        if end is not None and end <= unit.now:
            check.fault("until", "past", "Give an instant to come, or leave it out.")
        check.done()
        client = unit.get(Client, client_id)
        check_active(unit, check, "user", user)
        check.done()
        unit.permits.sharing(client)
        before = self._of(client.id, user)
        if len(before) == 1 and (before[0].right, before[0].until) == (right, end):
            return before[0]
        for one in before:
            unit.delete(one)
        share = unit.insert(Share(ShareId(unit.new_id()), client.id, user, right, end, unit.actor, unit.now))
        unit.happened(ShareGranted(*unit.envelope(), share.id, client.id, user, right, end))
        return share

    @command
    def revoke(self, id: ShareId) -> None:
        """Share a client with this user no more. Users may give back what was shared with them."""
        unit = self._unit
        share = self.get(id)
        if share.user != unit.actor:
            unit.permits.sharing(unit.get(Client, share.client_id))
        unit.delete(share)
        unit.happened(ShareRevoked(*unit.envelope(), share.id, share.client_id, share.user))

    def list(
        self, *, where: Where | None = None, order_by: ShareOrder = "id", limit: int = 50, after: str | None = None,
        **filters: Unpack[ShareFilters],
    ) -> Page[Share]:  # fmt: skip
        """One page of shares, those over with: `until` says."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[ShareFilters]) -> int:
        """How many such shares there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: ShareOrder = "id", **filters: Unpack[ShareFilters]
    ) -> Iterator[Share]:
        """Every such share, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _of(self, client_id: ClientId, user: str) -> Sequence[Share]:
        return self._unit.store.select(Query(Share, Test("client_id", "eq", client_id) & Test("user", "eq", user)))
