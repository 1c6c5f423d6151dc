"""What a hook promises, said where it is declared: dispatch, reference, doctor and lock file all read it from there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, get_type_hints

import attrs

#: The name pluggy tells our marks by.
PROJECT = "crmkit"
#: How answers become one.
Kind = Literal["collect", "first", "guard", "filter", "project", "observe", "around"]
#: When it is called, seen from the transaction.
Phase = Literal["build", "query", "in_tx", "after_commit"]
#: What becomes of the caller if an implementation raises.
Fail = Literal["broken", "skip", "open", "closed", "isolated", "propagates"]

#: Which words a hook's name begins with, by kind: who reads the name knows the kind.
PREFIXES: dict[Kind, tuple[str, ...]] = {
    "collect": ("crm_register_", "crm_timeline", "crm_find_", "crm_collect_", "crm_access_"),
    "first": ("crm_resolve_", "crm_assign_", "crm_plan_"),
    "guard": ("crm_check_",),
    "filter": ("crm_filter_",),
    "project": ("crm_project", "crm_erase_"),
    "observe": ("crm_after_", "crm_on_"),
    "around": ("crm_around_",),
}
F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen
class Spec:
    """
    One hook's contract: how answers become one, when it is called, what a failure does, since when it is there.

    >>> from crmkit.plugins.hooks.deciding import crm_check_change
    >>> spec_of(crm_check_change).kind, spec_of(crm_check_change).arguments
    ('guard', ('ctx', 'changes'))
    """

    name: str
    kind: Kind
    phase: Phase
    fail: Fail
    since: str
    arguments: tuple[str, ...]
    declared: Callable[..., Any] = attrs.field(repr=False)
    #: Since which version it goes, None if it stays, and what to write instead.
    deprecated: str | None = None
    instead: str = ""
    #: Arguments that go, each with what to take instead.
    going: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)

    def hints(self) -> dict[str, Any]:
        """The types of the arguments and of `return`."""
        return get_type_hints(self.declared)

    def types(self) -> dict[str, str]:
        """The same as they are written."""
        given: Mapping[str, Any] = inspect.get_annotations(self.declared)
        return {name: _written(hint) for name, hint in given.items()}

    @property
    def signature(self) -> str:
        """How a plugin writes it, with everything it may take."""
        types = self.types()
        taken = ", ".join(["self", *(f"{name}: {types[name]}" for name in self.arguments)])
        return f"def {self.name}({taken}) -> {types['return']}"

    @property
    def doc(self) -> str:
        """The paragraph that tells an author what it is for."""
        return inspect.getdoc(self.declared) or ""


def hookspec(
    *, kind: Kind, phase: Phase, fail: Fail, since: str = "0.2", deprecated: str | None = None, instead: str = "",
    going: Mapping[str, str] | None = None,
) -> Callable[[F], F]:  # fmt: skip
    """
    Declare a hook; its docstring is the reference, its signature the contract.

    *deprecated* since a version, with what to write *instead*; *going* are arguments that go, each with its successor.
    Whoever implements such a hook, or takes such an argument, is warned when a CRM opens.
    """

    def declare(function: F) -> F:
        arguments = tuple(inspect.signature(function).parameters)
        spec = Spec(
            function.__name__, kind, phase, fail, since, arguments, function, deprecated, instead, dict(going or {})
        )
        marked: Any = function
        marked.__crm__ = spec
        return function

    return declare


def spec_of(function: Callable[..., Any]) -> Spec:
    """The contract of a declared hook."""
    spec: Spec = getattr(function, "__crm__")  # noqa: B009  # a name that only `hookspec` sets
    return spec


def _written(hint: Any) -> str:
    if hint is None:
        return "None"
    return hint.__name__ if isinstance(hint, type) else str(hint)
