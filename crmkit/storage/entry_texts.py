"""Entries of the journal as texts for seals: unambiguous, the same on every storage of ours, and quickly made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from json.encoder import encode_basestring as quoted
from typing import Any

#: How many combinations of actor and source are remembered: most entries repeat a few.
MOST = 1024


class _Said(dict[tuple[Any, ...], str]):
    """Actor and the parts of a source, as one text."""

    def __missing__(self, said: tuple[Any, ...]) -> str:
        if len(self) >= MOST:
            self.clear()
        text = self[said] = " ".join(["null" if one is None else quoted(one) for one in said])
        return text


_SAID = _Said()


def entry_texts(
    rows: Iterable[tuple[Any, ...]], digits: Callable[[Any], str], micros: Callable[[Any], int]
) -> list[tuple[int, str]]:
    """
    Write down rows of position, id, instant, actor, the four parts of the source, correlation id, and events.

    Whatever differs anywhere has another text: codes are quoted, and the events, which are JSON, stand last. *digits*
    and *micros* write an id and an instant as they are stored. What no version of ours writes there has a text, too.
    """
    rows = list(rows)
    try:
        return [
            (at, f"{digits(id)} {micros(instant)} {_SAID[actor, channel, plugin, campaign, ref]} {'null' if one is None else quoted(one)} " + events)
            for at, id, instant, actor, channel, plugin, campaign, ref, one, events in rows
        ]  # fmt: skip
    except (TypeError, ValueError, AttributeError):
        if len(rows) == 1:
            return [(rows[0][0], f"? {rows[0][1:]!r}")]
        return [text for row in rows for text in entry_texts([row], digits, micros)]
