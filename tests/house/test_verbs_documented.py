from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from crmkit.services.data import Data

PAGE = Path(__file__).parents[2] / "docs" / "verbs.md"
OPENING = """# Every verb and its keywords

The shape of all rooms is told in [Rooms and verbs](rooms.md); here is each verb with every keyword it takes.
What has no `=` must be given; `…` means that it may be left out, and what is there stays.

"""


def page(rooms: Mapping[str, type[Any]]) -> str:
    """The page as it should be: written from the rooms."""
    named = {**rooms, "data(collection)": Data}
    return OPENING + "\n".join(line for name in sorted(named) for line in _room(name, named[name]))


def _room(name: str, room: type[Any]) -> Iterator[str]:
    yield f"## tx.{name}\n"
    if orders := [f"`{order}`" for order in getattr(room, "_orders", ()) if order[0] != "-" and order != "id"]:
        yield f"Ordered by {', '.join(orders)}; with `-` in front backwards.\n"
    for verb, method in sorted(inspect.getmembers(room, inspect.isfunction)):
        if not verb.startswith("_"):
            yield f"- `{verb}({', '.join(_keywords(method))})`"
            yield f"  {(inspect.getdoc(method) or '').splitlines()[0]}"
    yield ""


def _keywords(method: Any) -> Iterator[str]:
    starred = False
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        if parameter.kind is parameter.VAR_KEYWORD:
            told = next(iter(get_args(get_type_hints(method)[parameter.name])), None)
            if told is None:  # any keyword may come: a plugin's own fields
                yield f"**{parameter.name}"
                continue
            yield from (f"{keyword}=…" for keyword in told.__annotations__)
        elif parameter.default is parameter.empty:
            yield parameter.name
        else:
            plain = parameter.default is None or isinstance(parameter.default, (str, int, bool))
            yield f"{parameter.name}={parameter.default!r}" if plain else f"{parameter.name}=…"


def test_the_page_of_verbs_is_what_the_rooms_take(rooms: Mapping[str, type[Any]]) -> None:
    """Verb by verb and keyword by keyword; CRMKIT_WRITE_DOCS=1 writes it anew."""
    if os.environ.get("CRMKIT_WRITE_DOCS") == "1":
        PAGE.write_text(page(rooms), encoding="utf-8")
    assert page(rooms) == PAGE.read_text(encoding="utf-8")
