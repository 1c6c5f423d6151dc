"""A plugin whose module does something by being imported."""

from __future__ import annotations

import os

from broken import breaks
from sound import Shop

with open(os.devnull, "w", encoding="utf-8") as _file:  # noqa: PTH123
    _file.write("imported")


@breaks("importing touches nothing", "k01")
class Busy(Shop):
    name = "shop"
