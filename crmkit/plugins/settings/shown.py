"""The settings of a plugin as text: a table for the reference, and a section to paste into the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmkit.plugins.settings.described import Described, described

_NONE_TO_TELL = "This plugin has no settings.\n"


def reference(settings_class: type[Any]) -> str:
    """
    Write every setting as a row of a Markdown table.

    >>> from crmkit.plugins.settings import setting, settings_class
    >>> @settings_class
    ... class SlackSettings:
    ...     channel: str = setting(help="Where deals are announced.", example="#sales")
    >>> print(reference(SlackSettings), end="")
    | setting | type | default | meaning |
    |---|---|---|---|
    | `channel` | text | required | Where deals are announced. |
    """
    rows = [
        f"| `{one.name}` | {_cell(one.type)} | {_default(one)} | {_cell(one.help)} |"
        for one in described(settings_class)
    ]
    return (
        "\n".join(["| setting | type | default | meaning |", "|---|---|---|---|", *rows, ""]) if rows else _NONE_TO_TELL
    )


def example(settings_class: type[Any], plugin: str) -> str:
    """
    Write a section of TOML that `structured` takes once its secrets exist; what may be left out is commented out.

    >>> from crmkit.plugins.settings import setting, settings_class
    >>> @settings_class
    ... class SlackSettings:
    ...     channel: str = setting(help="Where deals are announced.", example="#sales")
    ...     attempts: int = 5
    >>> print(example(SlackSettings, "slack"), end="")
    [plugins.slack]
    # Where deals are announced.
    channel = "#sales"
    # attempts = 5
    """
    return "\n".join([f"[plugins.{plugin}]", *_lines(described(settings_class)), ""])


def _lines(rows: tuple[Described, ...]) -> Iterator[str]:
    """A setting inside a table stands in the example of that table."""
    for row in rows:
        if not any(part in row.name for part in ".["):
            yield from (f"# {line}" for line in row.help.splitlines() if line)
            yield f"{'' if row.required else '# '}{row.name} = {row.example}"


def _default(one: Described) -> str:
    return "required" if one.required else f"`{_cell(one.default)}`" if one.default else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
