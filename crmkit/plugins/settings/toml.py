"""Plain values as TOML: the standard library reads it and does not write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII).fullmatch


def toml_value(value: Any) -> str:
    """
    Write a value on one line.

    >>> toml_value({"hosts": ["a", "b"], "tls": True})
    '{hosts = ["a", "b"], tls = true}'
    """
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in pairs) + "}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(toml_value(one) for one in cast("list[Any]", value)) + "]"
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(key: str) -> str:
    """Write a key, in quotes if it needs them."""
    return key if _BARE(key) else toml_value(key)
