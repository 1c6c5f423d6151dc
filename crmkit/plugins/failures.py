"""What plugins got wrong: counted, and told to those who want to hear, by names and places only."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from crmkit.errors import AuthFailed, Invalid, NotReady, Rejected
from crmkit.plugins.implementations import Implementation
from crmkit.plugins.values.reporting import Failure

logger = logging.getLogger("crmkit.plugins")
#: What names a keyword, and so no person.
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}").fullmatch
_LONGEST, _SHOWN = 200, 5


class Failures:
    """How often each plugin failed, and how it did last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.counts: Counter[str] = Counter()
        self.last: dict[str, Failure] = {}
        #: Tells `crm_on_plugin_error`; set once the hooks are there.
        self.tell: Callable[[Failure], None] | None = None

    def note(self, one: Implementation, error: BaseException) -> Failure:
        """Count a failure, log it by names only, and tell it on."""
        error.add_note(f"crmkit: plugin {one.plugin!r}, hook {one.hook!r}")
        return self.noted(Failure(one.plugin, one.hook, in_words(error), place_of(error)))

    def noted(self, failure: Failure) -> Failure:
        """As `note`, for what is already put into words."""
        with self._lock:
            self.counts[failure.plugin] += 1
            self.last[failure.plugin] = failure
        logger.error("%s failed in %s: %s at %s", failure.plugin, failure.hook, failure.error, failure.place)
        if self.tell is not None and not failure.hook.startswith("crm_on_"):
            self.tell(failure)
        return failure


def in_words(error: BaseException) -> str:
    """
    An error's type, and of faults the keywords and codes: nothing else of it is sure to name no person.

    >>> from crmkit.errors import Fault
    >>> in_words(Invalid(Fault("channel", "unknown", "No plugin brings this channel.")))
    'Invalid (channel: unknown)'
    >>> in_words(ValueError("Anna"))
    'ValueError'
    """
    kind = type(error).__name__
    faults = getattr(error, "faults", ()) if isinstance(error, (Invalid, Rejected)) else ()
    told = [f"{_word(one.path)}: {_word(one.code)}" for one in faults[:_SHOWN]]
    return f"{kind} ({', '.join(told)})" if told else kind


def for_operators(error: BaseException) -> str:
    """
    The same, with what a plugin wrote to the operator when it could not start.

    >>> for_operators(NotReady("the exchange does not answer"))
    'NotReady (the exchange does not answer)'
    """
    said = getattr(error, "message", "") if isinstance(error, (NotReady, AuthFailed)) else ""
    words = " ".join(said.split())[:_LONGEST] if isinstance(said, str) else ""
    return f"{type(error).__name__} ({words})" if words else in_words(error)


def _word(told: object) -> str:
    return told if isinstance(told, str) and _KEYWORD(told) else "…"


def place_of(error: BaseException) -> str:
    """
    The file and line that raised, without a path: nothing of the message, which may hold personal data.

    >>> try:
    ...     [][0]
    ... except IndexError as error:
    ...     place_of(error).count(":")
    1
    """
    trace = error.__traceback__
    if trace is None:
        return "?:0"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
