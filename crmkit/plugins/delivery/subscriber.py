"""Who hears, and what one attempt to tell is like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from crmkit.domain.delivery import Delivery
from crmkit.domain.events import Event


@attrs.frozen
class Attempt:
    """
    One try to tell one subscriber of one event.

    `key` is the same at every attempt; `deadline` is when somebody else may take over.
    """

    key: str
    number: int
    deadline: datetime
    depth: int


@attrs.frozen
class Subscriber:
    """A plugin's durable observer."""

    name: str
    plugin: str
    handle: Callable[[Event, Attempt], object] = attrs.field(repr=False)
    attempts: int = 8
    ordered: bool = False
    #: Who is left alone together after many failures; the plugin unless given.
    circuit: str = attrs.field(default=attrs.Factory(lambda one: one.plugin, takes_self=True))
    #: The events it hears.
    heard: tuple[type[Event], ...] = (Event,)


@attrs.frozen
class Claimed:
    """
    A delivery that is ours until its `due_at`, with its event, None if the journal has none there.

    `depth` counts the subscribers that led to the event, one hearing of what another did.
    """

    delivery: Delivery
    event: Event | None
    depth: int
