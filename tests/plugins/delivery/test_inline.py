"""`delivery="inline"`: told right after the commit, each CRM by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit import CRM
from crmkit.events import ClientAdded
from crmkit.plugins import Plugin, on


class Passing(Plugin[None]):
    """Does what the test says when a client is added, and writes down how far it is."""

    name = "passing"

    def __init__(self, diary: list[str], who: str, does: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.diary, self.who, self.does = diary, who, does

    @on(ClientAdded)
    def pass_on(self, event: ClientAdded) -> None:
        self.diary.append(f"{self.who} begins")
        self.does()
        self.diary.append(f"{self.who} ends")


class PassingOnTheLoop(Plugin[None]):
    """The same, async."""

    name = "passing"

    def __init__(self, diary: list[str], who: str, does: Callable[[], object]) -> None:
        super().__init__()
        self.passing = Passing(diary, who, does)

    @on(ClientAdded)
    async def pass_on(self, event: ClientAdded) -> None:
        self.passing.pass_on(event)


def _add(crm: CRM) -> None:
    with crm.begin() as tx:
        tx.clients.add(name="Ada")


@pytest.mark.parametrize("kind", [Passing, PassingOnTheLoop])
def test_what_a_handler_commits_on_another_crm_is_told_at_once(kind: type[Passing | PassingOnTheLoop]) -> None:
    """Nobody else would tell it before the other one commits again."""
    diary = list[str]()
    with CRM.open("memory://", plugins=[Passing(diary, "second")], delivery="inline") as second:
        first = kind(diary, "first", lambda: _add(second))
        with CRM.open("memory://", plugins=[first], delivery="inline") as crm:
            _add(crm)
        assert ["first begins", "second begins", "second ends", "first ends"] == diary


def test_what_comes_back_to_a_crm_that_tells_already_is_told_after_it() -> None:
    """Two that hear of each other do not call one another ever deeper."""
    diary = list[str]()
    crms = list[CRM]()

    def back() -> None:
        if len(diary) < 6:
            _add(crms[0])

    with CRM.open("memory://", plugins=[Passing(diary, "second", back)], delivery="inline") as second:
        first = Passing(diary, "first", lambda: _add(second))
        with CRM.open("memory://", plugins=[first], delivery="inline") as crm:
            crms.append(crm)
            _add(crm)
    once = ["first begins", "second begins", "second ends", "first ends"]
    assert once * 2 == diary
