"""The fourth example: records of its own, a job, an observer and a policy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from birthday_greetings import BirthdayGreetings, GreetingSettings

from crmkit import CRM, Client, MemoryStorage, Task
from crmkit.errors import Invalid, Rejected
from crmkit.plugins import Channel, Permit, Plugin, Receipt, RecordChange, Request, Veto, hookimpl
from crmkit.testing import FrozenClock
from crmkit.testing.kit import ChannelSink

BORN = date(1990, 3, 14)
EVE = datetime(2026, 3, 13, 10, tzinfo=UTC)


class Kill(Plugin[None]):
    """Ends the process, as it were, while a task is being planned."""

    countdown = 0

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        if any(isinstance(one.after, Task) and one.before is None for one in changes):
            self.countdown -= 1
            if self.countdown == 0:
                raise KeyboardInterrupt
        return []


class Early(Plugin[None]):
    """Somebody else's policy."""

    is_early = True

    @hookimpl
    def crm_check_contact_attempt(self) -> Iterable[Veto]:
        return [Veto("early", "Wait an hour.")] if self.is_early else []


class Carrier(Plugin[None]):
    """A channel that does what it is told to."""

    def __init__(self, send: Callable[[Permit, str], Receipt]) -> None:
        super().__init__()
        self._send = send

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        return [Channel("sms", ("phone",), self._send)]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(EVE)


@pytest.fixture
def sink() -> ChannelSink:
    return ChannelSink()


@pytest.fixture
def plugin() -> BirthdayGreetings:
    return BirthdayGreetings(GreetingSettings(channel="sms"))


@pytest.fixture
def kill() -> Kill:
    return Kill()


@pytest.fixture
def crm(url: str, clock: FrozenClock, plugin: BirthdayGreetings, sink: ChannelSink, kill: Kill) -> Generator[CRM]:
    plugins: list[Plugin[Any]] = [plugin, sink.plugin("sms"), kill]
    with CRM.open(url, region="RU", clock=clock, plugins=plugins, delivery="external", consent="permissive") as crm:
        crm.run_due()  # a daily job that is new waits for its time
        yield crm


def add(crm: CRM, plugin: BirthdayGreetings, born: date = BORN, *, name: str = "Anna", agreed: bool = True) -> Client:
    with crm.begin() as tx:
        client = tx.clients.add(name=name, phone="+79123456789")
        plugin.remember(tx, client.id, born)
        for channel in ("sms", "voice") if agreed else ():
            tx.consents.grant(client.id, purpose="birthday", channel=channel)
    return client


def pass_days(crm: CRM, clock: FrozenClock, days: int = 1) -> None:
    for _ in range(days):
        clock.go_on(days=1)
        assert not crm.run_due().jobs_failed
        crm.relay.drain()


