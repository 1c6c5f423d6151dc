"""Strings nobody here wrote, from a folder beside the checkout; without it the few that taught us most."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

#: Enough to make most rules bite, wherever the tests run.
OURS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfff",
    "\x1f",
    "\u202eabc",
    "ﷺ" * 40,
    "🙂" * 30,
    "Ё" * 501,
    "x" * 100_001,
    "'; DROP TABLE client; --",
    "{{7*7}}",
    "%s%n%d",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "1e309",
    "NaN",
    "-1",
    "٣",
    "two\nlines",
    "\u2028",
    "+7 912 345-67-89",
    "anna@example.org",
)


@cache
def naughty_strings() -> tuple[str, ...]:
    """Every line of the corpora, each once; where the folder is missing the test is skipped, and counted."""
    folder = Path(os.environ.get("CRMKIT_CORPORA") or Path.cwd().parent / "shared" / "corpora") / "strings"
    if not folder.is_dir():
        reason = "the string corpora are not here; set CRMKIT_CORPORA to their folder"
        (pytest.fail if os.environ.get("CRMKIT_REQUIRE_REAL") == "1" else pytest.skip)(reason)
    found: dict[str, None] = dict.fromkeys(OURS)
    for file in sorted(folder.iterdir()):
        if file.suffix == ".json":
            found.update(dict.fromkeys(json.loads(file.read_text())))
        else:
            found.update(dict.fromkeys(file.read_bytes().decode("utf-8", "surrogateescape").splitlines()))
    return tuple(found)
