"""What a reply asks for: to stop, perhaps to stop, or something else. Russian and English.

A reply of nothing but a refusal and words that change nothing beside one is `stop`. A refusal among other words is
`ambiguous`: a person reads it. Missing one costs more than a look, so whatever is in doubt is looked at.
Sources: 47 CFR 64.1200(a)(10) for the English keywords, 38-FZ art. 18.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal, TypeAlias

from crmkit.domain.reaching.own_words import own_words
from crmkit.domain.reaching.refusal import Item, is_refusal
from crmkit.domain.reaching.spelling import spelled
from crmkit.domain.reaching.stop_vocabulary import NO_STEMS, PHRASES, STEMS, Role, roles

Heard: TypeAlias = Literal["stop", "ambiguous", "other"]
#: How many characters of somebody's own are read.
LONGEST = 20_000
#: Signs that say it without a word.
_SIGNS = ("🛑", "⛔", "🚫")
_REFUSALS: frozenset[Role] = frozenset({"stop", "lone", "topic", "removal", "halt"})
_VERBS: frozenset[Role] = frozenset({"verb", "order", "doing"})
_LONGEST_PHRASE = 5
#: How many words may stand between "not" and what is not to be done.
_NEAR = 6


def heard(reply: str) -> Heard:
    """
    Say what a reply asks for; any text has an answer, in time that grows with its length.

    What is quoted does not count, nor do case, punctuation, emoji, politeness, and lookalikes of the other alphabet.
    A reply with more than `LONGEST` characters of its own is a person's to read.

    >>> heard("Отпишите меня, пожалуйста!"), heard("STOP"), heard("не звоните сегодня, лучше завтра"), heard("да")
    ('stop', 'stop', 'ambiguous', 'other')
    """
    own, quoted = own_words(reply)
    if len(own) > LONGEST:
        return "ambiguous"
    signed = any(sign in own for sign in _SIGNS)
    words = spelled(own, _vocabulary())
    items = _items(words)
    if is_refusal(items):
        return "stop"
    if signed or _mentions(items, words):
        return "ambiguous"
    if not words and is_refusal(_items(spelled(quoted[:LONGEST], _vocabulary()))):  # ">>> STOP <<<"
        return "ambiguous"
    return "other"


def _items(words: Sequence[str]) -> list[Item]:
    """Join words to the longest phrases known, and say what each may do."""
    known, found, at = _roles(), list[Item](), 0
    while at < len(words):
        for long in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = tuple(words[at : at + long])
            if phrase in known or long == 1:
                found.append((" ".join(phrase), known.get(phrase, frozenset())))
                at += long
                break
    return found


def _mentions(items: Sequence[Item], words: Sequence[str]) -> bool:
    """Say whether a refusal, or what may be one, stands anywhere."""
    if any(may & _REFUSALS for _, may in items):
        return True
    if any(word.startswith(STEMS) and not word.startswith(NO_STEMS) for word in words):
        return True
    text = f" {' '.join(words)} "
    if any(f" {phrase} " in text for phrase in PHRASES):
        return True
    taken_back = -_NEAR
    verb = -_NEAR
    for at, (word, may) in enumerate(items):
        if at - taken_back < _NEAR and may & (_VERBS | {"noun"}):
            return True
        if may & {"not", "never"}:
            if at - verb < _NEAR:
                return True
            taken_back = at
        if "verb" in may and not word.isascii():
            verb = at
    return False


@cache
def _roles() -> dict[tuple[str, ...], frozenset[Role]]:
    return roles()


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset([word for phrase in _roles() for word in phrase])
