"""From a name and a kind to the files of a plugin, written all or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path
from string import Template
from typing import Final

from crmkit.errors import Fault, Invalid

#: What a plugin may begin as, and what that is in a sentence.
KINDS: Final[Mapping[str, str]] = {
    "channel": "Reaches clients by a way of its own.",
    "observer": "Hears what happened, after it happened.",
    "policy": "Objects to what must not happen.",
    "tables": "Keeps rows in tables of its own, on SQL.",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").fullmatch
#: Longer ones leave no room for a subscriber's method.
_LONGEST = 40


def files(name: str, kind: str) -> Mapping[str, str]:
    """The text of every file by its path inside the new folder."""
    check_name(name)
    words = {
        "name": name,
        "dist": f"crmkit-{name.replace('_', '-')}",
        "module": f"crmkit_{name}",
        "cls": "".join(word.capitalize() for word in name.split("_")),
        "about": KINDS[kind],
        "settings": _text(f"{kind}_settings.md", {}),
    }
    templates = {
        "pyproject.toml": "pyproject.toml",
        "tox.toml": "tox.toml",
        "README.md": "README.md",
        f"src/{words['module']}/__init__.py": f"{kind}.py",
        f"src/{words['module']}/settings.py": f"{kind}_settings.py",
        f"tests/test_{name}.py": f"test_{kind}.py",
    }
    if kind == "tables":
        templates[f"src/{words['module']}/tables.py"] = "tables_statements.py"
        templates[f"src/{words['module']}/migrations/0001_first.py"] = "tables_migration.py"
    made = {path: _text(template, words) for path, template in templates.items()}
    return {**made, f"src/{words['module']}/py.typed": ""}


def write(name: str, kind: str, folder: Path) -> Path:
    """Write the plugin into a new folder inside *folder*; `Invalid` if there is something of that name already."""
    texts = files(name, kind)
    target = folder / f"crmkit-{name.replace('_', '-')}"
    if target.exists() or target.is_symlink():
        raise Invalid(Fault("name", "exists", f"{target} exists. Move it away, or give another name or --to."))
    for path, text in texts.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return target


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a plugin, a module and a distribution at once."""
    if len(name) > _LONGEST or not _NAME(name):
        say = f"Give up to {_LONGEST} small letters, digits and single underscores, such as telephony_sip."
        raise Invalid(Fault("name", "not_a_name", say))


def _text(template: str, words: Mapping[str, str]) -> str:
    return Template((resources("crmkit.cli.scaffold") / "templates" / f"{template}.txt").read_text("utf-8")).substitute(
        words
    )
