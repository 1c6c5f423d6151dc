"""The file in which a host says what it runs: TOML, read to one answer or one error that names the place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import cast

from crmkit.domain.frozen_map import FrozenMap
from crmkit.errors import Fault, Invalid
from crmkit.plugins.settings.config import PluginsConfig, read_table
from crmkit.plugins.settings.lines import lines_of

_AT = re.compile(r"at line (\d+), column (\d+)").search
_NEWLINE = "\n"


def load(path: str | PathLike[str]) -> PluginsConfig:
    """
    Read the table `[plugins]` of a TOML file; other tables are the host's own, and none at all switches nothing on.

    A file that cannot be read, or is no TOML, is `Invalid`; its fault's path is the file's name.
    """
    source = str(path)
    text = _text(Path(path), source)
    given, fault = _document(text, source)
    if fault:
        raise Invalid(fault)
    plugins = given.get("plugins", {})
    table = cast("Mapping[str, object]", plugins) if isinstance(plugins, Mapping) else {"enabled": plugins}
    return read_table({"enabled": [], **table}, source, FrozenMap(lines_of(text)))


def _text(path: Path, source: str) -> str:
    try:
        octets = path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        fault = Fault(source, "no_file", f"This file cannot be read ({why}). Check its name and its permissions.")
    except ValueError:  # NUL in the name
        fault = Fault("path", "no_file", "This is no name of a file. Check it.")
    else:
        try:
            return octets.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = octets.count(b"\n", 0, error.start) + 1
        fault = Fault(source, "not_toml", f"Line {line} is no UTF-8. Write the file as UTF-8.")
    raise Invalid(fault)


def _document(text: str, source: str) -> tuple[Mapping[str, object], Fault | None]:
    """What tomllib says of a mistake may quote it, so only the place is told."""
    try:
        return tomllib.loads(text), None
    except tomllib.TOMLDecodeError as error:
        at = _AT(str(error))
        where = f"Line {at[1]}, column {at[2]}" if at else f"Line {text.count(_NEWLINE) + 1}, where the file ends,"
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        where = "A value"
    return {}, Fault(source, "not_toml", f"{where} is no TOML. Check quotes, brackets and names given twice.")
