"""Plugins that do everything right: each broken one differs from one of these in one thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import attrs

from crmkit.events import ClientAdded, DealWon, Event
from crmkit.plugins import (
    HTTP,
    Channel,
    EventContext,
    Permit,
    Plugin,
    Receipt,
    RecordChange,
    Secret,
    Veto,
    hookimpl,
    on,
)


@attrs.frozen
class ShopSettings:
    url: str
    token: Secret


class Shop(Plugin[ShopSettings]):
    """Announces, greets, plans and guards."""

    name = "shop"

    @on(DealWon)
    def announce(self, ctx: EventContext, event: DealWon) -> None:
        headers = {"Idempotency-Key": ctx.idempotency_key, "Authorization": self.settings.token.reveal()}
        HTTP().post(self.settings.url, str(event.deal_id).encode(), headers)

    @on(ClientAdded)
    def greet(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.read() as tx:
            phone = tx.contact_points.list(client_id=event.client_id, kind="phone")[0].value
        if ctx.may_contact(event.client_id, purpose="service", channel="sms").allowed:
            ctx.contact(event.client_id, channel="sms", purpose="service", to=phone, text="Welcome")

    @on(ClientAdded)
    def note(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.notes.add(event.client_id, text="Came to us.")

    @on(Event)
    def watch(self, event: Event) -> None:
        self.last = event.topic

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        return [Veto("rude", "Be polite.", "name") for one in changes if getattr(one.after, "name", "") == "rude"]


class ShopWithTables(Shop):
    """Keeps orders in tables of its own as well."""

    name = "shop"
    revisions: ClassVar[str] = "orders"

    @hookimpl
    def crm_register_migrations(self) -> Iterable[Path]:
        return [Path(__file__).parent / "revisions" / self.revisions]


class ShopThatTexts(Shop):
    """Brings the channel it greets by, too."""

    name = "shop"

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        return [Channel("sms", ("phone",), self.text, "retry")]

    def text(self, permit: Permit, key: str) -> Receipt:
        """Hand over to a provider that never sends one key twice."""
        message = permit.redeem()
        HTTP().post(self.settings.url, message.text.encode(), {"Idempotency-Key": key})
        return Receipt(key)
