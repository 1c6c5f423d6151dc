"""A plugin whose module imports what is not public."""

from __future__ import annotations

from broken import breaks
from sound import Shop

from crmkit.domain.client import Client as Client


@breaks("only what is public is imported", "k03")
class Pries(Shop):
    name = "shop"
