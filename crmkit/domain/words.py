"""What stands in a text: one folded form of everything, and the words, numbers and addresses in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

Part: TypeAlias = tuple[Literal["word", "digits", "number", "address"], str]
#: Digits that are surely meant as one number, however they are spaced.
SURELY = 5
#: Marks that make another letter: the breve of й and ў, and what voices kana.
_BREVE, _VOICED = "\u0306", "\u3099\u309a"
_IDLE_BREVE = re.compile(f"(?<![иу]){_BREVE}")
#: Choose how a letter is drawn, not which it is.
_SELECTORS = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]").match
#: In a folded text as `_drawing` draws it: an address, a number with its punctuation, a word.
_PARTS = re.compile(
    r'(?P<address>[^ ,;:<>()"\[\]]*@[^ ,;:<>()"\[\]]*)'
    r"|(?P<number>(?<![a1m])(?:\(?\+ ?\(?|\()?1+(?:[ ().\[\]/~-]{1,5}1+)*(?![a1m]))"
    r"|(?P<word>[a1][a1m]*)"
)
_WORDS, _ASCII_WORDS = re.compile("[a1][a1m]*").finditer, re.compile("[a-z0-9]+").findall
_DIGITS = re.compile("[0-9]+").findall
_SURE_SIGN = re.compile(r"[+()\[\]-]").search


def digits_in(text: str) -> str:
    """All digits of a folded text, one after the other."""
    return "".join(_DIGITS(text))


def folded(text: str) -> str:
    """
    Give the one form of texts that differ in letter case, accents and invisible marks only.

    >>> folded("Пётр ПАЙ"), folded("Zoë Müller"), folded("ＡＣＭＥ")
    ('петр пай', 'zoe muller', 'acme')
    """
    return text.lower() if text.isascii() else _long_way(text)


def _long_way(text: str) -> str:
    bare = "".join(map(_bare, unicodedata.normalize("NFKD", text).casefold()))
    return unicodedata.normalize("NFC", _IDLE_BREVE.sub("", unicodedata.normalize("NFKD", bare)))


@lru_cache(2**14)
def _bare(letter: str) -> str:
    """A letter as it is, a digit in ASCII; nothing for what is invisible or a mark upon a letter."""
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    upon = unicodedata.combining(letter) and letter != _BREVE and letter not in _VOICED
    return "" if upon or category == "Cf" or _SELECTORS(letter) else letter


@lru_cache(2**14)
def _drawn(letter: str) -> str:
    """A sign that stands for all like it: `1` digits, `a` letters, `m` marks of a letter, `-` dashes."""
    category = unicodedata.category(letter)
    if "0" <= letter <= "9":
        return "1"
    if letter.isalnum():
        return "a"
    if category[0] == "M":
        return "m"
    if category == "Pd" or letter == "\u2212":
        return "-"
    return " " if letter.isspace() else letter


_ASCII_DRAWN = {code: _drawn(chr(code)) for code in range(128)}


def _drawing(text: str) -> str:
    return text.translate(_ASCII_DRAWN) if text.isascii() else "".join(map(_drawn, text))


def parts_of(text: str) -> Iterator[Part]:
    """A folded text's words and addresses in their order; digits that are no number are words each."""
    drawing = _drawing(text)
    for found in _PARTS.finditer(drawing):
        part, drawn = text[found.start() : found.end()], found.group()
        if found.lastgroup == "address":
            yield "address", part
        elif found.lastgroup == "word":
            yield ("digits" if drawn.strip("1") == "" else "word"), part
        elif drawn.count("1") >= SURELY or _SURE_SIGN(drawn):
            yield "number", _spelled(part, drawn)
        else:
            for group in _DIGITS(part):
                yield "digits", group


def _spelled(part: str, drawn: str) -> str:
    """A number with plain punctuation, for the readers of numbers."""
    return "".join([letter if sign == "1" else sign for letter, sign in zip(part, drawn, strict=True)])


def words_of(text: str) -> list[str]:
    """
    Give the words of a text in their order: folded runs of letters and digits.

    >>> words_of("Kaffee-Haus №7")
    ['kaffee', 'haus', 'no7']
    """
    form = folded(text)
    if form.isascii():
        return _ASCII_WORDS(form)
    return [form[found.start() : found.end()] for found in _WORDS(_drawing(form))]
