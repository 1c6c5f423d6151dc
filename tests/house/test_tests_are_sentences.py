from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = [path.relative_to(TESTS).as_posix() for path in sorted(TESTS.rglob("*.py"))]


@pytest.mark.parametrize("file", FILES)
def test_a_test_is_a_sentence_with_the_rule_behind_it(file: str) -> None:
    """The name says what happens, the docstring why it must: whoever breaks it reads both first."""
    wrong = [test.name for test in _tests(TESTS / file) if not _is_a_sentence(test)]
    assert [] == wrong


@pytest.mark.parametrize("file", FILES)
def test_no_test_sleeps(file: str) -> None:
    """A pause is too long on a fast machine and too short on a slow one: wait for a condition."""
    calls = [node.func for node in ast.walk(_parsed(TESTS / file)) if isinstance(node, ast.Call)]
    assert [] == [ast.unparse(func) for func in calls if ast.unparse(func).rpartition(".")[2] == "sleep"]


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _tests(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _is_a_sentence(test: ast.FunctionDef) -> bool:
    said = ast.get_docstring(test) or ""
    return len(test.name.split("_")) > 3 and said.partition("\n\n")[0].endswith((".", "?"))
