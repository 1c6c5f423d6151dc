"""What an operator may write, and what is told when it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from receiver import SECRET

from crmkit.errors import Invalid
from crmkit.plugins.settings.structured import structured
from crmkit.webhooks import WebHookSettings

KNOWN = {"OLD": SECRET, "NEW": "whsec_" + "A" * 32, "WRONG": "hunter2-hunter2"}
SHOP = {"url": "https://shop.example/hook", "secrets": [{"env": "NEW"}, {"env": "OLD"}]}


def read(table: dict[str, Any]) -> WebHookSettings:
    return structured(WebHookSettings, table, plugin="webhooks", environ=KNOWN)


def test_a_target_needs_a_url_and_a_secret_and_hears_everything() -> None:
    """The rest has a sensible value."""
    target = read({"targets": {"shop": SHOP}}).targets["shop"]
    assert (("*",), 8, 10.0) == (target.topics, target.attempts, target.timeout.total_seconds())
    assert [KNOWN["NEW"], KNOWN["OLD"]] == [one.reveal() for one in target.secrets]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": "https://user:pass@shop.example"}, "url"),
        ({"secrets": []}, "secrets"),
        ({"secrets": [{"env": "WRONG"}]}, "secrets"),
        ({"secrets": [{"env": "MISSING"}]}, "secrets[0]"),
        ({"secrets": [SECRET]}, "secrets[0]"),
        ({"topics": []}, "topics"),
        ({"timeout": "31s"}, "timeout"),
        ({"timeout": "0s"}, "timeout"),
        ({"attempts": 0}, "attempts"),
        ({"topic": ["*"]}, "topic"),
    ],
)
def test_what_would_not_work_is_told_where_it_is_written_and_without_its_value(
    wrong: dict[str, Any], path: str
) -> None:
    """The place is enough to mend it; the value may be the secret itself."""
    with pytest.raises(Invalid) as caught:
        read({"targets": {"shop": SHOP | wrong}})
    assert [f"plugins.webhooks.targets.shop.{path}"] == [one.path for one in caught.value.faults]
    told = f"{caught.value} {caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert [] == [value for value in (*KNOWN.values(), "user:pass") if value in told]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"targets": {"My shop": SHOP}}, "targets"),
        ({"targets": {"a.b": SHOP}}, "targets"),
        ({"targets": {}, "allow": ["10.0.0.0/8"]}, "allow"),
        ({"targets": {}, "allow": ["shop.internal"]}, "allow"),
    ],
)
def test_names_and_allowed_places_are_read_as_strictly(wrong: dict[str, Any], path: str) -> None:
    """A name is half of a subscriber's; what is allowed is one host and port, never a network."""
    with pytest.raises(Invalid) as caught:
        read(wrong)
    assert [f"plugins.webhooks.{path}"] == [one.path for one in caught.value.faults]
