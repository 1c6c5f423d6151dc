from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints
from uuid import UUID

import pytest

from crmkit import errors
from crmkit.errors import CRMError, Fault

ERRORS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, CRMError) and not kind.__name__.startswith("_")
]
CONCRETE = [kind for kind in ERRORS if kind is not CRMError]
#: Nothing in Python means "somebody was first" or "a policy said no", so nobody would catch it by a builtin name.
UNLIKE_ANY_BUILTIN = {"Conflict", "Rejected"}
SETTLED = {"Invalid": ValueError, "NotFound": LookupError}
#: Words that tell the reader to do something. A new message may need a new word here.
DO = (
    "ask|back|begin|call|check|choose|close|free|give|install|keep|leave|look|make|open|order|pass|read|run|say|start|"
    "stop|try|upgrade|use|wait|write"
)
ADVICE = re.compile(rf"(?:^|[.:;,?] )(?:then |or |and )?(?:{DO})\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_a_sentence_that_says_what_to_do(kind: type[CRMError]) -> None:
    """Whoever reads it in a log at night knows the next step."""
    message = str(_made(kind))
    assert len(message.split()) > 4, message
    assert message.endswith("."), message
    assert message.strip() == " ".join(message.split()), message
    if kind is not CRMError:
        assert ADVICE.search(message), message


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_is_also_the_builtin_a_python_user_would_catch(kind: type[CRMError]) -> None:
    """A host that never heard of crmkit's names still catches it."""
    builtins = {base for base in kind.__mro__ if base.__module__ == "builtins"} - {object, BaseException, Exception}
    assert (kind.__name__ in UNLIKE_ANY_BUILTIN) != bool(builtins)
    assert issubclass(kind, SETTLED.get(kind.__name__, Exception))


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_crosses_processes_unharmed(kind: type[CRMError]) -> None:
    """Workers hand errors back pickled: message and data arrive."""
    sent = _made(kind)
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own bytes
    assert (type(sent), str(sent), vars(sent)) == (type(received), str(received), vars(received))


def test_every_exception_stands_in_errors(package: Path) -> None:
    """One tree in one file; an exception of a driver's, or a stray one of ours, never meets a caller."""
    strays = [
        f"{path.relative_to(package.parent).as_posix()}: {name}"
        for path in sorted(package.rglob("*.py"))
        if path != package / "errors.py"
        for name in _exceptions_of(path)
    ]
    assert [] == strays


def _made(kind: type[CRMError]) -> CRMError:
    """One error of a kind, with something plausible for everything it asks for."""
    hints = get_type_hints(kind.__init__)
    given: list[object] = []
    for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL and hints.get(parameter.name) is not Fault:
            continue
        given.append(_plausible(str(hints.get(parameter.name))))
    return kind(*given)


def _plausible(hint: str) -> object:
    for part, value in {
        "Fault": Fault("phone", "not_a_phone", "Give a phone number, such as +4930901820."),
        "UUID": UUID(int=7),
        "int": 3,
        "tuple": ("one", "two"),
    }.items():
        if part in hint:
            return value
    return "deal"


def _exceptions_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            if any(base in vars(errors) or base.endswith(("Error", "Exception")) for base in bases if base != "Fault"):
                yield node.name
