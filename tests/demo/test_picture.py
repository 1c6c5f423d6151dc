"""The picture of the demo that README shows is what the demo shows."""

from __future__ import annotations

import html
import os
import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from crmkit import CRM
from crmkit.demo.shop import Shop
from crmkit.demo.showing.card import card
from crmkit.demo.showing.loaded import loaded

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "demo.svg"


def test_the_picture_in_the_readme_shows_what_the_demo_shows(crm: CRM, shop: Shop) -> None:
    """Line by line; CRMKIT_WRITE_DOCS=1 draws it anew."""
    console = Console(record=True, width=80, file=StringIO(), force_terminal=True, color_system="truecolor")
    with crm.read() as tx:
        console.print(loaded(tx, shop))
        console.print(card(tx))
    lines = [line.rstrip() for line in console.export_text(clear=False).splitlines() if line.strip()]
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        drawn = console.export_svg(title="crmkit demo", theme=MONOKAI, unique_id="demo")
        own_letters = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # a picture asks no network for letters
        PICTURE.write_text(re.sub(r"[ \t]+\n", "\n", own_letters), encoding="utf-8")
    picture = PICTURE.read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)|href=|@import", picture)
    seen = "".join(html.unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", picture)).replace("\xa0", " ")
    squeezed = re.sub(r"\s+", "", seen)
    assert [] == [line for line in lines if re.sub(r"\s+", "", line) not in squeezed]
    assert "docs/demo.svg" in (ROOT / "README.md").read_text(encoding="utf-8")
