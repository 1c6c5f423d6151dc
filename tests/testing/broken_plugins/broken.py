"""Plugins broken on purpose: each breaks one promise and names the checks that must notice, and no other may."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import time
from typing import Any, ClassVar, TypeVar, cast

import attrs
from sound import Shop, ShopSettings, ShopThatTexts, ShopWithTables

import crmkit.events
from crmkit import Touchpoint
from crmkit.errors import ContactRefused, Retry
from crmkit.events import ClientAdded, DealWon, Event
from crmkit.plugins import (
    HTTP,
    DealMove,
    EventContext,
    Job,
    JobContext,
    Permit,
    Plugin,
    ProjectContext,
    Receipt,
    Veto,
    hookimpl,
    on,
)

P = TypeVar("P", bound=type[Plugin[Any]])


@attrs.frozen
class Broken:
    """Who is broken how, and who must see it."""

    kind: type[Plugin[Any]]
    promise: str
    noticed_by: tuple[str, ...]


#: By name of the class.
BROKEN: dict[str, Broken] = {}


def breaks(promise: str, *noticed_by: str) -> Callable[[P], P]:
    """Enter a broken plugin."""

    def enter(kind: P) -> P:
        assert kind.__name__ not in BROKEN
        BROKEN[kind.__name__] = Broken(kind, promise, noticed_by)
        return kind

    return enter


@breaks("making one touches nothing", "k02")
class ReadsWhenMade(Shop):
    name = "shop"

    def __init__(self, settings: Any = None) -> None:
        super().__init__(settings)
        with open(os.devnull, encoding="utf-8") as file:  # noqa: PTH123
            self.read = file.read()


@breaks("what looks like a hook is one", "k04")
class Misspelt(Shop):
    name = "shop"

    def crm_check_chnge(self) -> None: ...


@breaks("what was started is stopped", "k05")
class LeavesThread(Shop):
    name = "shop"

    def start(self) -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()


@breaks("a dropped CRM is gone", "k06")
class KeepsItself(Shop):
    name = "shop"
    started: ClassVar[list[Plugin[Any]]] = []

    def start(self) -> None:
        self.started.append(self)


@breaks("told twice is done once", "k07", "k18")
class NotesTwice(Shop):
    name = "shop"

    @on(ClientAdded)
    def note(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.begin() as tx:
            tx.notes.add(event.client_id, text="Came to us.")


@breaks("what an observer meets harms nobody", "k08")
class GivesUp(Shop):
    name = "shop"

    @on(ClientAdded)
    def greet(self, ctx: EventContext, event: ClientAdded) -> None:
        try:
            super().greet(ctx, event)
        except Retry:
            raise KeyboardInterrupt from None  # the one thing that is not taken for a plugin's own failure


@breaks("hooks answer to every verb", "k09")
class LosesDrafts(Shop):
    name = "shop"

    @hookimpl
    def crm_filter_touchpoint(self, drafts: Sequence[Touchpoint]) -> Sequence[Touchpoint]:
        return [one for one in drafts if one.channel != "email"]


@breaks("no work inside a transaction", "k10")
class ReadsInside(Shop):
    name = "shop"

    @hookimpl
    def crm_check_deal_stage(self, moves: Sequence[DealMove]) -> Iterable[Veto]:
        with open(os.devnull, encoding="utf-8") as file:  # noqa: PTH123
            return [Veto("no", "No.") for _ in file]


@breaks("what was rolled back was never heard of", "k11")
class Remembers(Shop):
    name = "shop"

    def start(self) -> None:
        self.moved = set[object]()

    @hookimpl
    def crm_check_deal_stage(self, moves: Sequence[DealMove]) -> None:
        self.moved.update(one.after.id for one in moves if one.after.status == "won")

    @on(DealWon)
    def announce(self, ctx: EventContext, event: DealWon) -> None:
        for one in {*self.moved, event.deal_id}:
            HTTP().post(self.settings.url, str(one).encode(), {"Idempotency-Key": str(one)})


@breaks("the order of the list does not matter", "k12")
class CountsTags(Shop):
    name = "shop"

    @on(ClientAdded)
    def note(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.notes.add(
                    event.client_id, text=f"Has {len(tx.clients.get(event.client_id).tags & {'tagged'})} tags."
                )


@breaks("a no is a no", "k13")
class DoesNotAsk(Shop):
    name = "shop"

    @on(ClientAdded)
    def greet(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.read() as tx:
            phone = tx.contact_points.list(client_id=event.client_id, kind="phone")[0].value
        HTTP().post(self.settings.url, phone.encode(), {"Idempotency-Key": ctx.idempotency_key})


@breaks("a permit is good once", "k21")
class SendsAfterwards(ShopThatTexts):
    name = "shop"

    def text(self, permit: Permit, key: str) -> Receipt:
        try:
            text = permit.redeem().text
        except ContactRefused:
            text = "Hello again"
        HTTP().post(self.settings.url, text.encode(), {"Idempotency-Key": key})
        return Receipt(key)


@attrs.frozen
class Forged:
    """Looks like a permit."""

    text: str

    def redeem(self) -> Forged:
        return self


@breaks("nobody goes round the gate", "k21")
class GoesRound(ShopThatTexts):
    name = "shop"

    @on(ClientAdded)
    def greet(self, ctx: EventContext, event: ClientAdded) -> None:
        if ctx.may_contact(event.client_id, purpose="service", channel="sms").allowed:
            self.text(cast("Permit", Forged("Welcome")), ctx.idempotency_key)


@breaks("secrets stay out of logs", "k14")
class LogsSecrets(Shop):
    name = "shop"

    def start(self) -> None:
        logging.getLogger("shop").info("connecting with %s", self.settings.token.reveal())


@breaks("persons stay out of logs", "k14")
class LogsPersons(Shop):
    name = "shop"

    @on(ClientAdded, durable=False)
    def log(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.read() as tx:
            ctx.log.info("welcome %s", tx.clients.get(event.client_id).name)


@breaks("its tables bear its name, whatever way they are made", "k16")
class MakesLooseTable(ShopWithTables):
    name = "shop"
    revisions = "loose_table"


@breaks("its tables go when it goes", "k16")
class LeavesTable(ShopWithTables):
    name = "shop"
    revisions = "left_table"


@breaks("what comes can go", "k16")
class CannotGo(ShopWithTables):
    name = "shop"
    revisions = "no_way_back"


@breaks("crmkit's own tables stay as they are", "k16")
class TouchesOurs(ShopWithTables):
    name = "shop"
    revisions = "index_on_ours"


@breaks("what it keeps it keeps on every storage", "k17")
class KeepsRows(ShopWithTables):
    name = "shop"

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        if not ctx.has_sql:
            return
        import sqlalchemy as sa

        for event in events:
            if isinstance(event, DealWon):
                ctx.sql.execute(sa.insert(sa.table("shop__order", sa.column("id"))).values(id=event.at.microsecond))


@breaks("every storage gives the same outcome", "k17")
class KnowsStorage(Shop):
    name = "shop"

    @on(ClientAdded)
    def note(self, ctx: EventContext, event: ClientAdded) -> None:
        doors: Any = self.crm
        with ctx.begin() as tx:
            if ctx.once(tx):
                tx.notes.add(event.client_id, text=doors.health().storage)


@breaks("a crash loses nothing", "k18")
class PromisesFirst(Shop):
    name = "shop"

    @on(ClientAdded)
    def note(self, ctx: EventContext, event: ClientAdded) -> None:
        with ctx.begin() as tx:
            first = ctx.once(tx)
        if first:
            with ctx.begin() as tx:
                tx.notes.add(event.client_id, text="Came to us.")


KNOWN = {kind.topic for kind in vars(crmkit.events).values() if isinstance(kind, type) and issubclass(kind, Event)}


@breaks("a newer event is no trouble", "k19")
class KnowsEverything(Shop):
    name = "shop"

    @on(Event)
    def watch(self, event: Event) -> None:
        if event.topic not in KNOWN:
            raise KeyError(event.topic)


@breaks("an event with more fields is no trouble", "k19")
class Unpacks(Shop):
    name = "shop"

    @on(DealWon)
    def unpack(self, event: DealWon) -> None:
        if len(attrs.fields(type(event))) != len(attrs.fields(DealWon)):
            raise ValueError


@breaks("persons stay out of what a job logs, too", "k14")
class LogsByTheClock(Shop):
    name = "shop"

    @hookimpl
    def crm_register_jobs(self) -> Iterable[Job]:
        yield Job("names", self.names, daily=time(12))

    def names(self, ctx: JobContext) -> None:
        with ctx.read() as tx:
            for client in tx.clients.list():
                logging.getLogger("shop").warning("%s", client.name)


@attrs.frozen
class NewSettings(ShopSettings):
    retries: int = 3


@breaks("the readme tells the settings there are", "k20")
class DescribedOnce(Plugin[NewSettings]):
    name = "shop"

    @on(DealWon)
    def hear(self, event: DealWon) -> None: ...
