"""ctx: what a hook may know and do, by when it is called. Nobody gets a unit of work or a database session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import attrs

from crmkit.domain.consent import Decision
from crmkit.domain.contact_point import PointKind
from crmkit.domain.events import MessageQueued
from crmkit.domain.ids import ClientId
from crmkit.domain.source import Source
from crmkit.errors import Fault, Invalid
from crmkit.plugins.values.channels import Channel, Receipt
from crmkit.ports import Clock
from crmkit.services.inbox import once
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

T = TypeVar("T")
#: Opens a plugin's own tables in a transaction; None on a storage without SQL.
OpenTables = Callable[[Unit, str], Any]


class Doors(Protocol):
    """The ways into a CRM, bound to who acts."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """A block that only reads."""
        ...

    def run(self, fn: Callable[[Transaction], T], *, key: str | None = None, attempts: int = 3) -> T:
        """A transaction that is tried again on `Conflict`, and under a *key* done once ever: for what comes twice."""
        ...


class WayOut(Protocol):
    """`crmkit.plugins.gate.Gate`."""

    def say(self, channel: Channel, key: str, client_id: ClientId, purpose: str, to: str, text: str) -> Receipt:
        """Send at once what an observer has to say."""
        ...

    def hand_over(self, channel: Channel, event: MessageQueued, *, last: bool) -> None:
        """Hand a queued message to its channel."""
        ...


#: What may leave the house of a payload, by its destination.
Leaving = Callable[[Mapping[str, Any], str], Mapping[str, Any]]


class HookContext:
    """
    What a hook inside somebody's transaction, or on a read, may know: who acts, from where, at what instant.

    `read` has the rooms, read only, with what this transaction wrote before.
    """

    __slots__ = ("_read", "_unit")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._read: Transaction | None = None

    @property
    def actor(self) -> str | None:
        """Who acts."""
        return self._unit.actor

    @property
    def source(self) -> Source:
        """Where the change comes from."""
        return self._unit.source

    @property
    def now(self) -> datetime:
        """The instant of the transaction, in UTC."""
        return self._unit.now

    @property
    def correlation_id(self) -> str | None:
        """What the caller gave to tell its own work by."""
        return self._unit.binding.correlation_id

    @property
    def read(self) -> Transaction:
        """The rooms, to read from."""
        if self._read is None:
            self._read = Transaction(self._unit.view())
        return self._read

    def __repr__(self) -> str:
        return f"{type(self).__name__}(actor={self.actor!r})"


class ProjectContext(HookContext):
    """What `crm_project` gets besides: `tx`, the rooms of the same commit, and on SQL `sql`, the plugin's own tables."""

    __slots__ = ("_plugin", "_sql", "tx")

    def __init__(self, unit: Unit, plugin: str, sql: OpenTables | None = None) -> None:
        super().__init__(unit)
        self.tx = Transaction(unit)
        self._plugin = plugin
        self._sql = sql

    @property
    def has_sql(self) -> bool:
        """Whether this storage has SQL, and so tables of the plugin's own."""
        return self._sql is not None and self._sql(self._unit, self._plugin) is not None

    @property
    def sql(self) -> Any:
        """
        Statements on the plugin's own tables, in the same commit: `ctx.sql.execute(select(…))`.

        `Invalid` on a storage without SQL.
        """
        return _tables(self._sql, self._unit, self._plugin)


@attrs.frozen
class EventContext:
    """
    What an observer gets: the doors, as the one who acted, and how to do a thing once.

    `idempotency_key` is the same at every attempt: give it to whoever you call. `deadline` is when somebody else may
    take over.
    """

    plugin: str
    idempotency_key: str
    attempt: int = 1
    deadline: datetime | None = None
    depth: int = 0
    _doors: Doors = attrs.field(alias="doors", kw_only=True, repr=False)
    _sql: OpenTables | None = attrs.field(alias="sql", kw_only=True, repr=False, default=None)
    _channels: Mapping[str, Channel] = attrs.field(
        alias="channels", kw_only=True, repr=False, factory=dict[str, Channel]
    )
    _gate: WayOut | None = attrs.field(alias="gate", kw_only=True, repr=False, default=None)
    _leaving: Leaving | None = attrs.field(alias="leaving", kw_only=True, repr=False, default=None)
    _clock: Clock | None = attrs.field(alias="clock", kw_only=True, repr=False, default=None)

    @property
    def now(self) -> datetime:
        """The present instant, in UTC, by the CRM's clock; when it happened says the event's `at`."""
        return datetime.now(UTC) if self._clock is None else self._clock.now()

    @property
    def channels(self) -> Mapping[str, tuple[PointKind, ...]]:
        """The channels that plugins bring, and by which kinds of contact points each reaches people."""
        return {name: channel.reaches for name, channel in self._channels.items()}

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes; its events are told like any others."""
        return self._doors.begin()

    def read(self) -> AbstractContextManager[Transaction]:
        """A block that only reads."""
        return self._doors.read()

    def once(self, tx: Transaction, key: str | None = None) -> bool:
        """
        Say whether this is the first time: True once ever for *key* (this event at this subscriber unless given).

        Remembered in the commit of *tx*, so that what you write in it happens exactly once.
        """
        return once(tx._unit, self.plugin, key or self.idempotency_key)  # noqa: SLF001  # a door's own side

    def sql(self, tx: Transaction) -> Any:
        """Statements on the plugin's own tables, in the commit of *tx*; `Invalid` on a storage without SQL."""
        return _tables(self._sql, tx._unit, self.plugin)  # noqa: SLF001  # a door's own side

    def may_contact(self, client_id: ClientId, *, purpose: str, channel: str) -> Decision:
        """Ask what the client allows at this moment."""
        with self.read() as tx:
            return tx.consents.may_contact(client_id, purpose=purpose, channel=channel)

    def filtered(self, payload: Mapping[str, Any], destination: str) -> Mapping[str, Any]:
        """
        Pass what is about to leave the house through every plugin's `crm_filter_payload`, and send what comes back.

        `PluginFailure` if a filter fails: then nothing may be sent.
        """
        return payload if self._leaving is None else self._leaving(payload, destination)

    def contact(self, client_id: ClientId, *, channel: str, purpose: str, to: str, text: str) -> Receipt:
        """
        Send a message through a registered channel, if the client allows it now; else `ContactRefused`.

        It is kept as `tx.messages` are, goes the same way, and returns when it went; no transaction may be open.
        `Rejected` if a plugin objects (`crm_check_contact_attempt`). Told of this event again, the same client gets no
        second message on this channel.
        """
        with self.read() as tx:
            tx.clients.get(client_id)
        if self._gate is None or (found := self._channels.get(channel)) is None:
            known = ", ".join(sorted(self._channels)) or "none"
            raise Invalid(Fault("channel", "unknown", f"No plugin brings this channel. There are: {known}."))
        return self._gate.say(found, self.idempotency_key, client_id, purpose, to, text)

    def _send(self, channel: str, event: MessageQueued, *, last: bool) -> None:
        """What crmkit's own observer of a channel does."""
        assert self._gate is not None
        self._gate.hand_over(self._channels[channel], event, last=last)

    @property
    def log(self) -> logging.Logger:
        """A logger of the plugin's own; ids only, never a person's data."""
        return logging.getLogger(f"crmkit.plugins.{self.plugin}")


def _tables(sql: OpenTables | None, unit: Unit, plugin: str) -> Any:
    found = None if sql is None else sql(unit, plugin)
    if found is None:
        raise Invalid(Fault("sql", "no_sql", "This storage has no SQL. Keep a Collection: every storage can."))
    return found
