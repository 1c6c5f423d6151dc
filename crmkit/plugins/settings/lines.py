"""On which line of a TOML file a table or key stands: tomllib does not keep it, and a fault wants to name it."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?").fullmatch
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=", re.ASCII).match
_FENCE = re.compile("\"\"\"|'''")


def lines_of(text: str) -> dict[str, int]:
    r"""
    Find the line of each table, and of each key that begins one, by its dotted name; the first of several.

    It is a guide for messages: keys in quotes, and those inside values, are not found.

    >>> lines_of("[plugins]\nenabled = []\n[plugins.slack]\nchannel = 1")
    {'plugins': 1, 'plugins.enabled': 2, 'plugins.slack': 3, 'plugins.slack.channel': 4}
    """
    found: dict[str, int] = {}
    table, fence = "", ""
    for number, line in enumerate(text.split("\n"), 1):
        if not fence:
            if header := _TABLE(line):
                table = _dotted(header[1])
                found.setdefault(table, number)
            elif key := _KEY(line):
                found.setdefault(f"{table}.{_dotted(key[1])}".lstrip("."), number)
        for mark in _FENCE.findall(line):
            fence = "" if fence == mark else fence or mark
    return found


def _dotted(name: str) -> str:
    return ".".join(part.strip() for part in name.split("."))
