"""Make the settings, and if their class refuses, find out which field it was and say so without its value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

import attrs

from crmkit.errors import Fault, Invalid
from crmkit.plugins.settings.hints import Entry, entries_of

T = TypeVar("T")
_NOT_TOGETHER = "These settings do not go together. See what the plugin says about them."
_NOT_ALLOWED = "This value is not allowed. See what the plugin says about it."


def built(kind: type[T], values: Mapping[str, Any]) -> T | tuple[Fault, ...]:
    """
    Make a *kind*, or say what is wrong with it; a fault's path is a field's key, or empty for the whole.

    Whatever its validators and `__attrs_post_init__` raise becomes a fault; other exceptions than `Exception` pass.
    """
    try:
        return kind(**values)
    except Exception as error:  # noqa: BLE001 - an author's code may raise anything
        whole = _told(error)
    return tuple(_refused(kind, values)) or whole


def _told(error: Exception) -> tuple[Fault, ...]:
    if isinstance(error, Invalid):
        literals = _literals(error)
        return tuple(
            Fault(fault.path, fault.code, fault.message if fault.message in literals else _NOT_ALLOWED)
            for fault in error.faults
        )
    return (Fault("", "refused", _sentence(error) or _NOT_TOGETHER),)


def _refused(kind: type[Any], values: Mapping[str, Any]) -> Iterator[Fault]:
    """Run converters and validators field by field on an unfinished instance: the class itself stops at the first."""
    unfinished: Any = object.__new__(kind)
    entries = entries_of(kind)
    for entry in entries:
        field = entry.field
        try:
            value = values[entry.key] if entry.key in values else _default(field, unfinished)
            object.__setattr__(unfinished, field.name, _converted(field, value, unfinished))
        except Exception as error:  # noqa: BLE001 - see `built`
            yield Fault(entry.key, "refused", _sentence(error) or _advice(entry, None))
    for entry in entries:
        if not hasattr(unfinished, entry.field.name):
            continue
        value = getattr(unfinished, entry.field.name)
        for validator in _each(entry.field.validator):
            try:
                validator(unfinished, entry.field, value)
            except Exception as error:  # noqa: BLE001 - see `built`
                yield Fault(entry.key, "refused", _sentence(error) or _advice(entry, validator))


def _default(field: attrs.Attribute[Any], unfinished: Any) -> Any:
    default = cast(Any, field.default)
    if not isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # to type checkers it is a function
        return default
    return default.factory(unfinished) if default.takes_self else default.factory()


def _converted(field: attrs.Attribute[Any], value: Any, unfinished: Any) -> Any:
    convert = cast(Any, field.converter)  # pyright: ignore[reportUnknownMemberType]
    if convert is None:
        return value
    if type(cast(object, convert)) is attrs.Converter:  # one that may ask for the instance
        return convert(value, unfinished, field)
    return convert(value)


def _each(validator: Any) -> tuple[Any, ...]:
    """`and_` taken apart, so that the one that refuses can be named."""
    if validator is None:
        return ()
    inside = getattr(validator, "_validators", None) if _is_attrs(validator) else None
    return (validator,) if inside is None else tuple(one for each in inside for one in _each(each))


def _advice(entry: Entry, validator: Any) -> str:
    rule = _rule(validator)
    return f"{rule or _NOT_ALLOWED} {entry.help}".strip()


def _rule(validator: Any) -> str | None:
    """What attrs' own validators ask for, from what they were made with; None for one that is not known."""
    if not _is_attrs(validator):
        return None
    said = _RULES.get(type(validator).__name__)
    try:
        return said(validator) if said else None
    except AttributeError:  # another version of attrs
        return None


def _is_attrs(validator: Any) -> bool:
    return type(validator).__module__ in ("attr.validators", "attr._make")


_RULES: Mapping[str, Callable[[Any], str | None]] = {
    "_NumberValidator": lambda one: f"Give a value {one.compare_op} {one.bound}.",
    "_InValidator": lambda one: f"Give one of: {', '.join(map(repr, one.options))}.",
    "_MatchesReValidator": lambda one: f"Give a text that matches {one.pattern.pattern!r}.",
    "_MinLengthValidator": lambda one: f"Give at least {one.min_length}.",
    "_MaxLengthValidator": lambda one: f"Give at most {one.max_length}.",
    "_OptionalValidator": lambda one: _rule(one.validator),
}


def _sentence(error: Exception) -> str | None:
    """
    What an author wrote, if it stands word for word in the code that raised it.

    A text put together when it was raised may hold what was given, a secret even, so it is not shown.
    """
    text = str(error.args[0]) if error.args and type(error.args[0]) is str else ""
    if " " not in text or text not in _literals(error):
        return None
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _literals(error: Exception) -> frozenset[str]:
    """The texts written out in the function that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    written = trace.tb_frame.f_code.co_consts if trace is not None else ()
    return frozenset(one for one in written if type(one) is str)
