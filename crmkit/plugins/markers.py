"""The two marks on a plugin's methods: `@hookimpl` for a hook by its name, `@on` for an event by its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

import attrs

from crmkit.domain.events import Event
from crmkit.errors import Fault, Invalid
from crmkit.plugins.hooks.spec import PROJECT

F = TypeVar("F", bound=Callable[..., Any])
#: What pluggy's own marker would note, without waiting for pluggy to load.
_OPTIONS: dict[str, object] = {
    "wrapper": False, "hookwrapper": False, "optionalhook": False, "tryfirst": False, "trylast": False, "specname": None,
}  # fmt: skip
#: How often an observer is tried unless it says otherwise.
ATTEMPTS = 8


@attrs.frozen
class Observed:
    """What `@on` says of a method: which events (a class, or a topic of another plugin's), and how to tell them."""

    heard: tuple[type[Event] | str, ...]
    attempts: int = ATTEMPTS
    durable: bool = True
    ordered: bool = False
    optional: bool = False
    id: str | None = None


@overload
def hookimpl(function: F, /) -> F: ...
@overload
def hookimpl(*, optional: bool = False) -> Callable[[F], F]: ...
def hookimpl(function: F | None = None, /, *, optional: bool = False) -> F | Callable[[F], F]:
    """
    Mark a method as the implementation of the hook whose name it has.

    *optional*: a crmkit that does not know the hook yet goes without it. There is no tryfirst and no trylast: the
    host's list of plugins is the order.
    """

    def mark(method: F) -> F:
        marked: Any = method
        setattr(marked, f"{PROJECT}_impl", _OPTIONS | {"optionalhook": optional})
        return method

    return mark if function is None else mark(function)


def on(
    *heard: type[Event] | str, attempts: int = ATTEMPTS, durable: bool = True, ordered: bool = False,
    optional: bool = False, id: str | None = None,
) -> Callable[[F], F]:  # fmt: skip
    """
    Mark a method as an observer of events, told after the commit: `(self, event)` or `(self, ctx, event)`.

    Each event is told at least once, tried up to *attempts* times, then kept as a dead letter. With `durable=False`
    it is told once, best effort, in the thread of the commit. *ordered*: events of one subject in their order; one
    that fails holds up those behind it. An event of another plugin is named by its topic; with *optional* nothing is
    wrong if nobody brings it. *id* is the subscriber's stable name if the method's may change.

    >>> from crmkit.events import DealWon
    >>> @on(DealWon, attempts=5)
    ... def announce(self, event): ...
    >>> observed_by(announce).attempts
    5
    """
    wrong = [one for one in heard if not (isinstance(one, str) or (isinstance(one, type) and issubclass(one, Event)))]
    if not heard or wrong:
        raise Invalid(Fault("heard", "not_an_event", "Give event classes, such as crmkit.events.DealWon, or topics."))
    if not isinstance(attempts, int) or not 1 <= attempts <= 100:
        raise Invalid(Fault("attempts", "not_a_number", "Give a number of attempts from 1 to 100."))

    def mark(method: F) -> F:
        marked: Any = method
        marked.__crm_on__ = Observed(tuple(heard), attempts, durable, ordered, optional, id)
        return method

    return mark


def observed_by(method: object) -> Observed | None:
    """What `@on` said of a method, None if it was not marked."""
    found: Observed | None = getattr(method, "__crm_on__", None)
    return found
