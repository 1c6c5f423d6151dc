"""The plugins that crmkit shows and ships are held to every check that others' plugins are."""

from __future__ import annotations

from pathlib import Path

from announce_won import AnnounceWon
from birthday_greetings import BirthdayGreetings, Greeting
from discount_policy import DiscountPolicy
from hooks.crm_register_migrations import Answers
from loyalty_points import LoyaltyPoints

from crmkit import CRM
from crmkit.plugins import new_secret
from crmkit.testing import plugin_conformance
from crmkit.webhooks import WebHooks

DOCS = Path(__file__).parents[3] / "docs"
README = DOCS / "examples" / "plugins" / "README.md"
SHOP = {"url": "https://shop.example/hook", "topics": ["deal.*", "client.added"], "secrets": [{"env": "SHOP"}]}


def a_birthday(crm: CRM) -> None:
    """What the job does in the morning: in a scenario no time passes, so that a daily job is never due."""
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+79123456789")
        tx.consents.grant(anna.id, purpose="birthday", channel="sms")
        task = tx.tasks.plan(anna.id, title="Say happy birthday", due=anna.created_at, rule="birthday_greetings")
        tx.data(BirthdayGreetings.greetings).put(Greeting(task.id, anna.id, anna.created_at.date()))


TestAnnounceWon = plugin_conformance(
    AnnounceWon, settings={"url": {"env": "CHAT"}}, env={"CHAT": "https://chat.example/hooks/c4nary"}, readme=README
)
TestBirthdayGreetings = plugin_conformance(
    BirthdayGreetings, settings={"channel": "sms"}, scenario=a_birthday, readme=README
)
TestDiscountPolicy = plugin_conformance(DiscountPolicy, settings={"limit": "15", "managers": "chiefs"}, readme=README)
TestLoyaltyPoints = plugin_conformance(LoyaltyPoints, settings={"price": "5"}, readme=README)
TestAnswers = plugin_conformance(Answers)
TestWebHooks = plugin_conformance(
    WebHooks, settings={"targets": {"shop": SHOP}}, env={"SHOP": new_secret()}, readme=DOCS / "webhooks.md"
)
