from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from pkgutil import iter_modules

import pytest

from crmkit.plugins import doctor
from crmkit.plugins.doctor import CODES

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
OPENING = """# What the doctor finds

`crmkit plugins doctor` says what is wrong with the listed plugins, each finding with a code, a plugin and a sentence; its exit code is 1 if there is any.
`crmkit plugins doctor NAME` looks at one plugin, `--store URL` also at what can be seen in a store only, `--json` is for programs.
A code keeps its meaning for ever.
"""


def families() -> dict[str, Callable[..., object]]:
    """The functions that look, by the name of their module."""
    found = dict[str, Callable[..., object]]()
    for one in iter_modules(doctor.__path__):
        module = import_module(f"{doctor.__name__}.{one.name}")
        for name, value in vars(module).items():
            if name.startswith("of_") and value.__module__ == module.__name__:
                found[one.name] = value
    return found


def advice() -> Iterator[tuple[str, str]]:
    """Codes with what to do, as the docstrings of those who look say it."""
    for look in families().values():
        for paragraph in (getdoc(look) or "").split("\n\n"):
            if told := re.fullmatch(r"(P\d\d): (.+)", " ".join(paragraph.split("\n"))):
                yield told[1], told[2]


def page() -> str:
    """The page as it should be: written from the codes and the docstrings."""
    advised = dict(advice())
    return OPENING + "".join(
        f"\n## {code}\n\n{means}\n\n*What to do*: {_sentences(advised.get(code, ''))}\n"
        for code, means in CODES.items()
    )


def _sentences(text: str) -> str:
    """One sentence a line, as everything here."""
    return text.replace(". ", ".\n")


def test_the_page_of_the_doctor_is_what_it_finds() -> None:
    """Code by code; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_code_says_once_what_to_do() -> None:
    """In the docstring of the one who finds it: whoever has a code must not have to ask."""
    assert list(CODES) == sorted(code for code, _ in advice())


def test_every_code_is_found_by_somebody() -> None:
    """One that nobody finds would promise what is not looked at."""
    assert set(CODES) == set[str]().union(*map(_found_by, families().values()))


@pytest.mark.parametrize("family", families())
def test_who_advises_on_a_code_finds_it(family: str) -> None:
    """So that both are read, and changed, in one place."""
    look = families()[family]
    advised = set(re.findall(r"^(P\d\d): ", getdoc(look) or "", re.MULTILINE))
    assert advised
    assert advised <= _found_by(look)


def _found_by(look: Callable[..., object]) -> set[str]:
    """The codes that stand in the source."""
    source = Path(import_module(look.__module__).__file__ or "").read_text(encoding="utf-8")
    return set(re.findall(r'"(P\d\d)"', source))
