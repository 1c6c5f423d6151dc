"""What plugins may do inside a transaction, and what becomes of a command when one of them fails."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit import CRM, Client, Deal, Money, Touchpoint
from crmkit.domain.ids import ClientId
from crmkit.errors import Conflict, PluginFailure, ReadOnly, Rejected, TransactionOver
from crmkit.events import DealWon, Event
from crmkit.plugins import (
    Address,
    Command,
    DealMove,
    Failure,
    HookContext,
    MergePlan,
    MergeQuestion,
    Plugin,
    ProjectContext,
    RecordChange,
    Veto,
    Window,
    hookimpl,
)
from crmkit.testing import NOON, FrozenClock, a_touchpoint

Open = Callable[..., CRM]


@pytest.fixture
def opened(url: str, clock: FrozenClock) -> Generator[Open]:
    """Open a store with plugins."""
    some = list[CRM]()

    def open(*plugins: Plugin[Any]) -> CRM:
        some.append(CRM.open(url, region="RU", clock=clock, plugins=plugins))
        return some[-1]

    yield open
    for crm in some:
        crm.close()


class Polite(Plugin[None]):
    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        return [Veto("rude", "Be polite.", "name") for one in changes if getattr(one.after, "name", "") == "rude"]


class Brief(Plugin[None]):
    @hookimpl
    def crm_check_change(self, ctx: HookContext, changes: Sequence[RecordChange]) -> Veto | None:
        long = any(len(getattr(one.after, "name", "")) > 3 for one in changes)
        return Veto("long", "At most three letters.") if long else None


def test_every_veto_of_every_plugin_is_told_with_whose_it_is(opened: Open) -> None:
    """The caller mends all at once."""
    crm = opened(Polite(), Brief())
    with pytest.raises(Rejected) as caught, crm.begin() as tx:
        tx.clients.add(name="rude")
    assert [("polite", "rude", "name"), ("brief", "long", "")] == [
        (fault.plugin, fault.code, fault.path) for fault in caught.value.faults
    ]
    with crm.read() as tx:
        assert 0 == tx.clients.count()


@pytest.mark.parametrize("raised", [ValueError("anna@example.org"), SystemExit(1), RecursionError()])
def test_a_guard_that_fails_says_no_and_whose_fault_it_is(opened: Open, raised: BaseException) -> None:
    """Nobody knows what it would have said; what it raised may hold a person's data and is not repeated."""

    class Broken(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> None:
            raise raised

    crm = opened(Broken())
    with pytest.raises(PluginFailure) as caught, crm.begin() as tx:
        tx.clients.add(name="Anna")
    assert ("broken", "crm_check_change", type(raised).__name__) == (
        caught.value.plugin, caught.value.hook, caught.value.error,
    )  # fmt: skip
    assert "anna@" not in str(caught.value)
    with crm.read() as tx:
        assert 0 == tx.clients.count()


def test_what_a_guard_answers_must_be_vetoes(opened: Open) -> None:
    """An answer nobody understands is no yes."""

    class Chatty(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> Any:
            return ["all is well"]

    with pytest.raises(PluginFailure), opened(Chatty()).begin() as tx:
        tx.clients.add(name="Anna")


def test_an_interrupt_is_never_put_down_to_a_plugin(opened: Open) -> None:
    """Whoever presses Ctrl-C wants the program to end."""

    class Slow(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), opened(Slow()).begin() as tx:
        tx.clients.add(name="Anna")


def test_a_conflict_that_a_plugin_met_is_told_as_one(opened: Open) -> None:
    """`crm.run` tries again on it; a failure of the plugin it is not."""

    class Late(Plugin[None]):
        tries = 0

        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> None:
            self.tries += 1
            if self.tries == 1:
                raise Conflict("client")

    crm = opened(Late())
    assert "Anna" == crm.run(lambda tx: tx.clients.add(name="Anna")).name


def test_a_guard_reads_what_the_transaction_wrote_and_writes_nothing(opened: Open) -> None:
    """`ctx.read` has the rooms, with this transaction's writes, and no verb that changes anything."""
    seen = list[object]()

    class Curious(Plugin[None]):
        @hookimpl
        def crm_check_deal_stage(self, ctx: HookContext, moves: Sequence[DealMove]) -> None:
            seen.extend([ctx.read.clients.count(), ctx.actor, ctx.now, ctx.read])
            with pytest.raises(ReadOnly):
                ctx.read.clients.add(name="Boris")

    crm = opened(Curious()).bind(actor="17")
    with crm.begin() as tx:
        tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
        now = tx.clients.list()[0].created_at
    count, actor, at, read = seen
    assert (1, "17", now) == (count, actor, at)
    with pytest.raises(TransactionOver):
        read.clients.count()  # type: ignore[attr-defined]


def test_guards_of_stages_hear_where_a_deal_is_going(opened: Open) -> None:
    """Opened, moved, won; what else changes of a deal is none of theirs."""
    moves = list[tuple[str, str | None, str, str]]()

    class Watcher(Plugin[None]):
        @hookimpl
        def crm_check_deal_stage(self, moves: Sequence[DealMove]) -> None:
            for one in moves:
                seen(one)

    def seen(one: DealMove) -> None:
        before = None if one.before is None else one.before.stage
        moves.append((one.command, before, one.after.stage, one.after.status))

    with opened(Watcher()).begin() as tx:
        deal = tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
        tx.deals.update(deal.id, title="Big order")
        tx.deals.move(deal.id, to="offer")
        tx.deals.win(deal.id)
    assert [
        ("deals.open", None, deal.stage, "open"), ("deals.move", deal.stage, "offer", "open"),
        ("deals.win", "offer", "offer", "won"),
    ] == moves  # fmt: skip


class Summary(Plugin[None]):
    @hookimpl
    def crm_filter_touchpoint(self, drafts: Sequence[Touchpoint]) -> Sequence[Touchpoint]:
        return [attrs.evolve(one, summary=f"{one.summary or ''}!") for one in drafts]


class Echo(Summary):
    name = "echo"


def test_filters_work_one_after_the_other_in_the_hosts_order(opened: Open) -> None:
    """What the first returns is what the second gets, and what guards see is final."""
    finals = list[str | None]()

    class Last(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> None:
            finals.extend(one.after.summary for one in changes if isinstance(one.after, Touchpoint))

    with opened(Last(), Summary(), Echo()).begin() as tx:
        anna = tx.clients.add(name="Anna")
        kept = tx.touchpoints.record(anna.id, channel="email", direction="inbound", summary="Hi")
        assert ("Hi!!", ["Hi!!"]) == (kept.summary, finals)
        assert "Hi!!" == tx.touchpoints.get(kept.id).summary


def _raise(_: Sequence[Touchpoint]) -> Any:
    raise ZeroDivisionError


def _another_client(drafts: Sequence[Touchpoint]) -> Any:
    return [attrs.evolve(drafts[0], client_id=None)]


def _too_many(drafts: Sequence[Touchpoint]) -> Any:
    return [drafts[0], drafts[0]]


def _answers(answer: Any) -> Callable[[Sequence[Touchpoint]], Any]:
    return lambda _: answer


@pytest.mark.parametrize(
    "answer",
    [_raise, _another_client, _too_many, _answers([]), _answers("xy"), _answers([None])],
    ids=["raises", "another client", "too many", "too few", "no touchpoints", "nothing"],
)
def test_a_filter_that_fails_leaves_the_value_as_it_was(
    opened: Open, answer: Callable[[Sequence[Touchpoint]], Any]
) -> None:
    """Its policy is open: the call is on the timeline all the same, and the failure is on record."""

    class Broken(Plugin[None]):
        @hookimpl
        def crm_filter_touchpoint(self, drafts: Sequence[Touchpoint]) -> Any:
            return answer(drafts)

    crm = opened(Broken(), Summary())
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        kept = tx.touchpoints.record(anna.id, channel="email", direction="inbound", summary="Hi")
    assert ("Hi!", anna.id, 1) == (kept.summary, kept.client_id, crm.plugins.status()[0].failures)


def test_the_first_answer_names_the_owner_of_a_new_deal(opened: Open) -> None:
    """None is no answer, and neither is a failure; who was named by the caller stays."""

    class Silent(Plugin[None]):
        @hookimpl
        def crm_assign_owner(self, deal: Deal) -> str | None:
            return None

    class Broken(Plugin[None]):
        @hookimpl
        def crm_assign_owner(self, deal: Deal) -> str | None:
            raise ZeroDivisionError

    class Router(Plugin[None]):
        @hookimpl
        def crm_assign_owner(self, deal: Deal) -> str | None:
            return "17"

    class Late(Router):
        name = "late"

        @hookimpl
        def crm_assign_owner(self, deal: Deal) -> str | None:
            return "18"

    with opened(Silent(), Broken(), Router(), Late()).begin() as tx:
        anna = tx.clients.add(name="Anna")
        assert "17" == tx.deals.open(anna.id, title="Order").owner
        assert "4" == tx.deals.open(anna.id, title="Order", owner="4").owner


def test_a_plugin_may_say_which_of_two_clients_is_kept(opened: Open) -> None:
    """Everything of the other moves there, whichever way round the caller said it."""

    class Older(Plugin[None]):
        @hookimpl
        def crm_plan_merge(self, question: MergeQuestion) -> MergePlan:
            return MergePlan(min((question.keep, question.drop), key=lambda one: one.name).id)

    with opened(Older()).begin() as tx:
        anna, boris = tx.clients.add(name="Anna"), tx.clients.add(name="Boris")
        assert anna.id == tx.clients.merge(anna.id, into=boris.id).id
        assert anna.id == tx.clients.get(boris.id).id


def test_a_plan_for_a_merge_that_fails_lets_nothing_merge(opened: Open) -> None:
    """Its policy is closed: two people made one by mistake are hard to part."""

    class Broken(Plugin[None]):
        @hookimpl
        def crm_plan_merge(self, question: MergeQuestion) -> MergePlan:
            raise ZeroDivisionError

    crm = opened(Broken())
    with crm.begin() as tx:
        anna, boris = tx.clients.add(name="Anna"), tx.clients.add(name="Boris")
    with pytest.raises(PluginFailure), crm.begin() as tx:
        tx.clients.merge(anna.id, into=boris.id)
    with crm.read() as tx:
        assert 2 == tx.clients.count()


def test_a_plugin_knows_a_caller_whom_nobody_else_knows(opened: Open) -> None:
    """Asked only if no contact point has the number; an id of nobody is no answer."""
    asked = list[Address]()
    known = dict[str, Any]()

    class Directory(Plugin[None]):
        @hookimpl
        def crm_resolve_client(self, address: Address) -> ClientId | None:
            asked.append(address)
            return known.get(address.match_key or "")

    with opened(Directory()).begin() as tx:
        anna = tx.clients.add(name="Anna", phone="+7 912 000-00-01")
        known["+79120000002"] = anna.id
        known["+79120000003"] = tx.touchpoints.record(anna.id, channel="email", direction="inbound").id
        calls = [tx.calls.start(number=f"+7912000000{n}", external_id=str(n)) for n in (1, 2, 3)]
    assert [anna.id, anna.id, None] == [call.client_id for call in calls]
    assert ["+79120000002", "+79120000003"] == [address.match_key for address in asked]
    assert "912" not in repr(asked)


def test_what_plugins_know_of_a_clients_past_stands_on_its_page(opened: Open, clock: FrozenClock) -> None:
    """Each page takes what lies in the time it covers; one that fails is missed, and the page says so."""
    theirs = list[Touchpoint]()
    broken = list[bool]()

    class Archive(Plugin[None]):
        @hookimpl
        def crm_timeline(self, client_id: ClientId, window: Window) -> Iterable[Touchpoint]:
            if broken:
                raise TimeoutError
            return theirs

    with opened(Archive()).begin() as tx:
        anna = tx.clients.add(name="Anna")
        times = [clock.now() - timedelta(days=n) for n in range(1, 7)]
        for at in times[::2]:
            tx.touchpoints.record(anna.id, channel="email", direction="inbound", at=at)
        theirs += [a_touchpoint(anna, minutes=(at - NOON) / timedelta(minutes=1)) for at in times[1::2]]
        first = tx.touchpoints.timeline(anna.id, limit=2)
        second = tx.touchpoints.timeline(anna.id, limit=2, after=first.next)
        assert times == [one.occurred_at for one in (*first, *second)]
        assert (False, False, None) == (first.partial, second.partial, second.next)
        broken.append(True)
        page = tx.touchpoints.timeline(anna.id, limit=2)
    assert (2, True) == (len(page), page.partial)


def test_a_projection_writes_in_the_same_commit(opened: Open) -> None:
    """What it writes is journalled and told, but not projected again; once a transaction, however many verbs."""
    told, heard = list[list[str]](), list[str]()

    class Thanks(Plugin[None]):
        @hookimpl
        def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
            told.append([event.topic for event in events])
            for event in events:
                if isinstance(event, DealWon):
                    ctx.tx.notes.add(event.client_id, text="Thank them.")

    crm = opened(Thanks())
    crm.on(Event)(lambda event: heard.append(event.topic))
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        tx.deals.win(tx.deals.open(anna.id, title="Order", amount=Money(1, "EUR")).id)
    with crm.read() as tx:
        assert 1 == tx.notes.count()
    assert (1, False, "note.added") == (len(told), "note.added" in told[0], heard[-1])


def test_a_projection_that_fails_rolls_everything_back(opened: Open) -> None:
    """It is part of the commit; nobody hears of what did not happen."""
    heard = list[Event]()

    class Broken(Plugin[None]):
        @hookimpl
        def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
            ctx.tx.clients.add(name="Shadow")
            raise OSError

    crm = opened(Broken())
    crm.on(Event)(heard.append)
    with pytest.raises(PluginFailure, match="broken"), crm.begin() as tx:
        tx.clients.add(name="Anna")
    with crm.read() as tx:
        assert (0, []) == (tx.clients.count(), heard)


def test_a_projection_stands_under_the_guards_too(opened: Open) -> None:
    """What a plugin writes is checked like anybody's."""

    class Careless(Plugin[None]):
        @hookimpl
        def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
            ctx.tx.clients.add(name="rude")

    with pytest.raises(Rejected), opened(Polite(), Careless()).begin() as tx:
        tx.clients.add(name="Eva")


def test_around_a_verb_the_first_listed_is_outermost(opened: Open) -> None:
    """And what the verb returns stands, whatever they do."""
    steps = list[str]()

    class Outer(Plugin[None]):
        @hookimpl
        def crm_around_command(self, command: Command) -> Generator[None]:
            steps.append(f"{self.name} > {command.name}")
            yield
            steps.append(f"{self.name} <")

    class Inner(Outer):
        name = "inner"

    with opened(Outer(), Inner()).begin() as tx:
        assert "Anna" == tx.clients.add(name="Anna").name
    assert ["outer > clients.add", "inner > clients.add", "inner <", "outer <"] == steps


def test_around_a_verb_nobody_can_swallow_what_it_raised(opened: Open) -> None:
    """Else a command that failed would look done."""

    class Swallowing(Plugin[None]):
        @hookimpl
        def crm_around_command(self, command: Command) -> Generator[None]:
            with suppress(Rejected):
                yield

    with pytest.raises(Rejected), opened(Swallowing(), Polite()).begin() as tx:
        tx.clients.add(name="rude")


def test_a_hook_that_leads_to_itself_is_stopped(opened: Open) -> None:
    """Not by the interpreter's recursion limit, and not never."""

    class Loop(Plugin[None]):
        @hookimpl
        def crm_timeline(self, ctx: HookContext, client_id: ClientId, window: Window) -> Iterable[Touchpoint]:
            return list(ctx.read.touchpoints.timeline(client_id))

    crm = opened(Loop())
    with crm.begin() as tx:
        page = tx.touchpoints.timeline(tx.clients.add(name="Anna").id)
    assert ((), True) == (page.items, page.partial)
    assert 1 == crm.plugins.status()[0].failures


def test_somebody_may_hear_that_a_plugin_failed(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    """By names and places only; what a listener raises itself is not told again."""
    told = list[Failure]()

    class Broken(Plugin[None]):
        @hookimpl
        def crm_filter_touchpoint(self, drafts: Sequence[Touchpoint]) -> None:
            raise ValueError("anna@example.org")

    class Reporter(Plugin[None]):
        @hookimpl
        def crm_on_plugin_error(self, failure: Failure) -> None:
            told.append(failure)
            raise RuntimeError("boris@example.org")

    with opened(Broken(), Reporter()).begin() as tx:
        tx.touchpoints.record(tx.clients.add(name="Anna").id, channel="email", direction="inbound")
    ((plugin, hook, error, place),) = [attrs.astuple(one) for one in told]
    assert ("broken", "crm_filter_touchpoint", "ValueError") == (plugin, hook, error)
    assert place.startswith("test_hooks.py:")
    assert "example.org" not in caplog.text


def test_one_plugins_hooks_do_not_reach_into_another_crm(opened: Open) -> None:
    """Two CRMs in one process share nothing."""
    strict, free = opened(Polite()), CRM.open("memory://")
    with free.begin() as tx:
        assert "rude" == tx.clients.add(name="rude").name
    with pytest.raises(Rejected), strict.begin() as tx:
        tx.clients.add(name="rude")


def test_a_list_of_many_calls_no_hook_for_each(opened: Open) -> None:
    """A hook for every row would make every list as slow as its slowest plugin."""
    calls = list[str]()

    class Counting(Plugin[None]):
        @hookimpl
        def crm_around_command(self, command: Command) -> Generator[None]:
            calls.append(command.name)
            yield

        @hookimpl
        def crm_timeline(self, client_id: ClientId, window: Window) -> Iterable[Touchpoint]:
            calls.append("timeline")
            return ()

    crm = opened(Counting())
    with crm.begin() as tx:
        anna = tx.clients.add(name="Anna")
        for _ in range(100):
            tx.touchpoints.record(anna.id, channel="email", direction="inbound")
    calls.clear()
    with crm.read() as tx:
        assert 100 == len(tx.touchpoints.timeline(anna.id, limit=200))
        assert isinstance(tx.clients.list()[0], Client)
    assert ["timeline"] == calls
