"""Whether nothing is said but a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from crmkit.domain.reaching.stop_vocabulary import Role

#: A word or a phrase, and what it may do.
Item: TypeAlias = tuple[str, frozenset[Role]]
_Rule: TypeAlias = Literal["halt", "not", "never", ""]

_NOTS: frozenset[Role] = frozenset({"not", "never"})
_SAY_IT: frozenset[Role] = frozenset({"stop", "halt", "lone"})
_BESIDE: frozenset[Role] = frozenset({"lone", "topic", "removal", "noun", "listed", "plain", "need", "and"})
#: What takes back a verb before it by itself: "звонить запрещаю".
_TAKES_BACK = frozenset({"нельзя", "запрещаю"})


def is_refusal(items: Iterable[Item]) -> bool:
    """Say whether every word has its place in a refusal, and there is one."""
    sentence = _Sentence()
    return all(sentence.takes(word, may) for word, may in items) and sentence.is_refusal()


class _Sentence:
    def __init__(self) -> None:
        self._said: set[Role] = set()
        self._rules: _Rule = ""  # what looks for its verb
        self._ruled: _Rule = ""  # what has found it, until "or" says there is another
        self._no = False  # the last word was no more than "no"
        self._waits = False  # a verb looks for what takes it back: "звонить мне не надо"

    def takes(self, word: str, may: frozenset[Role]) -> bool:
        """Say whether the sentence may go on so."""
        if "polite" in may:
            return True
        if self._no and may & _SAY_IT:  # "no, stop"
            self._rules = ""
        self._no = False
        if self._rules in _NOTS:
            return self._behind_not(may)
        if may & _NOTS:
            return self._not(word, may)
        if "stop" in may:
            self._said.add("stop")
            return True
        if "halt" in may:
            return self._halt(may)
        if "doing" in may or ("verb" in may and not word.isascii()):
            return self._verb(may)
        if "or" in may or ("and" in may and self._ruled == "halt"):
            self._rules, self._ruled = self._ruled, ""
            return True
        self._said |= may & _BESIDE
        return bool(may & _BESIDE)

    def is_refusal(self) -> bool:
        """Say whether it was one, and whole."""
        if self._waits or self._rules in _NOTS:
            return False
        if "stop" in self._said or ("lone" in self._said and not self._said - {"lone", "removal"}):
            return True
        about = "noun" in self._said and bool(self._said & {"lone", "topic", "removal"})
        return about or {"removal", "listed"} <= self._said

    def _behind_not(self, may: frozenset[Role]) -> bool:
        if "need" in may:
            if self._waits:
                self._refuses("")
            else:
                self._rules = "never"
        elif may & {"verb", "order"} or ("noun" in may and self._rules == "never"):
            if self._waits:  # "писать, не звонить"
                return False
            self._refuses(self._rules)
        elif may & _NOTS:
            self._rules = "never" if "never" in may else self._rules
        else:
            return bool(may & {"plain", "or", "listed"})
        return True

    def _not(self, word: str, may: frozenset[Role]) -> bool:
        if self._waits and word in _TAKES_BACK:
            self._refuses("")
        else:
            self._rules = "not" if "not" in may else "never"
            self._no = word == "no"
        return True

    def _halt(self, may: frozenset[Role]) -> bool:
        if self._waits:
            self._refuses("")
        else:
            self._said.add("lone" if "lone" in may else "stop")
            self._rules = "halt"
        return True

    def _verb(self, may: frozenset[Role]) -> bool:
        """One behind "хватит" or "stop", or in Russian before what takes it back."""
        if self._rules == "halt":
            self._refuses("halt")
            return True
        if self._waits or "verb" not in may:
            return False
        self._waits = True
        return True

    def _refuses(self, ruled: _Rule) -> None:
        self._said.add("stop")
        self._rules, self._ruled, self._waits = "", ruled, False
