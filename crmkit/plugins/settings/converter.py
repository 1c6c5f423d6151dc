"""Plain values to settings. The only importer of cattrs here, loaded when the first settings are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from enum import Enum
from types import GenericAlias
from typing import Any, Final, cast

import attrs
from cattrs import Converter

from crmkit.domain.frozen_map import FrozenMap
from crmkit.domain.secret import Secret
from crmkit.errors import Fault
from crmkit.plugins.settings.building import built
from crmkit.plugins.settings.hints import Entry, Hint, entries_of, hint_of
from crmkit.plugins.settings.references import References, Refusal
from crmkit.plugins.settings.scalars import SCALARS

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII).fullmatch
_MANY = 10


class _Bad:
    """What a reader gives when it has noted a fault."""


BAD: Final = _Bad()


class Reading:
    """One table of settings being read: every fault is noted with its path, and no exception ever holds a value."""

    def __init__(self, path: str, references: References) -> None:
        self.faults: list[Fault] = []
        self._path = path
        self._references = references
        self._converter = converter = Converter(detailed_validation=False, forbid_extra_keys=True)
        converter.register_structure_hook_factory(_has_form("list", "set"), self._many)
        converter.register_structure_hook_factory(_has_form("map"), self._map)
        converter.register_structure_hook_factory(_has_form("table"), self._table)
        for kind in SCALARS:
            converter.register_structure_hook(kind, self._scalar)
        converter.register_structure_hook(Secret, self._secret)

    def read(self, hint: Any, given: object) -> Any:
        """Read one value; BAD if it was wrong, and why is in `faults`."""
        known = hint_of(hint)
        if given is None and known.optional:
            return None
        if known.form == "choice":  # cattrs would take an enum of texts for a text, and True for 1
            return self._choice(known, given)
        return self._converter.structure(given, _plain(known))

    def bad(self, code: str, message: str, path: str | None = None) -> Any:
        """Note a fault."""
        self.faults.append(Fault(path or self._path, code, message))
        return BAD

    @contextmanager
    def _at(self, step: str) -> Generator[None]:
        before, self._path = self._path, self._path + step
        try:
            yield
        finally:
            self._path = before

    def _scalar(self, given: object, kind: Any) -> Any:
        scalar = SCALARS[kind]
        value = scalar.read(given)
        return self.bad(scalar.code, scalar.advice) if value is None else value

    def _secret(self, given: object, _: Any) -> Any:
        return self._noted(self._references.followed(given))

    def _noted(self, found: Secret | Refusal) -> Any:
        return self.bad(found.code, found.message) if isinstance(found, Refusal) else found

    def _choice(self, known: Hint, given: object) -> Any:
        if isinstance(given, Enum) and type(given) is known.type:
            return given
        for written, value in known.choices():
            if type(given) is type(written) and given == written:
                return value
        return self.bad("unknown_choice", f"Give one of: {', '.join(_shown(one) for one, _ in known.choices())}.")

    def _many(self, hint: Any) -> Callable[[object, Any], Any]:
        known = hint_of(hint)

        def read(given: object, _: Any) -> Any:
            if not isinstance(given, (list, tuple, frozenset, set)):
                return self.bad("not_a_list", "Give a list.")
            values: list[Any] = []
            for place, one in enumerate(cast("list[object]", given)):
                with self._at(f"[{place}]"):
                    values.append(self.read(known.inside, one))
            if any(value is BAD for value in values):
                return BAD
            if known.form == "list":
                return tuple(values)
            return frozenset(values) if len(set(values)) == len(values) else self.bad("double", "Give each only once.")

        return read

    def _map(self, hint: Any) -> Callable[[object, Any], Any]:
        inside = hint_of(hint).inside

        def read(given: object, _: Any) -> Any:
            if not isinstance(given, Mapping):
                return self.bad("not_a_table", "Give a table.")
            values: dict[str, Any] = {}
            for place, (key, value) in enumerate(cast("Mapping[object, object]", given).items()):
                with self._at(_step(key, place)):
                    name = self.read(str, key)
                    values[name] = BAD if name is BAD else self.read(inside, value)
            return BAD if any(value is BAD for value in values.values()) else FrozenMap(values)

        return read

    def _table(self, kind: type[Any]) -> Callable[[object, Any], Any]:
        entries = entries_of(kind)

        def read(given: object, _: Any) -> Any:
            if type(given) is kind:
                return given
            if not isinstance(given, Mapping):
                return self.bad("not_a_table", "Give a table.")
            table = cast("Mapping[object, object]", given)
            strays = self._strays(table, [entry.key for entry in entries])
            read = {entry.key: self._entry(entry, table) for entry in entries}
            if strays or any(value is BAD for value in read.values()):
                return BAD
            return self._made(kind, {key: value for key, value in read.items() if value is not attrs.NOTHING})

        return read

    def _made(self, kind: type[Any], values: Mapping[str, Any]) -> Any:
        made = built(kind, values)
        if not isinstance(made, tuple):
            return made
        for fault in cast("tuple[Fault, ...]", made):
            self.bad(fault.code, fault.message, f"{self._path}.{fault.path}" if fault.path else None)
        return BAD

    def _entry(self, entry: Entry, table: Mapping[object, object]) -> Any:
        with self._at(f".{entry.key}"):
            if entry.key in table:
                return self.read(entry.hint, table[entry.key])
            if hint_of(entry.hint).form == "secret" and (found := self._references.asked(self._path)) is not None:
                return self._noted(found)
            return self.bad("missing", "This setting is required. Give it.") if entry.required else attrs.NOTHING

    def _strays(self, table: Mapping[object, object], known: list[str]) -> bool:
        strays = [(place, key) for place, key in enumerate(table) if key not in known]
        for place, key in strays:
            near = get_close_matches(key, known, 1) if isinstance(key, str) and _KEY(key) else []
            some = f"{', '.join(known[:_MANY])}{', …' if known[_MANY:] else ''}"
            advice = f"Did you mean {near[0]!r}?" if near else f"Choose from: {some}." if known else "Leave it out."
            self.bad("unknown_setting", f"There is no such setting. {advice}", f"{self._path}{_step(key, place)}")
        return bool(strays)


def _step(key: object, place: int) -> str:
    """The key, if it is a name; anything else may be what belongs to nobody's log, and is counted instead."""
    return f".{key}" if isinstance(key, str) and _KEY(key) else f"[{place}]"


def _shown(choice: object) -> str:
    return f'"{choice}"' if isinstance(choice, str) else str(choice).lower() if type(choice) is bool else str(choice)


def _plain(known: Hint) -> Any:
    """The type as cattrs dispatches on it: without None, and without what hid it."""
    if known.form == "list":
        return GenericAlias(tuple, (known.inside, ...))
    if known.form == "set":
        return GenericAlias(frozenset, (known.inside,))
    return GenericAlias(Mapping, (str, known.inside)) if known.form == "map" else known.type


def _has_form(*forms: str) -> Callable[[Any], bool]:
    return lambda hint: hint_of(hint).form in forms
