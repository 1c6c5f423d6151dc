"""Observers that are there because of settings: one for each target, each told, tried and left alone by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from inspect import iscoroutinefunction
from typing import Any

import attrs

from crmkit.domain.events import BY_TOPIC, Event
from crmkit.errors import Fault, Invalid
from crmkit.plugins.context import EventContext
from crmkit.plugins.deprecating import Old, old_events

_is_name = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch


@attrs.frozen
class Subscription:
    """
    A durable observer that a plugin brings while a CRM opens, as `<plugin>.<name>`: what `@on` is for a method.

    `heard` names event classes, topics such as `deal.won`, groups such as `deal.*`, or `*`. One that fails again and
    again is left alone for a while without the plugin's others. A name that disappears leaves what waits for it.

    >>> Subscription("shop", ("deal.won",), lambda ctx, event: None).events()
    (<class 'crmkit.domain.events.sales.DealWon'>,)
    """

    name: str
    heard: tuple[type[Event] | str, ...]
    handle: Callable[[EventContext, Any], object] = attrs.field(repr=False)
    attempts: int = 8
    ordered: bool = False

    def __attrs_post_init__(self) -> None:
        faults = list[Fault]()
        if not _is_name(self.name):
            say = "Give a name of up to 40 small letters, digits, dashes and underscores, such as shop."
            faults.append(Fault("name", "not_a_name", say))
        if not self.heard:
            faults.append(Fault("heard", "missing", 'Give event classes or topics, "*" for all.'))
        if not callable(self.handle) or iscoroutinefunction(self.handle):
            faults.append(Fault("handle", "not_a_function", "Give a plain function of ctx and event."))
        if type(self.attempts) is not int or not 1 <= self.attempts <= 100:
            faults.append(Fault("attempts", "not_a_number", "Give a number of attempts from 1 to 100."))
        if faults:
            raise Invalid(*faults)

    def strays(self) -> list[str]:
        """What is wrong with the events it names, once every plugin has brought its own."""
        return [_advice(one) for one in self.heard if not named(one)]

    def old(self) -> list[Old]:
        """The events that go and that it names one by one; a group and `*` lose nothing when one goes."""
        one_by_one = [one for one in self.heard if isinstance(one, type) or one in BY_TOPIC]
        return old_events((f"hears {kind.topic} as {self.name}", kind) for one in one_by_one for kind in named(one))

    def events(self) -> tuple[type[Event], ...]:
        """The classes it hears, each once."""
        return tuple(dict.fromkeys(_all(self.heard)))


def named(one: object) -> tuple[type[Event], ...]:
    """
    The events that a class, a topic, a group or `*` stands for; none for what stands for nothing.

    >>> [kind.topic for kind in named("pipeline.*")], named("deal.one"), named("*")
    (['pipeline.defined'], (), (<class 'crmkit.domain.events.envelope.Event'>,))
    """
    if isinstance(one, type):
        return (one,) if issubclass(one, Event) else ()
    if one == "*":
        return (Event,)
    if isinstance(one, str) and one.endswith(".*"):
        return tuple(kind for topic, kind in BY_TOPIC.items() if topic.startswith(one[:-1]))
    return (BY_TOPIC[one],) if isinstance(one, str) and one in BY_TOPIC else ()


def _advice(stray: object) -> str:
    near = get_close_matches(str(stray), BY_TOPIC, 1)
    mean = f"Did you mean {near[0]}?" if near else 'Give a topic such as deal.won, deal.* or "*".'
    return f"There is no event {stray}. {mean}"


def _all(heard: Iterable[type[Event] | str]) -> Iterator[type[Event]]:
    for one in heard:
        yield from named(one)
