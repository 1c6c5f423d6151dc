"""Which plugins a host has switched on, in which order, and what it tells each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeGuard, cast

import attrs

from crmkit.domain.frozen_map import FrozenMap
from crmkit.errors import Fault, Invalid

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII).fullmatch
_LISTS: Final = ("enabled", "ignore_compatibility")
_NO_LINES: FrozenMap[str, int] = FrozenMap()
_NOT_GIVEN: FrozenMap[str, object] = FrozenMap()


@attrs.frozen
class PluginsConfig:
    """
    What a host says about its plugins.

    `enabled` is the allow-list and the order of calls; `required` are those without which it will not start;
    `ignore_compatibility` those it runs on its own responsibility; `settings` what each is told, unread as yet.

    >>> config = config_of({"enabled": ["slack"], "slack": {"channel": "#sales", "required": True}})
    >>> config.enabled, sorted(config.required), dict(config.of("slack"))
    (('slack',), ['slack'], {'channel': '#sales'})
    """

    enabled: tuple[str, ...] = ()
    settings: FrozenMap[str, FrozenMap[str, object]] = attrs.field(factory=FrozenMap[str, Any], repr=False)
    required: frozenset[str] = frozenset()
    ignore_compatibility: frozenset[str] = frozenset()
    source: str = ""
    _lines: FrozenMap[str, int] = attrs.field(default=_NO_LINES, repr=False, eq=False)

    def of(self, plugin: str) -> Mapping[str, object]:
        """What a plugin is told; empty if nothing."""
        return self.settings.get(plugin, _NOT_GIVEN)

    def source_of(self, plugin: str) -> str:
        """Where a plugin's settings begin, for messages: the file, and the line if it is known."""
        line = self._lines.get(f"plugins.{plugin}")
        return f"{self.source}, line {line}" if self.source and line else self.source


def config_of(given: Mapping[str, object], *, source: str = "") -> PluginsConfig:
    """
    Read a mapping of plugins' names to their settings; its order is theirs, unless `enabled` lists them.

    Other keys beside the names are `enabled` and `ignore_compatibility`, lists of names. A plugin's own mapping may
    hold `required = true`. Whatever is wrong raises one `Invalid` with every fault.
    """
    table: Mapping[str, object] = given if isinstance(given, Mapping) else {"enabled": given}
    enabled = [name for name in table if name not in _LISTS]
    return read_table({"enabled": enabled, **table}, source, _NO_LINES)


def read_table(table: Mapping[str, object], source: str, lines: FrozenMap[str, int]) -> PluginsConfig:
    """Read what stands under `[plugins]`; *lines* tells where a fault's path is in *source*."""
    reading = _Reading(source, lines)
    enabled, ignored = (reading.names(key, table.get(key, ())) for key in _LISTS)
    for place, (name, own) in enumerate(table.items()):
        if name not in _LISTS:
            reading.plugin(place, name, own)
    if reading.faults:
        raise Invalid(*reading.faults)
    settings, required = FrozenMap(reading.settings), frozenset(reading.required)
    return PluginsConfig(enabled, settings, required, frozenset(ignored), source, lines)


class _Reading:
    """Collects every fault, each with its line if there is a file."""

    def __init__(self, source: str, lines: FrozenMap[str, int]) -> None:
        self.faults: list[Fault] = []
        self.settings: dict[str, FrozenMap[str, object]] = {}
        self.required: set[str] = set()
        self._source, self._lines = source, lines

    def names(self, key: str, given: object) -> tuple[str, ...]:
        """A list of plugins' names, each once."""
        path = f"plugins.{key}"
        if not isinstance(given, (list, tuple)) or not all(_is_name(one) for one in cast("list[object]", given)):
            self._fault(path, "not_names", 'Give a list of plugins\' names, such as ["slack"].')
            return ()
        names = tuple(cast("list[str]", given))
        if len(set(names)) < len(names):
            self._fault(path, "double", "Give each only once.")
        return names

    def plugin(self, place: int, name: object, own: object) -> None:
        """One plugin's table; `required` in it is ours, the rest its own."""
        path = f"plugins.{name}" if _is_name(name) else f"plugins[{place}]"
        if not _is_name(name):
            self._fault(path, "not_a_name", "Give a plugin's name in small letters, such as telephony_sip.")
        elif not isinstance(own, Mapping):
            self._fault(path, "not_a_table", f"Give a table, [plugins.{name}].")
        else:
            told = dict(cast("Mapping[str, object]", own))
            required = told.pop("required", False)
            if type(required) is not bool:
                self._fault(f"{path}.required", "not_a_flag", "Give true or false, without quotes.")
            elif required:
                self.required.add(name)
            self.settings[name] = FrozenMap(told)

    def _fault(self, path: str, code: str, message: str) -> None:
        line = self._lines.get(path) or self._lines.get(path.rpartition(".")[0])
        where = f"{self._source}, line {line}" if line else self._source
        self.faults.append(Fault(path, code, f"{message} See {where}." if where else message))


def _is_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and _NAME(name) is not None
