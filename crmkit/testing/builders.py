"""Ready values for tests. Instants carry microseconds and an offset, ids carry order: both get lost easily."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar
from uuid import UUID

from crmkit.crm.system import TimeOrderedIds
from crmkit.domain.call import Call
from crmkit.domain.client import Client, ExternalId
from crmkit.domain.consent import Consent, Evidence
from crmkit.domain.consent.slot import Slot
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.custom import Custom
from crmkit.domain.datum import INDEXED, Datum
from crmkit.domain.deal import Deal, DealStep
from crmkit.domain.delivery import Delivery
from crmkit.domain.document import Document
from crmkit.domain.duplicates import Apart
from crmkit.domain.events import ClientAdded
from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.ids import EventId
from crmkit.domain.marks import Mark
from crmkit.domain.merge import Merge
from crmkit.domain.message import Attempt, Message
from crmkit.domain.money import Money
from crmkit.domain.note import Note
from crmkit.domain.personal_change import PersonalChange
from crmkit.domain.pipeline import Pipeline, Stage
from crmkit.domain.purchase import Item, Purchase, Refund
from crmkit.domain.records import Record
from crmkit.domain.seal import Gap, Seal, Span
from crmkit.domain.share import Share
from crmkit.domain.source import Source
from crmkit.domain.task import Task
from crmkit.domain.ticket import Ticket
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.user import Team, User
from crmkit.ports import Entry
from crmkit.storage.held import SHORT, Held, held_in

R = TypeVar("R", bound=Record)
NOON = datetime(2026, 1, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
#: Letters that collations, code pages and escapes get wrong.
HARD = 'Ёлка, Зоя\'s "naïve" \\ 100% _ 🙂 '
_ids = TimeOrderedIds()


def new_id() -> Any:
    """An id later than those before it."""
    return _ids.new()


def a_client(name: str = "Ada", **given: Any) -> Client:
    """A prospect, with everything optional empty unless given."""
    said: dict[str, Any] = {"kind": "person", "lifecycle": "prospect", "market_level": "ours"}
    return a_record(Client, name=name, **{**said, **given})


def an_external_id(client: Client, system: str = "shop", value: str = "42", **given: Any) -> ExternalId:
    """What another system calls a client."""
    return a_record(ExternalId, client_id=client.id, system=system, value=value, **given)


def a_contact(client: Client, name: str = "Grace", **given: Any) -> Contact:
    """Somebody at a client."""
    return a_record(Contact, client_id=client.id, name=name, **given)


def a_contact_point(client: Client, match_key: str | None = "+4930901820", **given: Any) -> ContactPoint:
    """A telephone number."""
    said: dict[str, Any] = {"kind": "phone", "value": match_key or "?", "normalizer": "e164", "status": "unverified"}
    return a_record(ContactPoint, client_id=client.id, match_key=match_key, **{**said, **given})


def a_deal(client: Client, title: str = "Order", **given: Any) -> Deal:
    """An open deal in the first stage."""
    said: dict[str, Any] = {"pipeline": "sales", "stage": "new", "status": "open"}
    return a_record(Deal, client_id=client.id, title=title, **{**said, **given})


def a_deal_step(deal: Deal, number: int = 1, **given: Any) -> DealStep:
    """The opening of a deal."""
    said: dict[str, Any] = {"kind": "opened", "to_stage": "new", "pipeline": "sales", "seconds": 0}
    return a_record(DealStep, deal_id=deal.id, client_id=deal.client_id, number=number, **{**said, **given})


def a_purchase(client: Client, **given: Any) -> Purchase:
    """Something bought, without a deal."""
    return a_record(Purchase, **_said(given, client_id=client.id, channel="code"))


def a_refund(purchase: Purchase, **given: Any) -> Refund:
    """Money given back."""
    return a_record(Refund, purchase_id=purchase.id, client_id=purchase.client_id, **given)


def a_touchpoint(client: Client | None = None, *, minutes: float = 0, **given: Any) -> Touchpoint:
    """A missed call *minutes* after noon."""
    said: dict[str, Any] = {"channel": "call", "direction": "inbound", "initiator": "client", "minutes": None}
    if "external_id" in given:
        said["origin"] = "pbx"
    at = NOON + timedelta(minutes=minutes)
    return a_record(Touchpoint, client_id=client.id if client else None, occurred_at=at, **{**said, **given})


def a_call(client: Client | None = None, **given: Any) -> Call:
    """A call that rings."""
    said: dict[str, Any] = {"direction": "inbound", "state": "ringing", "number": "030 901820", "origin": "pbx"}
    return a_record(Call, client_id=client.id if client else None, **{**said, **given})


def a_consent(client: Client, seq: int = 1, **given: Any) -> Consent:
    """A grant for marketing by email."""
    said: dict[str, Any] = {"kind": "grant", "purpose": "marketing", "channel": "email", "basis": "consent"}
    return a_record(Consent, **_said(given, client_id=client.id, orig_subject=client.id, seq=seq, **said))


def a_message(client: Client, **given: Any) -> Message:
    """A message about an order that waits for its channel."""
    said: dict[str, Any] = {
        "channel": "sms", "purpose": "service", "state": "queued", "text": "Your order is ready.", "turn": 1,
    }  # fmt: skip
    return a_record(Message, client_id=client.id, **{**said, **given})


def an_attempt(message: Message, seq: int = 1, **given: Any) -> Attempt:
    """The message is allowed out."""
    of = message.client_id
    said: dict[str, Any] = {"channel": message.channel, "purpose": message.purpose, "reason": "granted"}
    return a_record(Attempt, **_said(given, client_id=of, orig_subject=of, seq=seq, message_id=message.id, **said))


def a_task(client: Client | None = None, **given: Any) -> Task:
    """An open task, due at noon."""
    said: dict[str, Any] = {"title": "Call back", "status": "open"}
    return a_record(Task, client_id=client.id if client else None, **{**said, **given})


def a_note(client: Client, **given: Any) -> Note:
    """A special request."""
    return a_record(Note, client_id=client.id, **_said(given, text="Never before ten.", kind="request"))


def a_share(client: Client, user: str = "18", **given: Any) -> Share:
    """Somebody else may see it, for ever."""
    return a_record(Share, client_id=client.id, user=user, **_said(given, right="read"))


def a_slot(client: Client, **given: Any) -> Slot:
    """The first place of a cap."""
    return a_record(Slot, client_id=client.id, **_said(given, orig_subject=client.id, number=1))


def an_apart(client: Client, other: Client, **given: Any) -> Apart:
    """They share a phone, and are two."""
    return a_record(Apart, client_id=client.id, other_id=other.id, **given)


def a_personal_change(client: Client | None = None, **given: Any) -> PersonalChange:
    """A client's name, corrected."""
    said: dict[str, Any] = {"record": "client", "field": "name", "before": "Ana", "after": "Anna"}
    return a_record(PersonalChange, client_id=client.id if client else None, **{**said, **given})


