"""docs/faults.md: every code a fault may have, and what it says."""

from __future__ import annotations

import ast
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import crmkit

HERE = Path(crmkit.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
#: Where input is read.
FLOORS = ("domain", "services", "crm", "storage", "rows.py")
OPENING = """# Every code of a fault

`Invalid` and `Rejected` name each fault with `path`, the keyword it is about, `code` and `message`.
Messages are fit to stand beside a form's field; whoever writes in another language goes by the code.
`…` stands for what depends on the case. Plugins have codes of their own; `plugin` says whose a fault is.

| code | messages |
|---|---|
"""


def page() -> str:
    """The page as it should be: written from where faults are made."""
    said = defaultdict[str, set[str]](set)
    for floor in FLOORS:
        for file in sorted([HERE / floor] if floor.endswith(".py") else (HERE / floor).rglob("*.py")):
            for code, message in _faults(ast.parse(file.read_text(encoding="utf-8"))):
                said[code].add(message)
    lines = [f"| `{code}` | {'<br>'.join(sorted(said[code])).replace('|', chr(92) + '|')} |" for code in sorted(said)]
    return OPENING + "\n".join(lines) + "\n"


def _faults(tree: ast.Module) -> Iterator[tuple[str, str]]:
    assigned = [
        (target.id, one.lineno, one.value)
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    ]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _makes_a_fault(call.func) and len(call.args) >= 3:
            code, message = call.args[1:3]
            if isinstance(message, ast.Name):
                said = message.id
                before = [(line, value) for name, line, value in assigned if name == said and line <= call.lineno]
                message = max(before, key=lambda one: one[0])[1] if before else message
            if isinstance(code, ast.Constant) and isinstance(message, (ast.Constant, ast.JoinedStr)):
                yield str(code.value), _text(message)


def _makes_a_fault(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "Fault") or (
        isinstance(function, ast.Attribute) and function.attr == "fault"
    )


def _text(message: ast.expr) -> str:
    if isinstance(message, ast.JoinedStr):
        return "".join(_text(part) for part in message.values)
    return str(message.value) if isinstance(message, ast.Constant) else "…"


def test_the_page_of_faults_is_what_crmkit_may_say() -> None:
    """Code by code; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")
    assert {"not_a_phone", "not_text", "unknown"} <= {
        line.split("`")[1] for line in page().splitlines() if "| `" in line
    }
