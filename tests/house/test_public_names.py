from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import crmkit

PUBLIC = [
    name
    for name in (
        "crmkit", "crmkit.access", "crmkit.audit", "crmkit.errors", "crmkit.events", "crmkit.fields", "crmkit.ids", "crmkit.plugins", "crmkit.ports",
        "crmkit.storage.sql", "crmkit.testing",
    )
    if importlib.util.find_spec(name)
]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_module_says_which_names_are_public(name: str) -> None:
    """Either `__all__` lists them, or the module defines nothing and imports each `as` itself."""
    module = importlib.import_module(name)
    source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
    assert hasattr(module, "__all__") or _only_re_exports(ast.parse(source))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_exists_once(name: str) -> None:
    """`from module import *` works, and no name is listed twice."""
    module = importlib.import_module(name)
    names = _names(module)
    assert [] == [one for one in names if not hasattr(module, one)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_says_what_it_is_for(name: str) -> None:
    """Every public class and function has a docstring of its own, which is a sentence."""
    made = _made_by_us(importlib.import_module(name))
    assert [] == [one for one, value in made.items() if not _is_described(value)]


def test_every_class_of_crmkit_shows_itself_at_work() -> None:
    """A newcomer reads the example first; it runs as a doctest."""
    classes = {name: made for name, made in _made_by_us(crmkit).items() if inspect.isclass(made)}
    plain = {name: made for name, made in classes.items() if not issubclass(made, Exception)}
    assert plain
    assert [] == [name for name, made in plain.items() if ">>>" not in (made.__doc__ or "")]


def _names(module: ModuleType) -> list[str]:
    """The public names: `__all__`, or all that does not begin with an underscore and is no module."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [name for name, value in vars(module).items() if name[0] != "_" and not inspect.ismodule(value)]


def _made_by_us(module: ModuleType) -> dict[str, type | object]:
    """The public classes and functions, without type aliases and constants."""
    values = {name: getattr(module, name, None) for name in _names(module)}
    return {
        name: value
        for name, value in values.items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("crmkit")
    }


def _is_described(made: object) -> bool:
    """A docstring of its own, not its parent's, whose first paragraph is a sentence."""
    doc = made.__doc__ if inspect.isfunction(made) else vars(made).get("__doc__")
    first, *_ = (doc or "").strip().split("\n\n")
    return first.endswith((".", "?", ":"))


def _only_re_exports(tree: ast.Module) -> bool:
    """Whatever has a public name here was imported as that name; nothing is defined."""
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="__future__"):
                pass
            case ast.ImportFrom(names=names):
                if any(alias.name != alias.asname for alias in names):
                    return False
            case ast.Import() | ast.Expr():
                pass
            case _:
                return False
    return True