def a_document(client: Client | None = None, **given: Any) -> Document:
    """A contract of four bytes."""
    said: dict[str, Any] = {"kind": "contract", "media_type": "application/pdf", "size": 4}
    return a_record(Document, client_id=client.id if client else None, **{**said, **given})


def a_ticket(client: Client, **given: Any) -> Ticket:
    """A new complaint."""
    said: dict[str, Any] = {"kind": "complaint", "subject": "Late", "priority": "normal", "status": "new"}
    return a_record(Ticket, client_id=client.id, **{**said, **given})


def a_merge(survivor: Client, merged: Client | None = None, **given: Any) -> Merge:
    """What is left of a client without anything on record."""
    gone = merged or a_client("Double")
    said: dict[str, Any] = {"merged_id": gone.id, "merged": gone, "before": survivor, "after": survivor, "head": 0}
    return a_record(Merge, client_id=survivor.id, **{**said, **given})


def a_delivery(**given: Any) -> Delivery:
    """A waiting one, due at noon, to nobody in particular."""
    said: dict[str, Any] = {
        "topic": "client.added",
        "subject": "7",
        "subscriber": "mail.send",
        "state": "waiting",
        "attempts": 0,
    }
    return a_record(Delivery, **{**said, **given})


def a_datum(client: Client | None = None, key: str = "1", **given: Any) -> Datum:
    """A record of a plugin's own, of a client or of nobody."""
    said: dict[str, Any] = {"collection": "loyalty.points", "data": "{}", **dict.fromkeys(INDEXED, "")}
    return a_record(Datum, client_id=client.id if client else None, key=key, **{**said, **given})


def a_seal(number: int = 1, **given: Any) -> Seal:
    """On the first entry of a journal."""
    said: dict[str, Any] = {"covers": (Span(1, 1),), "digests": ("0" * 64,), "upto": 1, "entries": 1, "link": "f" * 64}
    return a_record(Seal, number=number, **{**said, **given})


