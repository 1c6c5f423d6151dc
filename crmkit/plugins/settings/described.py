"""What a plugin can be told, read off its class: the reference on the page and the one in the terminal are one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import attrs

from crmkit.plugins.settings.hints import Entry, Hint, entries_of, hint_of
from crmkit.plugins.settings.scalars import SCALARS
from crmkit.plugins.settings.toml import toml_value
from crmkit.plugins.settings.writing import written

_SECRET = 'secret: {env = "NAME"} or {file = "PATH"}'  # noqa: S105 - how one is written

_COMPUTED = "computed"


@attrs.frozen
class Described:
    """
    One setting: its dotted name, its type for a reader, whether it must be given, its default and example in TOML.

    `default` is empty if there is none, or if it is None. A name with `[]` is one of each table in a list, `.*` of
    each in a table of tables.
    """

    name: str
    type: str
    required: bool
    default: str
    help: str
    example: str


def described(settings_class: type[Any]) -> tuple[Described, ...]:
    """
    Describe every setting of a class that `checked_class` finds nothing wrong with, in its author's order.

    >>> @attrs.frozen
    ... class SlackSettings:
    ...     channel: str
    ...     attempts: int = 5
    >>> [(one.name, one.type, one.required, one.default) for one in described(SlackSettings)]
    [('channel', 'text', True, ''), ('attempts', 'whole number', False, '5')]
    """
    return tuple(_rows(settings_class, ""))


def _rows(kind: type[Any], path: str) -> Iterator[Described]:
    for entry in entries_of(kind):
        name, known = f"{path}{entry.key}", hint_of(entry.hint)
        yield Described(name, type_text(known), entry.required, _default(entry), entry.help, _example(entry, known))
        further, inside = f"{name}.", known
        while inside.form in ("list", "map"):
            further = f"{further[:-1]}[]." if inside.form == "list" else f"{further}*."
            inside = hint_of(inside.inside)
        if inside.form == "table":
            yield from _rows(inside.type, further)


def type_text(known: Hint) -> str:
    """A type in an operator's words."""
    if known.form == "scalar":
        return SCALARS[known.type].name
    if known.form == "secret":
        return _SECRET
    if known.form == "choice":
        return f"one of {', '.join(toml_value(choice) for choice, _ in known.choices())}"
    if known.form == "table":
        return "table"
    inside = type_text(hint_of(known.inside))
    return {"list": "list of {}", "set": "list of {}, each once", "map": "table of {}"}[known.form].format(inside)


def _default(entry: Entry) -> str:
    default = cast(Any, entry.field.default)
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # to type checkers it is a function
        if default.takes_self:
            return _COMPUTED
        default = default.factory()
    if default is attrs.NOTHING or default is None or hint_of(entry.hint).form == "table":
        return ""
    return toml_value(written(default, entry.hint))


def _example(entry: Entry, known: Hint) -> str:
    if entry.example is not None:
        return toml_value(_as_toml(entry.example, entry.hint))
    default = _default(entry)
    return default if default not in ("", _COMPUTED) else toml_value(sample(known))


def _as_toml(example: object, hint: Any) -> object:
    """An author writes an example as the file holds it, or as the value it stands for."""
    try:
        return written(example, hint)
    except (AttributeError, TypeError, ValueError):
        return example


def sample(known: Hint) -> Any:
    """Something of a type that its reader takes."""
    if known.form == "scalar":
        return SCALARS[known.type].example
    if known.form == "secret":
        return {"env": "NAME"}
    if known.form == "choice":
        return known.choices()[0][0]
    if known.form == "table":
        return {
            entry.key: sample(hint_of(entry.hint)) if entry.example is None else _as_toml(entry.example, entry.hint)
            for entry in entries_of(known.type)
            if entry.required
        }
    inside = sample(hint_of(known.inside))
    return {"name": inside} if known.form == "map" else [inside]
