"""Look at a class of settings before anybody uses it: its author hears of a mistake, not the operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from crmkit.errors import Fault
from crmkit.plugins.settings.hints import Entry, entries_of, hint_of, is_table

#: What a plugin's table may hold besides its own settings.
RESERVED: Final = frozenset({"required"})

_KNOWN = (
    "str, int, float, bool, Decimal, timedelta, time, TimeZone, Path, Url, PhoneNumber, Secret, an Enum or Literal of texts and whole "
    "numbers, another attrs class, tuple[X, ...], frozenset[X], Mapping[str, X], or X | None"
)


def checked_class(settings_class: type[Any]) -> tuple[Fault, ...]:
    """
    Find what settings cannot be made of: annotations nobody can read, names that are taken. Empty if all is well.

    >>> @attrs.frozen
    ... class Settings:
    ...     recipients: list[str]
    >>> [fault.path for fault in checked_class(Settings)]
    ['recipients']
    """
    return tuple(_faults(settings_class, "", ()))


def _faults(kind: Any, path: str, above: tuple[Any, ...]) -> Iterator[Fault]:
    if not is_table(kind):
        yield Fault(path or "settings_class", "not_a_class", "Write settings as a class with @settings_class on top.")
        return
    if kind in above:
        yield Fault(
            path, "recursive", "A class of settings cannot hold itself. Give what is inside a class of its own."
        )
        return
    try:
        entries = entries_of(kind)
    except Exception as error:  # noqa: BLE001 - an annotation is code, and may raise anything
        message = f"An annotation of {kind.__name__} cannot be read ({type(error).__name__}). Use names of its module."
        yield Fault(path or "settings_class", "unreadable", message)
        return
    for entry in entries:
        yield from _entry_faults(entry, f"{path}.{entry.key}" if path else entry.key, (*above, kind))


def _entry_faults(entry: Entry, path: str, above: tuple[Any, ...]) -> Iterator[Fault]:
    if len(above) == 1 and entry.key in RESERVED:
        yield Fault(path, "reserved", f"crmkit itself reads {entry.key!r} in a plugin's table. Choose another name.")
    yield from _hint_faults(entry.hint, path, above)
    if hint_of(entry.hint).form == "secret" and entry.field.default not in (attrs.NOTHING, None):
        yield Fault(path, "secret_default", "A secret has no default but None. Leave it out, or write Secret | None.")


def _hint_faults(hint: Any, path: str, above: tuple[Any, ...]) -> Iterator[Fault]:
    known = hint_of(hint)
    if known.form == "unknown":
        yield Fault(path, "unknown_type", f"Settings cannot be of this type. Use {_KNOWN}.")
    elif known.form == "table":
        yield from _faults(known.type, path, above)
    elif known.inside is not None:
        yield from _hint_faults(known.inside, f"{path}[]", above)
