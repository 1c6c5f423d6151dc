"""Hooks that follow from what happened: in the same commit, or after it. One observer for each event, generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crmkit.domain.events import Event
from crmkit.plugins.context import EventContext, ProjectContext
from crmkit.plugins.hooks.spec import hookspec
from crmkit.plugins.values.reporting import DeadLetter, Failure


@hookspec(kind="project", phase="in_tx", fail="closed")
def crm_project(ctx: ProjectContext, events: Sequence[Event]) -> None:
    """
    Write what follows from a transaction's events, in its commit: read models, counters in records of your own.

    Called once, just before the commit; what it raises itself is journalled and told, but not projected again.
    """


@hookspec(kind="observe", phase="after_commit", fail="isolated")
def crm_after_event(ctx: EventContext, event: Event) -> None:
    """
    Hear every event after its commit, at least once each: for web hooks, analytics, audit.

    `raise Retry(after=…)` to be told again later, `Drop(reason)` never again; any other error is tried again too.
    """


@hookspec(kind="observe", phase="after_commit", fail="isolated")
def crm_on_plugin_error(failure: Failure) -> None:
    """Hear that a hook of some plugin raised; best effort, never told again, and what you raise is only logged."""


@hookspec(kind="observe", phase="after_commit", fail="isolated")
def crm_on_dead_letter(letter: DeadLetter) -> None:
    """Hear that an event could not be told to a subscriber after every attempt; best effort, never told again."""


def after(heard: type[Event]) -> Callable[..., Any]:
    """Declare the observer of one event; its name is the event's: `deal.won` is `crm_after_deal_won`."""

    def told(ctx: EventContext, event: Event) -> None:
        """Stand for the signature."""

    told.__name__ = told.__qualname__ = name_of(heard)
    told.__doc__ = f"Hear of every `{heard.topic}` after its commit, at least once each. {_first(heard)}"
    told.__annotations__ = {"ctx": EventContext, "event": heard, "return": None}
    deprecated, instead = heard.deprecated or (None, "")
    return hookspec(
        kind="observe", phase="after_commit", fail="isolated", deprecated=deprecated, instead=instead
    )(told)  # fmt: skip


def name_of(heard: type[Event]) -> str:
    """
    The observer's name.

    >>> from crmkit.events import DealWon
    >>> name_of(DealWon)
    'crm_after_deal_won'
    """
    return "crm_after_event" if heard is Event else f"crm_after_{heard.topic.replace('.', '_')}"


def _first(heard: type[Event]) -> str:
    return (heard.__doc__ or "").strip().partition("\n")[0]
