from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from crmkit.plugins import Plugin
from crmkit.plugins.settings.described import Described, described

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plugin-settings.md"
OPENING = """# Settings of the plugins that crmkit brings

Each stands in a table of its name, `[plugins.…]` of a file in TOML, or in the mapping that `CRM.open(plugins=…)` takes.
`*` stands for a name you give, `[]` for each entry of a list; what has no default must be given, if it says so.
"""


def page() -> str:
    """The page as it should be: written from the classes of the settings."""
    return OPENING + "".join(f"\n## {kind.name}\n\n{''.join(_rows(kind))}" for kind in _plugins())


def _plugins() -> Iterator[type[Plugin[Any]]]:
    """Those that the distribution offers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for _, target in sorted(project["entry-points"]["crmkit.v1"].items()):
        module, _, name = target.partition(":")
        yield getattr(import_module(module), name)


def _rows(kind: type[Plugin[Any]]) -> Iterator[str]:
    if kind.settings_class is None:
        yield "It has none.\n"
        return
    yield "| setting | type | default | what it says | such as |\n|---|---|---|---|---|\n"
    for one in described(kind.settings_class):
        default = "*must be given*" if one.required else _code(one.default)
        yield f"| `{one.name}` | {one.type} | {default} | {_help(one)} | {_code(one.example)} |\n"


def _help(one: Described) -> str:
    return one.help.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def test_the_page_of_settings_is_what_the_plugins_take() -> None:
    """Setting by setting; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_setting_of_a_plugin_of_ours_says_what_it_is() -> None:
    """An operator reads this table, not the source."""
    known = [one for kind in _plugins() if kind.settings_class is not None for one in described(kind.settings_class)]
    assert [] == [one.name for one in known if not one.help]