def test_a_client_is_greeted_on_their_birthday(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """It is a contact like any other: it stands on the timeline, and nothing is left to do."""
    anna = add(crm, plugin)
    add(crm, plugin, date(1990, 3, 16), name="Boris")
    pass_days(crm, clock)
    assert ["Happy birthday, Anna!"] == [one.text for one in sink.messages]
    with crm.read() as tx:
        assert ["sms"] == [one.channel for one in tx.touchpoints.list(client_id=anna.id)]
        assert ["done"] == [one.status for one in tx.tasks.list()]


def test_next_year_they_are_greeted_again_and_not_before(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """However often the job runs."""
    anna = add(crm, plugin)
    pass_days(crm, clock)
    for birthday in (date(1990, 3, 15), date(1990, 12, 31), BORN):
        with crm.begin() as tx:
            plugin.remember(tx, anna.id, birthday)  # corrected, again and again
        clock.go_on(days=(date(2026, birthday.month, birthday.day) - clock.now().date()).days % 365)
        crm.run_due()
        crm.relay.drain()
        with crm.read() as tx:
            assert (1 if birthday != BORN else 2) == len(sink.messages) == tx.tasks.count()
    assert date(2027, 3, 14) == clock.now().date()


@pytest.mark.parametrize(
    ("leap_day", "days"),
    [
        ("february", [date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29), date(2029, 2, 28)]),
        ("march", [date(2026, 3, 1), date(2027, 3, 1), date(2028, 2, 29), date(2029, 3, 1)]),
    ],
)
def test_leap_day_children_are_greeted_every_year(leap_day: str, days: list[date]) -> None:
    """The days are never fewer than 365 apart, so the policy lets each year have its own."""
    sink, clock = ChannelSink(), FrozenClock(datetime(2026, 2, 27, 10, tzinfo=UTC))
    settings = GreetingSettings(channel="sms", leap_day="march" if leap_day == "march" else "february")
    plugin, greeted = BirthdayGreetings(settings), list[date]()
    with CRM.open(
        "memory://", clock=clock, plugins=[plugin, sink.plugin("sms")], delivery="external", consent="permissive"
    ) as crm:
        crm.run_due()
        add(crm, plugin, date(2000, 2, 29))
        for day in [day for year in range(2026, 2030) for day in _around_leap_day(year)]:
            clock.go_on(days=(day - clock.now().date()).days)
            before = len(sink.messages)
            crm.run_due()
            crm.relay.drain()
            greeted += [day] * (len(sink.messages) - before)
    assert days == greeted


def _around_leap_day(year: int) -> list[date]:
    first = date(year, 2, 28).toordinal()
    return [date.fromordinal(first + after) for after in range(4)]


@pytest.mark.parametrize("agreed", [True, False])
def test_nobody_is_greeted_who_has_not_agreed_or_agrees_no_more(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink, agreed: bool
) -> None:
    """A no between the plan and the message is a no."""
    anna = add(crm, plugin, agreed=agreed)
    clock.go_on(days=1)
    crm.run_due()
    with crm.begin() as tx:
        assert agreed == tx.tasks.count(status="open")
        tx.consents.withdraw(anna.id)
    crm.relay.drain()
    assert [] == sink.messages
    with crm.read() as tx:
        assert 0 == tx.tasks.count(status="open")


@pytest.mark.parametrize("planned", [True, False])
def test_archived_clients_are_left_alone(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink, planned: bool
) -> None:
    """Their consent may stand; whoever was put away may have died."""
    anna = add(crm, plugin)
    if planned:
        clock.go_on(days=1)
        crm.run_due()
    with crm.begin() as tx:
        tx.clients.archive(anna.id)
    pass_days(crm, clock, 0 if planned else 1)
    crm.relay.drain()
    assert [] == sink.messages
    with crm.read() as tx:
        assert planned == tx.tasks.count()


def test_an_address_that_reaches_nobody_is_not_written_to(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """The next one that works is; who has none is left out."""
    other, none = add(crm, plugin), add(crm, plugin, name="Boris")
    with crm.begin() as tx:
        point = tx.contact_points.add(other.id, phone="+79123456790")
        tx.consents.grant(other.id, purpose="birthday", channel="sms", endpoint=point.value)
        for point in tx.contact_points.list(primary=True):
            tx.contact_points.invalidate(point.id)
    pass_days(crm, clock)
    assert ["+79123456790"] == [one.to for one in sink.messages]
    with crm.read() as tx:
        assert 0 == tx.tasks.count(client_id=none.id)


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_two_who_are_one_are_greeted_once(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink, when: str
) -> None:
    """Merged before the day, between the plan and the message, or later: both had a birthday and a consent."""
    anna, double = add(crm, plugin), add(crm, plugin, BORN if when == "between" else date(1990, 3, 15), name="A. P.")

    def merge() -> None:
        with crm.begin() as tx:
            tx.clients.merge(double.id, into=anna.id)

    clock.go_on(days=1)
    if when == "before":
        merge()
    crm.run_due()
    if when == "between":
        merge()
    crm.relay.drain()
    if when == "after":
        merge()
    pass_days(crm, clock, 3)
    assert ["Happy birthday, Anna!"] == [one.text for one in sink.messages]


def test_of_two_birthdays_the_survivors_own_holds(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """As with every field that both had."""
    anna, double = add(crm, plugin, date(1990, 3, 16)), add(crm, plugin, name="A. P.")
    with crm.begin() as tx:
        tx.clients.merge(double.id, into=anna.id)
    for expected in (0, 0, 1, 1):
        pass_days(crm, clock)
        assert expected == len(sink.messages)


def test_of_two_that_are_sent_at_once_to_one_client_one_goes(url: str, clock: FrozenClock) -> None:
    """The second is told of its task while the first is on its way, and not on record yet."""
    sink, plugin, also = ChannelSink(), *(BirthdayGreetings(GreetingSettings(channel="sms")) for _ in "12")

    def send(permit: Permit, key: str) -> Receipt:
        if not sink.messages:
            receipt = sink.send(permit, key)
            other.relay.drain()
            return receipt
        return sink.send(permit, key)

    memory = MemoryStorage()

    def opened(*plugins: Plugin[Any]) -> CRM:
        if url == "memory://":
            return CRM(memory, clock=clock, region="RU", plugins=plugins, delivery="external", consent="permissive")
        return CRM.open(url, clock=clock, region="RU", plugins=plugins, delivery="external", consent="permissive")

    with opened(plugin, Carrier(send)) as crm, opened(also, Carrier(sink.send)) as other:
        crm.run_due()
        anna, double = add(crm, plugin), add(crm, plugin, name="A. P.")
        clock.go_on(days=1)
        crm.run_due()
        with crm.begin() as tx:
            tx.clients.merge(double.id, into=anna.id)
        crm.relay.run_once(limit=1)  # leaves one to the other process
        crm.relay.drain()
        assert 1 == len(sink.messages)


def test_anothers_objection_is_asked_about_again(
    url: str, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """Too early in the morning is not too early for ever."""
    early = Early()
    with CRM.open(
        url, clock=clock, plugins=[plugin, sink.plugin("sms"), early], delivery="external", consent="permissive"
    ) as crm:
        crm.run_due()
        add(crm, plugin)
        pass_days(crm, clock)
        assert [] == sink.messages
        early.is_early = False
        clock.go_on(hours=1)
        crm.relay.drain()
        assert 1 == len(sink.messages)


def test_the_policy_holds_whoever_congratulates(crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock) -> None:
    """By telephone as by any other channel; what they are called for otherwise is not its business."""
    anna = add(crm, plugin)
    with crm.begin() as tx:
        tx.consents.grant(anna.id, purpose="service", channel="voice")
    pass_days(crm, clock)
    with pytest.raises(Rejected) as caught, crm.begin() as tx:
        tx.calls.dial(anna.id, purpose="birthday")
    assert [("greeted", plugin.name)] == [(one.code, one.plugin) for one in caught.value.faults]
    with crm.begin() as tx:
        tx.calls.dial(anna.id, purpose="service")


def test_who_completes_the_task_has_congratulated_in_person(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """It counts for the policy, too."""
    anna = add(crm, plugin)
    clock.go_on(days=1)
    crm.run_due()
    with crm.begin() as tx:
        tx.tasks.complete(tx.tasks.list().items[0].id)
    crm.relay.drain()
    assert [] == sink.messages
    with pytest.raises(Rejected), crm.begin() as tx:
        tx.calls.dial(anna.id, purpose="birthday")


@pytest.mark.parametrize(("days", "greeted"), [(2, 1), (3, 1), (4, 0)])
def test_a_greeting_is_made_up_for_while_it_is_not_too_late(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink, days: int, greeted: int
) -> None:
    """Nobody ran the jobs on the day itself."""
    add(crm, plugin)
    clock.go_on(days=days)
    pass_days(crm, clock, 0)
    crm.run_due()
    crm.relay.drain()
    assert greeted == len(sink.messages)


def test_what_could_not_be_sent_is_given_up_when_it_is_too_late(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """Until then the owner of the client has it on their agenda."""
    add(crm, plugin)
    sink.fail(100)
    statuses = list[str]()
    for _ in range(4):
        pass_days(crm, clock)
        with crm.read() as tx:
            statuses += [one.status for one in tx.tasks.list()]
    assert ["open", "open", "open", "cancelled"] == statuses


@pytest.mark.parametrize("countdown", [1, 2, 3])
def test_a_process_that_dies_while_it_plans_loses_nothing_and_doubles_nothing(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink, kill: Kill, countdown: int
) -> None:
    """Another goes on when its lease is over."""
    for name in ("Anna", "Boris", "Clara"):
        add(crm, plugin, name=name)
    clock.go_on(days=1)
    kill.countdown = countdown
    with pytest.raises(KeyboardInterrupt):
        crm.run_due()
    clock.go_on(minutes=6)
    assert not crm.run_due().jobs_failed
    crm.relay.drain()
    assert {"Anna", "Boris", "Clara"} == {one.text[16:-1] for one in sink.messages}
    assert 3 == len(sink.messages)


def test_two_processes_at_once_greet_once(
    url: str, crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """Each job and each delivery is one process's at a time."""
    for number in range(8):
        add(crm, plugin, name=f"Client {number}")
    clock.go_on(days=1)
    barrier = threading.Barrier(2)

    def work(crm: CRM) -> None:
        barrier.wait()
        crm.run_due()
        crm.relay.drain()

    second = BirthdayGreetings(GreetingSettings(channel="sms"))
    with CRM.open(
        url, clock=clock, plugins=[second, sink.plugin("sms")], delivery="external", consent="permissive"
    ) as other:
        threads = [threading.Thread(target=work, args=[one]) for one in (crm, crm if url == "memory://" else other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    crm.relay.drain()
    assert 8 == len(sink.messages)
    assert 8 == len(sink.keys)


@pytest.mark.parametrize("dies", [False, True])
def test_what_may_have_been_sent_counts_as_sent(
    url: str, plugin: BirthdayGreetings, clock: FrozenClock, dies: bool
) -> None:
    """Even if the task is cancelled meanwhile, or the process dies with the message out and nothing on record."""
    sink = ChannelSink()

    def send(permit: Permit, key: str) -> Receipt:
        receipt = sink.send(permit, key)
        with shop.begin() as tx:
            tx.tasks.cancel(tx.tasks.list().items[0].id)
        if dies:
            raise KeyboardInterrupt
        return receipt

    with CRM.open(
        url, region="RU", clock=clock, plugins=[plugin, Carrier(send)], delivery="external", consent="permissive"
    ) as shop:
        shop.run_due()
        anna = add(shop, plugin)
        clock.go_on(days=1)
        shop.run_due()
        with suppress(KeyboardInterrupt):
            shop.relay.drain()
        clock.go_on(minutes=2)
        shop.relay.drain()
        assert 1 == len(sink.keys)
        with shop.read() as tx:
            assert (not dies) == tx.touchpoints.count(client_id=anna.id)
        with pytest.raises(Rejected), shop.begin() as tx:
            tx.calls.dial(anna.id, purpose="birthday")


def test_a_form_tells_a_birthday_and_overrules_none(
    crm: CRM, plugin: BirthdayGreetings, clock: FrozenClock, sink: ChannelSink
) -> None:
    """Anybody may fill it in, in anybody's name."""
    tell = crm.plugins.endpoints()[plugin.name, "tell"].handle
    for born in ("1990-03-14", "1990-03-20"):
        tell(Request("POST", "", body=f"name=Anna&phone=89123456789&birthday={born}".encode()))
    with crm.begin() as tx:
        anna = tx.clients.find(phone="+79123456789")
        assert anna is not None
        tx.consents.grant(anna.id, purpose="birthday", channel="sms")
    pass_days(crm, clock)
    assert 1 == len(sink.messages)
    with pytest.raises(Invalid) as caught:
        tell(Request("POST", "", body=b"name=Anna&phone=89123456789&birthday=tomorrow"))
    assert ["birthday"] == [fault.path for fault in caught.value.faults]


def test_an_import_is_followed_by_birthdays(crm: CRM, plugin: BirthdayGreetings) -> None:
    """Rows of clients hold no plugin's records: their external ids lead there."""
    rows = [{"name": "Anna", "external_id": ("shop", "1"), "birthday": "1990-03-14"}]
    crm.import_clients([{key: row[key] for key in ("name", "external_id")} for row in rows])
    with crm.begin() as tx:
        for row in rows:
            client = tx.clients.find(external_id=("shop", "1"))
            assert client is not None
            plugin.remember(tx, client.id, date.fromisoformat(str(row["birthday"])))
        assert [314] == [one.day for one in tx.data(plugin.birthdays).stream()]
