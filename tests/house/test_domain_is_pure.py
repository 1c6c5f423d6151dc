from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

#: What a rule may not reach for. Clock and ids are ports; files, sockets and chance are somebody else's business.
IMPURE = {
    "asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess", "tempfile",
    "threading", "time", "urllib",
}  # fmt: skip
ONE_FILE_EACH = {"email_validator": {"email.py"}, "phonenumbers": {"phone.py"}}
NOW = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
CHANCE = {"uuid1", "uuid4"}


def test_the_domain_imports_attrs_and_the_standard_library(package: Path) -> None:
    """An allow-list, so that a new dependency asks here first; phones and emails have one file each."""
    allowed = sys.stdlib_module_names | {"attrs", "crmkit"}
    strays = [
        f"{path.name}: {name}"
        for path, tree in _sources(package)
        for name in _imports(tree)
        if name not in allowed and path.name not in ONE_FILE_EACH.get(name, set())
    ]
    assert [] == strays


def test_the_domain_has_no_input_no_clock_and_no_chance(package: Path) -> None:
    """A rule asked twice answers the same: time and ids are handed in."""
    imports = [f"{path.name}: {name}" for path, tree in _sources(package) for name in _imports(tree) if name in IMPURE]
    calls = [f"{path.name}: {call}" for path, tree in _sources(package) for call in _impure_calls(tree)]
    assert ([], []) == (imports, calls)


def _sources(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((package / "domain").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[str]:
    """The top-level packages a file imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _impure_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if (owner, name) in NOW:
                yield f"{owner}.{name}()"
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in CHANCE | {"open", "print"}:
                yield f"{name}()"
            case _:
                pass
