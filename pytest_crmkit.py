"""crmkit's fixtures for plugins' tests. Nothing of crmkit is imported before a test asks for one of them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

#: What each tier asks for besides those before it.
TIERS = {
    "bronze": tuple(f"K{number:02}" for number in range(1, 7)),
    "silver": (*(f"K{number:02}" for number in range(7, 15)), "K21"),
    "gold": tuple(f"K{number:02}" for number in range(16, 21)),
}
NOT_CONCERNED = "nothing to check"

if TYPE_CHECKING:
    from crmkit import CRM
    from crmkit.testing import (
        ChannelSink,
        CountedIds,
        EventRecorder,
        FrozenClock,
        HookRecorder,
        HTTPSink,
        MakeCRM,
        RelayDriver,
        Seed,
    )
    from crmkit.testing.kit import Workshop


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still; `clock.advance(days=1)` also does what becomes due."""
    from crmkit.testing import FrozenClock

    return FrozenClock()


@pytest.fixture
def ids() -> CountedIds:
    """Ids that come out the same in every run."""
    from crmkit.testing.kit import CountedIds

    return CountedIds()


@pytest.fixture
def crmkit_workshop(clock: FrozenClock, ids: CountedIds) -> Generator[Workshop]:
    """What the fixtures of one test share."""
    from crmkit.testing.kit import Workshop

    workshop = Workshop(clock, ids)
    yield workshop
    workshop.close()


@pytest.fixture
def make_crm(crmkit_workshop: Workshop) -> MakeCRM:
    """Open a CRM with the plugins you name and no others: `make_crm(Slack, settings={"slack": {…}}, env={…})`."""
    return crmkit_workshop.make


@pytest.fixture
def crm(make_crm: MakeCRM) -> CRM:
    """A CRM in memory without plugins; override it to open yours with some."""
    return make_crm()


@pytest.fixture(params=["memory", "sqlite"])
def sql_crm(request: pytest.FixtureRequest, make_crm: MakeCRM, tmp_path: Path) -> MakeCRM:
    """As `make_crm`, once in memory and once in a SQLite file."""

    def make(*plugins: Any, **options: Any) -> CRM:
        url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/crm.db"
        return make_crm(*plugins, url=url, **options)

    return make


@pytest.fixture
def seed(crmkit_workshop: Workshop) -> Seed:
    """Make clients, deals and touchpoints through the verbs: `seed.deal(stage="offer")`."""
    from crmkit.testing.kit import Seed

    return Seed(crmkit_workshop.latest)


@pytest.fixture
def events(crmkit_workshop: Workshop) -> EventRecorder:
    """What happened: `events.of(DealWon)`, `events.assert_only(ClientAdded)`."""
    return crmkit_workshop.events


@pytest.fixture
def hooks(crmkit_workshop: Workshop) -> HookRecorder:
    """What plugins were asked and told: `hooks.getcalls("crm_check_change")`."""
    return crmkit_workshop.hooks


@pytest.fixture
def relay(crmkit_workshop: Workshop) -> RelayDriver:
    """Tell observers, or let them fail: `relay.drain(advance=True)`, `relay.fail("slack.announce", times=2)`."""
    return crmkit_workshop.relay


@pytest.fixture
def channel_sink() -> ChannelSink:
    """A channel that records: `make_crm(Mine, channel_sink.plugin("sms"))`."""
    from crmkit.testing.kit import ChannelSink

    return ChannelSink()


@pytest.fixture
def http_sink(monkeypatch: pytest.MonkeyPatch) -> HTTPSink:
    """Everybody out there: requests of `crmkit.plugins.HTTP` come here, other sockets are refused."""
    from crmkit.testing.kit import HTTPSink

    sink = HTTPSink()
    sink.install(monkeypatch.setattr)
    return sink


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell for each plugin that was held to the checks which tier it has, and what the next one wants."""
    held, failed, gaps = dict[str, set[str]](), set[tuple[str, str]](), dict[tuple[str, str], str]()
    for status in ("passed", "skipped", "xfailed", "failed", "error"):
        for report in terminalreporter.getreports(status):
            for name, value in getattr(report, "user_properties", ()):
                if name == "crmkit check":
                    plugin, check = value.split()
                    known = held.setdefault(plugin, set())
                    if status == "passed" or (status == "skipped" and NOT_CONCERNED in str(report.longrepr)):
                        known.add(check)
                    elif status == "xfailed":
                        gaps[plugin, check] = str(report.wasxfail)
                    else:
                        failed.add((plugin, check))
    if held:
        terminalreporter.section("crmkit plugins")
        for plugin, known in sorted(held.items()):
            good = {check for check in known if (plugin, check) not in failed}
            declared = [f"; {check} is declared: {why}" for (who, check), why in sorted(gaps.items()) if who == plugin]
            terminalreporter.write_line(f"{plugin}: {tier_of(good)}{''.join(declared)}")


def tier_of(held: set[str]) -> str:
    """
    The highest tier whose checks were all held, and what is missing for the next.

    >>> tier_of({f"K{number:02}" for number in range(1, 12)})
    'bronze; silver wants K12, K13, K14, K21'
    """
    reached = "no tier"
    for tier, checks in TIERS.items():
        missing = [check for check in checks if check not in held]
        if missing:
            return f"{reached}; {tier} wants {', '.join(missing)}"
        reached = tier
    return reached