def a_user(key: str = "17", **given: Any) -> User:
    """One of the host's people."""
    return a_record(User, id=key, **_said(given, name="Zoë", active=True))


def a_team(key: str = "sales", **given: Any) -> Team:
    """A team of the host's."""
    return a_record(Team, id=key, **_said(given, name="Sales"))


def a_pipeline(key: str = "sales", **given: Any) -> Pipeline:
    """A pipeline of one stage."""
    return a_record(Pipeline, id=key, **_said(given, name="Sales", stages=(Stage("new", "New"),)))


def an_entry(client: Client, *subscribers: str, events: int = 1, depth: int = 0, **given: Any) -> Entry:
    """A journal entry that says a client was added; each of its subscribers hears every event of it."""
    said: dict[str, Any] = {
        "at": NOON, "actor": "17", "source": Source("web", campaign="Весна"), "correlation_id": None, **given,
    }  # fmt: skip

    def event() -> ClientAdded:
        own: dict[str, Any] = {"client_id": client.id, "kind": "person", "owner": None, "points": (new_id(),)}
        return ClientAdded(EventId(new_id()), version=1, **said, **own)

    places = FrozenMap(dict.fromkeys(subscribers, tuple(range(events))))
    return Entry(tuple([event() for _ in range(events)]), places, depth)


def a_record(kind: type[R], /, *, filled: bool = False, **given: Any) -> R:
    """A record of any kind: every field *filled* with something hard to keep, or every optional one empty."""
    fields = held_in(kind)
    if unknown := given.keys() - fields:
        message = f"{kind.__name__} has no {', '.join(sorted(unknown))}."
        raise TypeError(message)
    values = {name: given[name] if name in given else _value(held, filled) for name, held in fields.items()}
    made: Callable[..., R] = kind
    return made(**values)


def _said(given: dict[str, Any], **otherwise: Any) -> dict[str, Any]:
    return {**otherwise, **given}


def _value(held: Held, filled: bool) -> Any:
    if held.optional and not filled:
        return None
    if held.choices:
        return held.choices[-1]
    if held.type is str:
        if held.mark is Mark.PERSONAL and held.name not in SHORT:
            return HARD * (20_000 // len(HARD)) if filled else "text"
        return f"{held.name} {HARD}"
    return (_FILLED if filled else _PLAIN)[held.type](held)


Make = Callable[[Held], Any]
_PLAIN: dict[type[Any], Make] = {
    UUID: lambda _: new_id(),
    datetime: lambda _: NOON,
    int: lambda _: 1,
    bool: lambda _: False,
    Money: lambda _: Money("0.0001", "EUR"),
    Source: lambda _: Source("code"),
    frozenset: lambda _: frozenset[str](),
    tuple: lambda _: (),
    FrozenMap: lambda _: FrozenMap[str, Any](),
    Custom: lambda _: Custom(),
    Evidence: lambda _: Evidence(),
    Client: lambda _: a_client(),
}
_ITEMS: dict[type[Any], tuple[Any, ...]] = {
    Item: (Item(HARD, 3, Money("-12.3456", "JPY"), "Tea"), Item("Tea")),
    Stage: (Stage("ё", HARD), Stage("b", "B")),
    Span: (Span(-(2**62), 2**62), Span(2**63 - 1, 2**63 - 1)),
    Gap: (Gap(2**62, 2**62, NOON), Gap(2**62 + 2, 2**63 - 1, NOON)),
    str: (HARD, "", "0" * 64),
}
_PAIRS: dict[type[Any], dict[str, Any]] = {int: {HARD: 2**53 + 1, "b": 0}, str: {HARD: HARD, "b": ""}}
_FILLED: dict[type[Any], Make] = {
    **_PLAIN,
    int: lambda _: 2**62,
    bool: lambda _: True,
    Money: lambda _: Money("99999999999999.9999", "RUB"),
    Source: lambda _: Source("web", "crmkit-forms", HARD, "ref-1"),
    frozenset: lambda _: frozenset({"vip", HARD, "VIP"}),
    tuple: lambda held: _ITEMS[held.inside[0]],
    FrozenMap: lambda held: FrozenMap(_PAIRS[held.inside[1]]),
    Custom: lambda _: Custom({"level": -(2**62), "card": HARD, "tags": "\x1fa\x1fb\x1f"}),
    Client: lambda _: a_record(Client, filled=True),
    Evidence: lambda _: Evidence("privacy-2026", "ru", "web_form", "doc-1", HARD, "2", True, "f", "r", "b", HARD, HARD),
}
