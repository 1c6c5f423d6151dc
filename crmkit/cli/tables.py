"""Tables on a terminal, and where nobody watches."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def wide() -> Console:
    """Wide enough for a table where nobody watches, as the terminal is elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=200)


def with_columns(*names: str) -> Table:
    """A table without lines, to be read and to be cut."""
    table = Table(box=None, header_style="", pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table
