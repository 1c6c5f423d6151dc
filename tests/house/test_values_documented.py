"""docs/values.md: what stands in each value."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs

import crmkit
from crmkit.errors import Fault

PAGE = Path(__file__).parents[2] / "docs" / "values.md"
OPENING = """# Every value and its attributes

What verbs return is frozen: safe to keep, to hash and to hand to another thread.
A `repr` shows no personal data (what is *masked* here); the attributes hold it.
`crmkit.to_builtins(value)` makes plain JSON types of a record and `crmkit.from_builtins(kind, data)` a record of those.

"""


def page() -> str:
    """The page as it should be: written from the classes."""
    named = {name: getattr(crmkit, name) for name in crmkit.__all__} | {"Fault": Fault}
    values = {name: kind for name, kind in named.items() if inspect.isclass(kind) and attrs.has(kind)}
    return OPENING + "\n".join(line for name in sorted(values) for line in _value(name, values[name]))


def _value(name: str, kind: type[Any]) -> Iterator[str]:
    module = "crmkit.errors" if kind is Fault else "crmkit"
    yield f"## {module}.{name}\n"
    yield f"{(inspect.getdoc(kind) or '').splitlines()[0]}\n"
    yield "| attribute | what it is |"
    yield "|---|---|"
    hints, written = get_type_hints(kind), _written(kind)
    for field in attrs.fields(kind):
        if not field.name.startswith("_"):
            words = "".join(f": {', '.join(words)}" for words in [_words(hints[field.name])] if words)
            yield f"| `{field.name}` | {_cell(written[field.name], words)} |"
    for about, told in sorted(inspect.getmembers(kind, lambda one: isinstance(one, property))):
        if not about.startswith("_"):
            yield f"| `{about}` | {(inspect.getdoc(told) or '').splitlines()[0]} |"
    yield ""


def _written(kind: type[Any]) -> dict[str, str]:
    """Annotations as they stand in the source: attrs may have looked its own up by now."""
    return {name: text for one in reversed(kind.__mro__) for name, text in vars(one).get("__annotations__", {}).items()}


def _cell(text: str, words: str) -> str:
    """The type without the mark that says whether a repr shows it."""
    mark, marked, inner = text.partition("[")
    plain = inner.removesuffix("]") if marked and mark in ("Personal", "Code") else text
    return f"`{plain}`{words}{', masked' if mark == 'Personal' else ''}".replace("|", "\\|")


def _words(hint: Any) -> tuple[str, ...]:
    """The words of a Literal, perhaps inside `… | None`."""
    parts = [hint, *(part for part in get_args(hint) if part is not NoneType)]
    return next((get_args(part) for part in parts if get_origin(part) is Literal), ())


def test_the_page_of_values_is_what_the_classes_hold() -> None:
    """Attribute by attribute; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")
