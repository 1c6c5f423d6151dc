"""What somebody may do to a sealed log, and what a look through it must then say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import attrs
from ledger import COLUMNS, Ledger

from crmkit.audit import Breach, Head
from crmkit.domain.seal import Seal, Span, digest_of, link_of
from crmkit.testing import new_id

#: How far apart entries are that are tampered with at once, so that each is found by itself.
APART = 50
#: One of these is done at a place, with so many positions around it left alone.
Deed = Callable[[Ledger, int, Random], list[Breach]]


def edit(log: Ledger, position: int, chance: Random) -> list[Breach]:
    """Change one column."""
    row, column = [*log.rows[position]], chance.randrange(len(COLUMNS))
    row[column] = _other(row[column], chance)
    log.put(position, tuple(row))
    return [Breach("edited", position=position, seal=log.sealed_by(position))]


def shift_text(log: Ledger, position: int, _: Random) -> list[Breach]:
    """Let two columns say together what they said before."""
    row = [*log.rows[position]]
    row[3], row[5] = row[3][:-1], row[3][-1] + (row[5] or "")
    log.put(position, tuple(row))
    return [Breach("edited", position=position, seal=log.sealed_by(position))]


def delete(log: Ledger, position: int, _: Random) -> list[Breach]:
    """Take it away."""
    log.remove(position)
    return [Breach("deleted", position=position, seal=log.sealed_by(position))]


def swap(log: Ledger, position: int, chance: Random) -> list[Breach]:
    """Let two entries change places."""
    other = chance.choice([one for one in range(position + 1, position + APART // 2) if one in log.rows])
    one, two = log.rows[position], log.rows[other]
    log.put(position, two)
    log.put(other, one)
    return [
        Breach("swapped", position=position, other=other, seal=log.sealed_by(other)),
        Breach("swapped", position=other, other=position, seal=log.sealed_by(position)),
    ]


def copy_over(log: Ledger, position: int, _: Random) -> list[Breach]:
    """Let an entry stand at another's place too."""
    log.put(position, log.rows[_next(log, position)])
    return [Breach("edited", position=position, seal=log.sealed_by(position))]


