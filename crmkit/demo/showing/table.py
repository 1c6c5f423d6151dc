"""One look for every table, in which no text of a client's is taken for markup."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from rich.table import Table
from rich.text import Text


def table(title: str, *columns: str, numbers: Collection[str] = (), crop: str | None = None) -> Table:
    """A table without lines; *crop* is the one column that is cut where the window is too narrow, instead of folded."""
    made = Table(
        title=Text(title, style="bold") if title else None, title_justify="left", box=None, pad_edge=False,
        padding=(0, 2, 0, 0),
    )  # fmt: skip
    for column in columns:
        made.add_column(
            column, justify="right" if column in numbers else "left", header_style="dim",
            no_wrap=crop not in {None, column}, overflow="ellipsis" if column == crop else "fold",
        )  # fmt: skip
    return made


def row(made: Table, *cells: str | Text) -> None:
    """Add a row of plain texts: brackets in a name stay brackets, what is too long ends in an ellipsis."""
    made.add_row(
        *[_cell(cell, column.overflow == "ellipsis") for cell, column in zip(cells, made.columns, strict=True)]
    )


def day(at: datetime | None) -> str:
    """A day as the shop writes it."""
    return f"{at:%d %b %Y}" if at else ""


def _cell(cell: str | Text, cut: bool) -> Text:
    """A column that may not wrap is the last to be narrowed; so the cut one may, and its texts do not."""
    text = Text(cell) if isinstance(cell, str) else cell
    if cut:
        text.no_wrap, text.overflow = True, "ellipsis"
    return text
