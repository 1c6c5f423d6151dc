"""Calling the implementations of one hook: each on its own, in the host's order, its failure put down to its plugin."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, TypeVar, cast

from crmkit.domain.where import Where
from crmkit.errors import (
    Conflict,
    Fault,
    PluginFailure,
    PluginTooDeep,
    Rejected,
    StorageBusy,
    StorageFull,
    StorageUnreachable,
    TransactionOver,
)
from crmkit.plugins.failures import Failures
from crmkit.plugins.implementations import Implementation
from crmkit.plugins.values.deciding import Veto

T = TypeVar("T")
#: What a plugin may raise that is put down to it; an interrupt is not.
ITS_OWN = (Exception, SystemExit)
#: What a storage says through a plugin's `ctx.read` is the caller's to know, and for `crm.run` to try again.
THE_STORAGES = (Conflict, StorageBusy, StorageFull, StorageUnreachable, TransactionOver)
#: How often a hook may be inside itself.
DEEPEST = 5
_inside: ContextVar[tuple[str, ...]] = ContextVar("crmkit_hooks_inside", default=())


class Dispatch:
    """The hooks of one CRM; who implements them is settled when it opens."""

    __slots__ = ("failures", "implemented", "trace")

    def __init__(
        self, implemented: Mapping[str, Sequence[Implementation]], failures: Failures,
        trace: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.implemented = {name: tuple(some) for name, some in implemented.items() if some}
        self.failures = failures
        self.trace = trace

    def __contains__(self, hook: str) -> bool:
        return hook in self.implemented

    def guard(self, hook: str, **given: Any) -> list[Fault]:
        """Every objection of every plugin; a plugin that fails is `PluginFailure`: no answer is no."""
        faults: list[Fault] = []  # `list[Fault]()` would cost as much as a call
        if not (some := self.implemented.get(hook)):
            return faults
        entered, trace, take = _enter(hook), self.trace, given.__getitem__
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                try:
                    answer = one.function(*map(take, one.takes))
                    if answer is None:
                        continue
                    vetoes = [answer] if isinstance(answer, Veto) else list(cast("Iterable[object]", answer))
                    faults += [_fault(veto, one.plugin) for veto in vetoes]
                except Rejected as objection:
                    faults += [Fault(f.path, f.code, f.message, one.plugin) for f in objection.faults]
                except THE_STORAGES:
                    raise
                except ITS_OWN as error:
                    raise self._failure(one, error) from error
        finally:
            _inside.reset(entered)
        return faults

    def filter(
        self, hook: str, name: str, value: T, keeps: Callable[[T, T], bool], *, closed: bool = False, **given: Any
    ) -> T:
        """
        Thread *value* through; an answer that is no such value (*keeps*), or a failure, leaves it as it was.

        With *closed* either is `PluginFailure`.
        """
        if not (some := self.implemented.get(hook)):
            return value
        entered, trace, take = _enter(hook), self.trace, given.__getitem__
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                given[name] = value
                try:
                    answer = one.function(*map(take, one.takes))
                    if answer is not None and not keeps(value, answer):
                        raise TypeError(f"{hook} must return as many of the same kind, or None")
                except THE_STORAGES:
                    raise
                except ITS_OWN as error:
                    if closed:
                        raise self._failure(one, error) from error
                    self._noted(one, error)
                else:
                    value = value if answer is None else answer
        finally:
            _inside.reset(entered)
        return value

    def first(self, hook: str, *, closed: bool, **given: Any) -> Any:
        """The first answer that is not None; a failure counts as none, or with *closed* as `PluginFailure`."""
        if not (some := self.implemented.get(hook)):
            return None
        entered, trace, take = _enter(hook), self.trace, given.__getitem__
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                try:
                    answer = one.function(*map(take, one.takes))
                except THE_STORAGES:
                    raise
                except ITS_OWN as error:
                    if closed:
                        raise self._failure(one, error) from error
                    self._noted(one, error)
                else:
                    if answer is not None:
                        return answer
        finally:
            _inside.reset(entered)
        return None

    def collect(self, hook: str, **given: Any) -> tuple[list[tuple[str, Any]], bool]:
        """Every plugin's contributions with its name, and whether all could give theirs."""
        found: list[tuple[str, Any]] = []
        whole = True
        if not (some := self.implemented.get(hook)):
            return found, whole
        entered, trace, take = _enter(hook), self.trace, given.__getitem__
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                try:
                    answer = one.function(*map(take, one.takes))
                    if answer is not None:
                        found += [(one.plugin, item) for item in _each(answer)]
                except THE_STORAGES:
                    raise
                except ITS_OWN as error:
                    self._noted(one, error)
                    whole = False
        finally:
            _inside.reset(entered)
        return found, whole

    def project(self, hook: str, given_to: Callable[[str], Mapping[str, Any]]) -> None:
        """Let each plugin write, with arguments of its own; a failure is `PluginFailure`, and rolls back."""
        if not (some := self.implemented.get(hook)):
            return
        entered, trace = _enter(hook), self.trace
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                try:
                    given = given_to(one.plugin)
                    one.function(*map(given.__getitem__, one.takes))
                except (*THE_STORAGES, Rejected):
                    raise
                except ITS_OWN as error:
                    raise self._failure(one, error) from error
        finally:
            _inside.reset(entered)

    def tell(self, hook: str, **given: Any) -> None:
        """Tell each plugin; one that raises harms nobody."""
        if not (some := self.implemented.get(hook)):
            return
        entered, trace, take = _enter(hook), self.trace, given.__getitem__
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                try:
                    one.function(*map(take, one.takes))
                except ITS_OWN as error:  # each on its own is the point
                    self._noted(one, error)
        finally:
            _inside.reset(entered)

    def around(self, hook: str, **given: Any) -> Generator[None]:
        """Enter each generator, the first listed outermost, and leave them; what happens inside stands."""
        if not (some := self.implemented.get(hook)):
            return
        entered, trace = _enter(hook), self.trace
        try:
            for one in some:
                if trace is not None:
                    trace(f"{hook}: {one.plugin}")
                yield cast("None", contextmanager(one.function)(*map(given.__getitem__, one.takes)))
        finally:
            _inside.reset(entered)

    def _failure(self, one: Implementation, error: BaseException) -> PluginFailure:
        self.failures.note(one, error)
        return PluginFailure(one.plugin, one.hook, type(error).__name__)

    def _noted(self, one: Implementation, error: BaseException) -> None:
        if isinstance(error, PluginTooDeep) and error.hook in _inside.get()[:-1]:
            raise error  # up to where it began
        self.failures.note(one, error)


def _enter(hook: str) -> Token[tuple[str, ...]]:
    """Note that a hook is inside itself once more; written out at each kind, for a `with` costs as much as a call."""
    inside = _inside.get()
    if inside.count(hook) >= DEEPEST:
        raise PluginTooDeep(hook)
    return _inside.set((*inside, hook))


def _each(answer: Any) -> Iterable[Any]:
    """Contributions, or the one there is: a text is no list of letters."""
    return (answer,) if isinstance(answer, (str, Where)) else answer


def _fault(veto: object, plugin: str) -> Fault:
    if not isinstance(veto, Veto):
        raise TypeError("a guard answers with vetoes, or None")
    return Fault(veto.path, veto.code, veto.message, plugin)
