"""What a type checker makes of an author's class; mypy and pyright both read this."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from crmkit.plugins.settings import Secret, Url, setting, settings_class, structured


@settings_class
class Slack:
    url: Url = setting(help="Where to.")
    token: Secret
    timeout: timedelta = setting(default=timedelta(seconds=5))
    channels: tuple[str, ...] = setting(factory=tuple[str, ...])


def test_settings_have_the_types_their_author_wrote() -> None:
    """Required ones must be given, in any order, by keyword; and what is read is an instance of the class."""
    made = structured(Slack, {"url": "https://a", "token": {"env": "T"}}, plugin="slack", environ={"T": "t"})
    assert_type(made, Slack)
    assert_type(made.url, Url)
    assert_type(made.timeout, timedelta)
    assert made == Slack(token=Secret("t"), url=Url("https://a"))
    assert made != Slack(token=Secret("u"), url=Url("https://a"), channels=("#sales",))