def insert(log: Ledger, position: int, _: Random) -> list[Breach]:
    """Write a new entry into an old gap, or, where there is none near, before everything."""
    gap = next((one for one in range(position, position + APART // 2) if one not in log.rows), -position)
    log.put(gap, (new_id().bytes, *log.rows[_next(log, position)][1:]))
    return [Breach("inserted", position=gap)]


def move(log: Ledger, position: int, chance: Random) -> list[Breach]:
    """Let an entry stand elsewhere."""
    row = log.rows[position]
    gap = next((one for one in range(position, position + APART // 2) if one not in log.rows), -position)
    found = delete(log, position, chance)
    log.put(gap, row)
    return [*found, Breach("inserted", position=gap)]


DEEDS: tuple[Deed, ...] = (edit, shift_text, delete, swap, copy_over, insert, move)


def tamper(log: Ledger, chance: Random) -> tuple[list[Breach], int]:
    """Do something to an entry here and there, one after the other, far enough apart; how often, and what that is."""
    found, times = list[Breach](), 0
    places = [one for one in log.positions if one > 0]
    for start in range(chance.randrange(APART // 3), len(places) - APART, APART):
        found += chance.choice((*DEEDS, edit, edit))(log, places[start], chance)
        times += 1
    return found, times


def edit_a_seal(log: Ledger, chance: Random) -> tuple[list[Breach], list[Head]]:
    """Change one field of a seal; perhaps work out its link, too."""
    place = chance.randrange(len(log.seals))
    seal, heads = log.seals[place], log.heads
    forged = chance.random() < 0.5
    log.seals[place] = attrs.evolve(seal, **chance.choice(list(_changes(seal))))
    if not forged:
        return [Breach("seal_edited", seal=seal.number)], []
    if log.seals[place].link == seal.link:
        before = log.seals[place - 1].link if place else ""
        log.seals[place] = attrs.evolve(log.seals[place], link=link_of(before, log.seals[place]))
    return [Breach("seal_replaced", seal=seal.number)], heads


def delete_a_seal(log: Ledger, chance: Random) -> tuple[list[Breach], list[Head]]:
    """Take one away: the last one can be missed by who kept its head only."""
    place, heads = chance.randrange(len(log.seals)), log.heads
    gone = log.seals.pop(place)
    if place < len(log.seals):
        return [Breach("seal_deleted", seal=gone.number)], []
    before = log.seals[-1].upto
    return [Breach("cut", position=before + 1, other=gone.upto, seal=gone.number)], heads


def cut_the_tail(log: Ledger, chance: Random) -> tuple[list[Breach], list[Head]]:
    """Delete the last entries and every seal that covers one; the heads that were kept tell."""
    heads, kept = log.heads, chance.randrange(len(log.seals))
    log.seals, gone = log.seals[:kept], log.seals[kept:]
    upto = log.seals[-1].upto if log.seals else -1
    for position in [one for one in log.positions if one > upto + chance.randrange(50)]:
        log.remove(position)
    return [Breach("cut", position=upto + 1, other=gone[-1].upto, seal=gone[-1].number)], heads


def cut_and_keep_the_seals(log: Ledger, chance: Random) -> tuple[list[Breach], list[Head]]:
    """Delete the last entries and no seal: nobody need have kept a head."""
    gone = log.positions[-chance.randrange(1, 500) :]
    for position in gone:
        log.remove(position)
    return [Breach("deleted", position=one, seal=log.sealed_by(one)) for one in gone], []


def make_it_anew(log: Ledger, chance: Random) -> tuple[list[Breach], list[Head]]:
    """Change an entry, its digest, and every link that follows: without a head it is a sound log."""
    heads, position = log.heads, chance.choice(log.positions)
    number = log.sealed_by(position)
    edit(log, position, chance)
    seal = log.seals[number - 1]
    covered = [one for span in seal.covers for one in range(span.first, span.last + 1)]
    digests = [*seal.digests]
    ((_, text),) = log.written(position - 1, 1)
    digests[covered.index(position)] = digest_of(text)
    log.seals[number - 1] = attrs.evolve(seal, digests=tuple(digests))
    log.forge(number)
    assert log.verified().is_sound
    return [Breach("seal_replaced", seal=number)], [head for head in heads if head.number >= number]


WHOLE = (edit_a_seal, delete_a_seal, cut_the_tail, cut_and_keep_the_seals, make_it_anew)


def _next(log: Ledger, position: int) -> int:
    return next(one for one in range(position + 1, position + APART) if one in log.rows)


def _other(value: Any, chance: Random) -> Any:
    """Something else, as near as can be."""
    if value is None:
        return chance.choice(["", "null", "x"])
    if isinstance(value, int):
        return value + chance.choice([-1, 1])
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    text: str = value
    at = chance.randrange(len(text)) if text else 0
    others = [text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]] if text else []
    return chance.choice([*others, text + " ", text.upper() if text.upper() != text else text + "X", text.encode()])


def _changes(seal: Seal) -> Iterator[dict[str, Any]]:
    yield {"id": new_id()}
    yield {"at": seal.at.replace(microsecond=(seal.at.microsecond + 1) % 1_000_000)}
    yield {"upto": seal.upto + 1}
    yield {"entries": seal.entries - 1}
    yield {"link": seal.link[::-1]}
    yield {"gaps": seal.gaps[:-1] if seal.gaps else ()} if seal.gaps else {"entries": 0}
    yield {"digests": (*seal.digests[1:], seal.digests[0])}
    first = seal.covers[0]
    yield {"covers": (Span(first.first, first.last - 1), *seal.covers[1:])}
    yield {"covers": (), "digests": ()}
