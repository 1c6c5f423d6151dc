"""What a person sees: the shop at a glance, one client, the shop's last year, one manager's day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax

from crmkit import CRM
from crmkit.demo.loading import Refused
from crmkit.demo.opening import url_of
from crmkit.demo.shop import Shop
from crmkit.demo.showing.card import card
from crmkit.demo.showing.day import managers_day
from crmkit.demo.showing.loaded import loaded, not_as_it_stood
from crmkit.demo.showing.year import last_year
from crmkit.demo.ten_lines import ten_lines

YEAR = timedelta(days=365)


def show(console: Console, crm: CRM, shop: Shop, refused: Iterable[Refused], db: Path) -> None:
    """Everything, from top to bottom."""
    with crm.read(snapshot=True) as tx:
        for part in (
            loaded(tx, shop),
            not_as_it_stood(tx, shop, refused),
            card(tx),
            last_year(tx, shop.today - YEAR),
            managers_day(tx, shop.today),
            _same_in_ten_lines(db),
        ):
            console.print(part)


def _same_in_ten_lines(db: Path) -> RenderableType:
    source = Syntax(ten_lines(url_of(db)).rstrip(), "python", theme="ansi_dark", word_wrap=True)
    return Panel(source, title="The same in ten lines", title_align="left")
