"""
The rows that the workload comes to in crmkit's tables, written by hand.

Ids are sixteen bytes, instants are microseconds, as they lie in SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from re import compile as pattern
from time import time_ns
from typing import Any, Final, TypeAlias
from uuid import UUID

from peers import workload

from crmkit.domain.touchpoint import Channel

Row = tuple[Any, ...]
#: Ids and instants as SQLite has them, and as PostgreSQL takes them.
Id: TypeAlias = bytes | UUID
At: TypeAlias = int | datetime
#: Who works with the base, and owns every client of it.
OWNER: Final = "17"
CHANNELS: Final[Mapping[str, Channel]] = {"phone": "call", "email": "email", "office": "visit", "telegram": "messenger"}
DIRECTIONS: Final = {"in": "inbound", "out": "outbound"}
INITIATORS: Final = {"in": "client", "out": "company"}
SOURCE: Final = ("code", None, None, None)
#: Who hears of a journal row's events, by their places in it: crmkit's plugin that hears.
OF_CLIENT: Final = '{"listener.client":[0]}'
OF_TOUCH: Final = '{"listener.touchpoint":[0]}'
CLIENT, POINT, CONSENT, DEAL, STEP, TOUCH, PURCHASE, TICKET = range(1, 9)

#: From so many digits on, a word may be a number.
_NUMBER: Final = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_words = pattern("[a-z0-9]+").findall
_bits = Random().getrandbits  # noqa: S311  # ids are names, no secrets


def fixed_id(kind: int, number: int, at: int = 0) -> bytes:
    """The id of record *number* of a kind of the base: of version 7, and the same in every run."""
    drawn = workload.mixed(number * 16 + kind)
    whole = (at or workload.NOW - 3 * workload.YEAR + number) << 80 | 7 << 76 | kind << 64 | 2 << 62 | drawn >> 2
    return whole.to_bytes(16, "big")


def client_id(i: int) -> bytes:
    """The id of client *i* of the base."""
    return fixed_id(CLIENT, i)


def new_id() -> bytes:
    """A fresh id that begins with the present, as crmkit's do."""
    return (time_ns() // 1_000_000 << 80 | 7 << 76 | 2 << 62 | _bits(62)).to_bytes(16, "big")


def micros(milliseconds: int) -> int:
    """An instant of the workload's."""
    return milliseconds * 1000


def instant(milliseconds: int) -> datetime:
    """The same as a `datetime`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def client(id: Id, name: str, at: At, last: Sequence[int | None] = (None, None, None, None)) -> Row:
    """A row of crm_client; *last* are when it was touched, bought, fell through and complained."""
    return (
        id, "person", name, "prospect", OWNER, *SOURCE, "potential", None, None, None, "", "{}", "{}", None, OWNER, at,
        at, *last, 1,
    )  # fmt: skip


def points(client_id: Id, phone_id: Id, email_id: Id, told: workload.Client, at: At) -> tuple[Row, Row]:
    """A client's two rows of crm_contact_point."""
    phone, email = told.points
    return (
        (phone_id, client_id, None, "phone", None, phone.value, phone.normalised, "e164", 1, "unverified", None, at, at, 1),
        (email_id, client_id, None, "email", None, email.value, email.normalised, "rfc5321", 1, "unverified", None, at, at, 1),
    )  # fmt: skip


def tokens(client_id: Id, phone_id: Id, email_id: Id, told: workload.Client) -> list[Row]:
    """A client's rows of crm_search: words, the address, the number from both ends and as it was typed."""
    phone, email = told.points
    digits, typed = phone.normalised[1:], "".join([sign for sign in phone.value if sign.isdigit()])
    return [
        *[(client_id, client_id, word) for word in _of_name(told.name)],
        (client_id, phone_id, digits),
        (client_id, phone_id, "<" + digits[::-1]),
        (client_id, phone_id, ">" + typed),
        (client_id, email_id, email.normalised),
        *[(client_id, email_id, word) for word in _words(email.normalised)],
    ]


def _of_name(name: str) -> list[str]:
    """Its words; what may be a number is found from its end, too."""
    words = name.lower().split()
    return [*words, *["<" + word[::-1] for word in words if word.isdigit() and len(word) >= _NUMBER]]


def consent(id: bytes, client_id: bytes, at: int, email: str) -> Row:
    """A row of crm_consent: the client's first."""
    seen = f'{{"{UUID(bytes=client_id)}":0}}'
    return (
        id, client_id, client_id, 1, seen, "grant", "marketing", "email", "consent", "{}", None, at, OWNER, *SOURCE,
        *sealed(id, email),
    )  # fmt: skip


def sealed(id: bytes, email: str) -> Row:
    """What a consent says of its address, its law and its place in the chain: two hashes, as crmkit makes."""
    salt = new_id().hex() + new_id().hex()
    proof = sha256(f"{salt}{email}".encode()).hexdigest()
    digest = sha256(f"{id.hex()}grant marketing email consent {proof}".encode()).hexdigest()
    return (email, None, "other", None, None, salt, proof, digest)


def touchpoint(id: bytes, client_id: bytes, touch: workload.Touch) -> Row:
    """A row of crm_touchpoint."""
    return (
        id, client_id, None, None, micros(touch.at), CHANNELS[touch.channel], DIRECTIONS[touch.direction],
        INITIATORS[touch.direction], None, touch.summary, None, None, None, OWNER, None, None, None,
    )  # fmt: skip


def journal(id: Id, at: At, events: str, subscribers: str) -> Row:
    """A row of crm_journal without its number, which the database gives."""
    return (id, at, OWNER, *SOURCE, None, f"[{events}]", subscribers, "pending", 0)


def heard_by_all(events: int) -> str:
    """Who hears of so many new clients."""
    return f'{{"listener.client":[{",".join(map(str, range(events)))}]}}'


def client_added(id: bytes, client_id: bytes, phone_id: bytes, email_id: bytes) -> str:
    """What the journal says of a new client."""
    return (
        f'{{"id":"{id.hex()}","topic":"client.added","version":1,"data":{{"client_id":"{client_id.hex()}",'
        f'"kind":"person","owner":"{OWNER}","points":["{phone_id.hex()}","{email_id.hex()}"]}}}}'
    )


def consent_granted(id: bytes, consent_id: bytes, client_id: bytes) -> str:
    """What the journal says of a consent."""
    return (
        f'{{"id":"{id.hex()}","topic":"consent.granted","version":1,"data":{{"consent_id":"{consent_id.hex()}",'
        f'"client_id":"{client_id.hex()}","purpose":"marketing","channel":"email","basis":"consent",'
        '"valid_until":null}}'
    )


def touchpoint_recorded(id: bytes, touchpoint_id: bytes, client_id: bytes, channel: str) -> str:
    """What the journal says of a touchpoint of ours."""
    return (
        f'{{"id":"{id.hex()}","topic":"touchpoint.recorded","version":1,"data":{{"touchpoint_id":"{touchpoint_id.hex()}",'
        f'"client_id":"{client_id.hex()}","deal_id":null,"channel":"{channel}","direction":"outbound",'
        '"initiator":"company","outcome":null}}'
    )


def base(clients: int) -> Iterator[tuple[str, Iterator[Row]]]:
    """Each table of the base with its rows, so that what a row refers to comes first."""
    yield "crm_client", (_base_client(i) for i in range(clients))
    yield "crm_contact_point", (row for i in range(clients) for row in _base_points(i))
    yield "crm_search", (row for i in range(clients) for row in _base_tokens(i))
    yield "crm_consent", (_base_consent(i) for i in range(clients))
    deals = [(j, j // workload.DEALS_EACH, workload.deal(j)) for j in range(clients * workload.DEALS_EACH)]
    yield "crm_deal", (_base_deal(*one) for one in deals)
    yield "crm_deal_step", (row for one in deals for row in _base_steps(*one))
    yield "crm_purchase", (_base_purchase(*one) for one in deals if one[2].stage == "won")
    yield (
        "crm_touchpoint",
        (
            touchpoint(fixed_id(TOUCH, number), client_id(i), touch)
            for number, (i, touch) in enumerate(workload.touches_in_turn(clients))
        ),
    )
    yield (
        "crm_ticket",
        (
            _base_ticket(number, i, touch)
            for number, (i, touch) in enumerate(workload.touches_in_turn(clients))
            if touch.kind == "complaint"
        ),
    )


def _base_consent(i: int) -> Row:
    return consent(fixed_id(CONSENT, i), client_id(i), _since(i), workload.registered(i).points[1].normalised)


def _since(i: int) -> int:
    return micros(workload.registered(i).created_at)


def _base_client(i: int) -> Row:
    told, deals = workload.registered(i), workload.deals(i)
    touched = [workload.touch(i, k) for k in range(workload.touches(i))]
    instants = (
        [touch.at for touch in touched],
        [deal.closed_at for deal in deals if deal.stage == "won" and deal.closed_at],
        [deal.closed_at for deal in deals if deal.stage == "lost" and deal.closed_at],
        [touch.at for touch in touched if touch.kind == "complaint"],
    )
    last = [micros(max(some)) if some else None for some in instants]
    return client(client_id(i), told.name, micros(told.created_at), last)


def _base_points(i: int) -> tuple[Row, Row]:
    phone, email = fixed_id(POINT, 2 * i), fixed_id(POINT, 2 * i + 1)
    return points(client_id(i), phone, email, workload.registered(i), _since(i))


def _base_tokens(i: int) -> list[Row]:
    return tokens(client_id(i), fixed_id(POINT, 2 * i), fixed_id(POINT, 2 * i + 1), workload.registered(i))


def _base_deal(j: int, i: int, deal: workload.Deal) -> Row:
    opened, closed = micros(deal.opened_at), None if deal.closed_at is None else micros(deal.closed_at)
    reason, last = "price" if deal.stage == "lost" else None, closed or opened
    return (
        fixed_id(DEAL, j), client_id(i), deal.title, "sales", "new", deal.stage, deal.amount * 100, "EUR", OWNER,
        *SOURCE, "{}", reason, None, opened, opened, closed, last, 1 if closed is None else 2,
    )  # fmt: skip


def _base_steps(j: int, i: int, deal: workload.Deal) -> Iterator[Row]:
    opened = micros(deal.opened_at)
    of = (fixed_id(DEAL, j), client_id(i))
    yield fixed_id(STEP, 2 * j), *of, 1, "opened", "sales", None, "new", opened, 0, None, OWNER
    if deal.closed_at is not None:
        kind, reason = deal.stage, "price" if deal.stage == "lost" else None
        closed = micros(deal.closed_at)
        waited = (closed - opened) // 1_000_000
        yield fixed_id(STEP, 2 * j + 1), *of, 2, kind, "sales", "new", "new", closed, waited, reason, OWNER


def _base_purchase(j: int, i: int, deal: workload.Deal) -> Row:
    at = micros(deal.closed_at or 0)
    return (
        fixed_id(PURCHASE, j), client_id(i), fixed_id(DEAL, j), deal.amount * 100, "EUR", None, None, "[]", "code",
        *SOURCE, None, None, at, at, 1,
    )  # fmt: skip


def _base_ticket(number: int, i: int, touch: workload.Touch) -> Row:
    at = micros(touch.at)
    return (
        fixed_id(TICKET, number), client_id(i), None, "complaint", touch.summary, None, "normal", "open", None, at,
        None, None, None, at, 1,
    )  # fmt: skip
