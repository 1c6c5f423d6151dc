"""
The work that every contender does, as a function of an index: nobody needs a data file, and all do the same.

- W1: register a client with two contact points and a consent, and commit: `registered(i)`.
- W2: log a touchpoint of a client who is there, with a row for an outbox, and commit: `logged(n, clients)`.
- W3: import clients with their contact points into an empty schema that has its indexes: `registered(i)`.
- W4: find the client of a phone number, which one time in ten is nobody's: `wanted(n, clients)`.
- W5: a client's card, with contact points, the last `LAST_TOUCHES` touchpoints, newest first, open deals, and consents
  in force; clients with a long, a middling and a short history take turns: `carded(n, clients)`.
- W6: who bought, lost a deal or complained since `ASKED_SINCE`, with name and the three answers: `outcomes(clients)`.
- W7 has its own rows: `purchases(count, clients)`.

W1, W2, W4 and W5 stand on a base of clients with contact points, consents, deals and touchpoints.
Instants are milliseconds since 1970, amounts are in the smallest unit.
Clients, deals and operations count from zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

DAY: Final = 86_400_000
YEAR: Final = 365 * DAY
#: 2026-01-01T00:00:00Z.
NOW: Final = 1_767_225_600_000
#: W6 looks back so far; what happened at this instant counts.
ASKED_SINCE: Final = NOW - YEAR
#: As many touchpoints as a card shows.
LAST_TOUCHES: Final = 50
#: As many deals as every client of the base has.
DEALS_EACH: Final = 2

_FIRST_NAMES: Final = "Anna Boris Clara Denis Elena Fedor Galina Hans Irina Jonas Karin Leo Maria Nikolai Olga Pavel Rita Sergei Tamara Viktor".split()  # noqa: SIM905  # forty lines otherwise
_LAST_NAMES: Final = "Adler Belov Conti Dietz Egorov Fischer Gomez Haas Ivanov Jansen Klein Lebedev Moreau Novak Orlov Petrov Ricci Sokolov Tanaka Weber".split()  # noqa: SIM905  # likewise
_KINDS: Final = ("call", "email", "visit", "message")
_CHANNELS: Final = {"call": "phone", "email": "email", "visit": "office", "message": "telegram", "complaint": "phone"}
_64_BITS: Final = (1 << 64) - 1


class Point(NamedTuple):
    """A contact point: as it was written, and the form it is found by."""

    kind: Literal["phone", "email"]
    value: str
    normalised: str


class Consent(NamedTuple):
    """What a client agreed to."""

    purpose: str
    channel: str
    state: str
    at: int
    source: str


class Client(NamedTuple):
    """A client as W1 and W3 register one; W3 leaves the consent out."""

    kind: str
    name: str
    created_at: int
    points: tuple[Point, Point]
    consent: Consent


class Deal(NamedTuple):
    """A deal of the base; `closed_at` is None while its stage is open."""

    title: str
    stage: Literal["open", "won", "lost"]
    amount: int
    opened_at: int
    closed_at: int | None


class Touch(NamedTuple):
    """A touchpoint."""

    at: int
    kind: str
    channel: str
    direction: Literal["in", "out"]
    summary: str


class Outcome(NamedTuple):
    """What W6 tells about a client."""

    bought: bool
    lost: bool
    complained: bool


def mixed(x: int) -> int:
    """64 bits that look like chance and are always the same for *x* (splitmix64)."""
    x = (x + 0x9E3779B97F4A7C15) & _64_BITS
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _64_BITS
    return x ^ (x >> 31)


def phone(i: int) -> str:
    """The number of client *i*; no other client has it."""
    return f"+79{(i * 7919 + 13) % 1_000_000_000:09}"


def registered(i: int) -> Client:
    """Client *i*."""
    drawn, number = mixed(i), phone(i)
    return Client(
        kind="person",
        name=f"{_FIRST_NAMES[drawn % 20]} {_LAST_NAMES[(drawn >> 8) % 20]} {i}",
        created_at=NOW - 3 * YEAR + (drawn >> 16) % (2 * YEAR),
        points=(
            Point("phone", f"8 ({number[2:5]}) {number[5:8]}-{number[8:10]}-{number[10:12]}", number),
            Point("email", f"User{i}@Example.org", f"user{i}@example.org"),
        ),
        consent=Consent("marketing", "email", "granted", NOW - YEAR, "web-form"),
    )


def touches(i: int) -> int:
    """How many touchpoints of client *i* the base has: 200 of each hundredth, 40 of nine more, 5 of the others."""
    place = i % 100
    return 200 if place == 0 else 40 if place < 10 else 5


def touch(i: int, k: int) -> Touch:
    """Touchpoint *k* of client *i*: one in fifty is a complaint."""
    drawn, kind = _touched(i, k)
    direction: Literal["in", "out"] = "in" if drawn & 1 << 60 else "out"
    return Touch(_touched_at(drawn), kind, _CHANNELS[kind], direction, f"note {k} on client {i}")


def _touched(i: int, k: int) -> tuple[int, str]:
    drawn = mixed(i * 1009 + k * 7 + 3)
    return drawn, "complaint" if drawn % 50 == 0 else _KINDS[(drawn >> 8) % 4]


def _touched_at(drawn: int) -> int:
    return NOW - (drawn >> 16) % (3 * YEAR)


def touches_in_turn(clients: int) -> Iterator[tuple[int, Touch]]:
    """Each touchpoint of the base with its client, one of each client after the other, as days go by."""
    for k in range(200):
        for i in range(clients):
            if k < touches(i):
                yield i, touch(i, k)


def deal(j: int) -> Deal:
    """Deal *j*, of client `j // DEALS_EACH`: three in ten are open, four won, three lost."""
    drawn = mixed(j + 5_000_000_000)
    opened_at = NOW - (drawn >> 8) % (3 * YEAR)
    closed_at = min(NOW, opened_at + (drawn >> 44) % (90 * DAY))
    tenth, amount = drawn % 10, 10_000 + (drawn >> 20) % 5_000_000
    if tenth < 3:
        return Deal(f"deal {j}", "open", amount, opened_at, None)
    return Deal(f"deal {j}", "won" if tenth < 7 else "lost", amount, opened_at, closed_at)


def deals(i: int) -> tuple[Deal, ...]:
    """The deals of client *i*."""
    return tuple(deal(i * DEALS_EACH + k) for k in range(DEALS_EACH))


def logged(n: int, clients: int) -> tuple[int, Touch]:
    """Operation *n* of W2: a client of the base, and the touchpoint to log."""
    drawn = mixed(n + 77)
    kind = _KINDS[(drawn >> 40) % 4]
    return drawn % clients, Touch(NOW + n * 1000, kind, _CHANNELS[kind], "out", f"called about order {n}")


def wanted(n: int, clients: int) -> tuple[int | None, str]:
    """Operation *n* of W4: a number, and the client of the base who has it, or None for nobody."""
    drawn = mixed(n + 31)
    if drawn % 10 == 0:
        return None, f"+70000{(drawn >> 8) & 0xFFFFF:06}"
    i = (drawn >> 16) % clients
    return i, phone(i)


def carded(n: int, clients: int) -> int:
    """Operation *n* of W5: a client of the base, of whom there are a hundred at least."""
    drawn = mixed(n + 99)
    hundred = (drawn >> 8) % max(1, clients // 100) * 100
    return min(clients - 1, hundred + (0, 1 + (drawn >> 40) % 9, 10 + (drawn >> 40) % 90)[n % 3])


def card_is_right(i: int, *, points: int, touched: int, open_deals: int, consents: int) -> bool:
    """Whether the counts are those of client *i*; W2 may have brought touchpoints since."""
    return (
        points == len(registered(i).points)
        and min(LAST_TOUCHES, touches(i)) <= touched <= LAST_TOUCHES
        and open_deals == sum(each.stage == "open" for each in deals(i))
        and consents == 1
    )


def outcomes(clients: int) -> Mapping[int, Outcome]:
    """The answer to W6 on the base: each client with at least one of the three, in order."""
    found = ((i, _outcome(i)) for i in range(clients))
    return {i: outcome for i, outcome in found if any(outcome)}


def _outcome(i: int) -> Outcome:
    ended = {each.stage for each in deals(i) if each.closed_at is not None and each.closed_at >= ASKED_SINCE}
    complained = any(
        kind == "complaint" and _touched_at(drawn) >= ASKED_SINCE
        for drawn, kind in (_touched(i, k) for k in range(touches(i)))
    )
    return Outcome("won" in ended, "lost" in ended, complained)


def purchases(count: int, clients: int) -> Iterator[tuple[int, int, int]]:
    """Client, instant and amount of each purchase of W7, within a year; the first clients buy most."""
    for k in range(count):
        drawn = mixed(k + 9_000_000_000)
        place, size = (drawn & 0xFFFFFFFF) / 2**32, ((drawn >> 32) & 0xFFFF) / 65536
        yield int(place * place * clients), NOW - 1 - (drawn >> 20) % YEAR, int(500 + 100_000 * size**3)
