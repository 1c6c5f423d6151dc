"""Searching clients by text: what a record is found by, and what a text asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.ids import ClientId
from crmkit.domain.phone import dialling, phone_key
from crmkit.domain.words import SURELY, digits_in, folded, parts_of, words_of

Searched: TypeAlias = Client | Contact | ContactPoint
#: The kinds of record a client is found by.
SEARCHED: tuple[type[Client], type[Contact], type[ContactPoint]] = (Client, Contact, ContactPoint)
#: For each word asked, what a token may begin with to answer it.
Question: TypeAlias = tuple[tuple[str, ...], ...]
#: How long a token is at most; what is asked is cut alike.
LONGEST = 64
#: Stand before digits written backwards, and before a number typed as at home. No word or address begins with them.
BACKWARDS, AS_TYPED = "<", ">"
#: From so many digits on, what is left of a number without its trunk or international prefix tells it from others.
_TELLING = 5

_PLAIN = re.compile(r"[ ().+-]*[0-9][0-9 ().+-]*").fullmatch
_E164 = re.compile(r"\+[0-9]{5,15}").fullmatch
_OWN_TRUNK = re.compile(r"\( ?[0-9] ?\)")


def client_of(record: Searched) -> ClientId:
    """Whom a record helps to find."""
    return record.id if isinstance(record, Client) else record.client_id


def tokens_of(record: Searched) -> frozenset[str]:
    """
    Give what a record is found by the beginnings of: words, whole addresses, numbers forwards and backwards.

    A client's tokens are its own, its contacts' and its contact points'. Postal addresses have none: half a town
    lives in Main Street, and who asks for Mr Main does not mean them.
    """
    found: Iterable[str]
    if not isinstance(record, ContactPoint):
        found = _of_text(record.name)
    elif record.kind == "phone":
        found = _of_phone(record.value, record.match_key)
    elif record.kind == "email":
        found = _of_email(record.value, record.match_key)
    else:
        found = () if record.kind == "postal" else _of_text(record.value)
    return frozenset([token[:LONGEST] for token in found])


def _of_text(text: str) -> Iterable[str]:
    form = folded(text)
    bare = form.replace(" ", "")
    if bare.isalpha() or (bare.isalnum() and len(digits_in(bare)) < SURELY):
        return form.split()  # most names are nothing but words
    return _of_mixed(form)


def _of_mixed(form: str) -> Iterator[str]:
    for kind, part in parts_of(form):
        if kind == "address":
            yield from words_of(part)
            if part[0] != "@":
                yield part
        elif kind == "number":
            yield from words_of(part)
            yield from _both_ways(digits_in(part))
        else:
            yield part


def _of_email(value: str, match_key: str | None) -> Iterable[str]:
    """The whole address and its words, as typed and as matched, which may be spelled in other alphabets."""
    if match_key is not None and value.isascii() and match_key == value.lower():
        return (match_key, *words_of(match_key))
    return _of_both(value, match_key)


def _of_both(value: str, match_key: str | None) -> Iterator[str]:
    if match_key is not None:
        yield folded(match_key)
        yield from words_of(match_key)
    if match_key is None or (value != match_key and folded(value) != folded(match_key)):
        yield from _of_text(value)


def _of_phone(value: str, match_key: str | None) -> Iterable[str]:
    """The number as it is dialled from anywhere, found from both ends; as typed; and words beside it."""
    if match_key is not None and _E164(match_key):
        digits = match_key[1:]
        if value == match_key:
            return _both_ways(digits)
        if _PLAIN(value):
            typed = digits_in(value)
            return _both_ways(digits) if typed == digits else (*_both_ways(digits), AS_TYPED + typed)
    return _of_spelled(value, match_key)


def _of_spelled(value: str, match_key: str | None) -> Iterator[str]:
    form = folded(value)
    if digits := digits_in(match_key or form):
        yield from _both_ways(digits)
    for kind, part in [("number", form)] if _PLAIN(form) else parts_of(form):
        if kind != "number":
            yield part
        elif match_key is None:
            yield from _both_ways(digits_in(part))
        elif (typed := digits_in(part)) != digits:
            yield AS_TYPED + typed


def _both_ways(digits: str) -> tuple[str, str]:
    return digits, BACKWARDS + digits[::-1]


def question(text: str, region: str | None) -> Question:
    """
    Read what somebody typed: a client answers if for every word some token begins with one of its alternatives.

    Digits are looked for at both ends of numbers, and as *region* (ISO 3166) dials them. No words: no entries.

    >>> question("Петров anna@ex", None)
    (('петров',), ('anna@ex',))
    >>> question("8 (912) 34", "RU")
    (('7891234', '791234', '891234', '<43219', '>891234'),)
    """
    asked: list[tuple[str, ...]] = []
    for kind, part in parts_of(folded(text)):
        if kind == "word":
            asked.append((part,))
        elif kind == "address":
            asked += [(part,)] if part[0] != "@" else [(word,) for word in words_of(part)]
        else:
            asked.append(tuple(_dialled(part, region)))
    return _without_implied([_shortest([one[:LONGEST] for one in word]) for word in asked])


def _dialled(spelled: str, region: str | None) -> Iterator[str]:
    """What a number or a part of one may be written as."""
    digits = digits_in(spelled)
    yield digits
    if len(digits) >= SURELY and (key := phone_key(spelled, region)):
        yield key[1:]
    if "+" in spelled:
        yield digits_in(_OWN_TRUNK.sub("", spelled))
        return
    yield from (BACKWARDS + digits[::-1], AS_TYPED + digits)
    if (known := dialling(region)) is None:
        return
    yield known.code + digits
    if known.trunk and digits.startswith(known.trunk) and (rest := digits.removeprefix(known.trunk)):
        yield known.code + rest
        if len(rest) >= _TELLING:
            yield BACKWARDS + rest[::-1]
    if known.abroad and digits.startswith(known.abroad) and len(digits) >= len(known.abroad) + _TELLING:
        yield digits.removeprefix(known.abroad)


def _shortest(alternatives: Iterable[str]) -> tuple[str, ...]:
    """Those that do not begin with another, in order."""
    kept: list[str] = []
    for one in sorted(set(alternatives)):
        if not kept or not one.startswith(kept[-1]):  # what begins with a text follows it at once
            kept.append(one)
    return tuple(kept)


def _without_implied(words: list[tuple[str, ...]]) -> Question:
    """Without those that whoever answers another answers too, as `an` beside `anna`."""
    asked = list(dict.fromkeys(words))
    return tuple(word for word in asked if not any(other != word and _implies(other, word) for other in asked))


def _implies(word: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return all(one.startswith(other) for one in word)


def answers(tokens: Iterable[str], asked: Question) -> bool:
    """Say whether a client with these tokens answers."""
    known = tuple(tokens)
    return all(any(token.startswith(word) for token in known) for word in asked)
