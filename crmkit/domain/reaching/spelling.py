"""Words as a vocabulary spells them: whatever case, signs, stretched letters and lookalikes a reply has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set

_ALIKE = "aаeеoоcсpрxхyуkкmмtтhнbвiіsѕjј"
_TO_LATIN = str.maketrans(_ALIKE[1::2], _ALIKE[::2])
_TO_CYRILLIC = str.maketrans(_ALIKE[::2], _ALIKE[1::2])
_DIGITS = str.maketrans("013", "oie")
_INSIDE = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_WORDS = re.compile(r"[^\W_]+").findall
_STRETCHED = re.compile(r"(.)\1{2,}")
#: How many digits a telephone number that somebody writes has: E.164 ends at fifteen.
_DIALLED = range(9, 16)


def spelled(text: str, vocabulary: Set[str]) -> list[str]:
    """
    Give the words of a text; addresses and telephone numbers become `number`.

    >>> spelled("  S T O P — ОТПИШИТЕ меня с anna@example.org!!", frozenset({"stop"}))
    ['stop', 'отпишите', 'меня', 'с', 'number']
    """
    plain = " ".join(["number" if "@" in part[1:-1] else part for part in text.split()])
    found = _INSIDE.sub("", _folded(plain))
    words = _WORDS(found)
    mostly_cyrillic = any(_is_only_cyrillic(word) for word in words)
    known = [_known(word, vocabulary, mixed=mostly_cyrillic) for word in words]
    return _without_numbers(_joined(known, vocabulary))


def _folded(text: str) -> str:
    """One case and form; ё is е; no signs that only show, or show above a letter."""
    form = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return "".join([sign for sign in form if unicodedata.category(sign) not in ("Mn", "Me", "Cf")])


def _is_only_cyrillic(word: str) -> bool:
    return any("а" <= letter <= "я" for letter in word.translate(_TO_LATIN))


def _known(word: str, vocabulary: Set[str], *, mixed: bool) -> str:
    """The spelling of the vocabulary, if the word is one of its own in some disguise."""
    if word in vocabulary or len(word) == 1 or word.isdigit():  # а is no article
        return word
    latin_only = word.isascii()
    for form in (word, _STRETCHED.sub(r"\1", word), word.translate(_DIGITS)):
        latin, cyrillic = form.translate(_TO_LATIN), form.translate(_TO_CYRILLIC)
        if form in vocabulary:
            return form
        if latin in vocabulary:
            return latin
        if cyrillic in vocabulary and (mixed or not latin_only):
            return cyrillic
    return word


def _joined(words: list[str], vocabulary: Set[str]) -> list[str]:
    """With letters that stand apart joined where they make a word: s t o p."""
    found: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and len(words[end]) == 1:
            end += 1
        if end - at > 2 and (whole := _known("".join(words[at:end]), vocabulary, mixed=True)) in vocabulary:
            found.append(whole)
        else:
            found += words[at:end]
        if end < len(words):
            found.append(words[end])
        at = end + 1
    return found


def _without_numbers(words: list[str]) -> list[str]:
    """With a run of digits as long as a telephone number's made one word."""
    found: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end].isdecimal():
            end += 1
        run = words[at:end]
        found += ["number"] if sum(map(len, run)) in _DIALLED else run
        if end < len(words):
            found.append(words[end])
        at = end + 1
    return found
