"""The plugins that crmkit shows and ships are held to every check that others' plugins are."""

from __future__ import annotations

from pathlib import Path

from announce_won import AnnounceWon
from discount_policy import DiscountPolicy
from hooks.crm_register_migrations import Answers
from loyalty_points import LoyaltyPoints

from crmkit.plugins import new_secret
from crmkit.testing import plugin_conformance
from crmkit.webhooks import WebHooks

DOCS = Path(__file__).parents[3] / "docs"
README = DOCS / "examples" / "plugins" / "README.md"
SHOP = {"url": "https://shop.example/hook", "topics": ["deal.*", "client.added"], "secrets": [{"env": "SHOP"}]}

TestAnnounceWon = plugin_conformance(
    AnnounceWon, settings={"url": {"env": "CHAT"}}, env={"CHAT": "https://chat.example/hooks/c4nary"}, readme=README
)
TestDiscountPolicy = plugin_conformance(DiscountPolicy, settings={"limit": "15", "managers": "chiefs"}, readme=README)
TestLoyaltyPoints = plugin_conformance(LoyaltyPoints, settings={"price": "5"}, readme=README)
TestAnswers = plugin_conformance(Answers)
TestWebHooks = plugin_conformance(
    WebHooks, settings={"targets": {"shop": SHOP}}, env={"SHOP": new_secret()}, readme=DOCS / "webhooks.md"
)
