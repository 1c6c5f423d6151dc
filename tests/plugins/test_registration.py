"""A plugin that is wrong is told all of it before a CRM opens."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import attrs
import pytest

from crmkit import CRM, Deal, Field, Touchpoint
from crmkit.domain.events import BY_TOPIC
from crmkit.domain.ids import ClientId
from crmkit.errors import Invalid
from crmkit.events import DealLost, DealWon, Event
from crmkit.plugins import Channel, ConsentPurpose, EventContext, HookContext, Permit, Plugin, Receipt, hookimpl, on

Method = Callable[..., Any]


def _with(**methods: Any) -> Plugin[Any]:
    """A plugin that has these methods and nothing else."""
    return type("Odd", (Plugin,), methods)()  # type: ignore[no-any-return]


def _faults(*plugins: object) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as caught:
        CRM.open("memory://", plugins=plugins)  # type: ignore[arg-type]
    return [(fault.path, fault.code, fault.message) for fault in caught.value.faults]


@hookimpl
def crm_check_chang(self: Any, changes: Any) -> None: ...
@hookimpl
async def crm_check_change(self: Any, changes: Any) -> None: ...
@hookimpl
def crm_check_deal_stage(self: Any, *moves: Any) -> None: ...
@hookimpl
def crm_assign_owner(self: Any, deals: Any) -> None: ...
@hookimpl
def crm_filter_touchpoint(self: Any, **drafts: Any) -> None: ...
@hookimpl
def crm_resolve_client(self: Any, *, address: Any) -> None: ...
@hookimpl
def crm_plan_merge(self: Any, question: Deal) -> None: ...
@hookimpl
def crm_around_command(self: Any, command: Any) -> None: ...
def crm_timeline(self: Any, client_id: ClientId) -> Sequence[Touchpoint]:
    return ()


WRONG: dict[str, tuple[Method, str, str]] = {
    "misspelt": (crm_check_chang, "unknown_hook", "There is no such hook. Did you mean crm_check_change?"),
    "async in a transaction": (
        crm_check_change, "async", "Only observers may be async: hooks inside a transaction are plain functions.",
    ),
    "variadic": (crm_check_deal_stage, "arguments", "Nobody fills *moves: take plain names."),
    "unknown argument": (crm_assign_owner, "arguments", "There is no argument deals. There are: ctx, deal."),
    "variadic keywords": (crm_filter_touchpoint, "arguments", "Nobody fills **drafts: take plain names."),
    "keyword only": (crm_resolve_client, "arguments", "Nobody fills address: take plain names."),
    "wrong type": (crm_plan_merge, "annotation", "question is MergeQuestion, not Deal."),
    "no generator": (crm_around_command, "no_generator", "It must yield once."),
    "unmarked": (crm_timeline, "unmarked", "This looks like a hook: mark it with @hookimpl, or rename it."),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_hook_that_would_not_work_is_refused_with_what_to_do(wrong: str) -> None:
    """Each of these would be passed over in silence, or fail at the first call."""
    method, code, say = WRONG[wrong]
    name = method.__name__
    assert [(f"plugins.odd.{name}", code, say)] == _faults(_with(**{name: method}))


def test_everything_wrong_with_every_plugin_is_told_at_once() -> None:
    """Nobody mends one mistake to meet the next."""
    both = [_with(crm_check_chang=crm_check_chang, crm_timeline=crm_timeline), _with(crm_plan_merge=crm_plan_merge)]
    assert ["unknown_hook", "unmarked", "annotation", "twice"] == [code for _, code, _ in _faults(*both)]


@pytest.mark.parametrize(
    ("given", "code"),
    [(Plugin, "class"), (object(), "no_plugin"), (_with(), "no_hooks")],
    ids=["a class", "something else", "nothing to do"],
)
def test_what_is_no_plugin_is_refused(given: object, code: str) -> None:
    """A class instead of an instance, an object of another kind, a plugin that does nothing."""
    assert [code] == [found for _, found, _ in _faults(given)]


def test_what_is_no_list_of_plugins_is_refused() -> None:
    """A name alone says nothing about its settings."""
    with pytest.raises(Invalid, match="Give plugins"):
        CRM.open("memory://", plugins="slack")  # type: ignore[arg-type]


@on(DealWon)
def both(self: Any, ctx: EventContext, event: DealWon) -> None: ...
@on(DealWon)
def other_order(self: Any, event: DealWon, ctx: EventContext) -> None: ...
@on(DealWon)
def no_event(self: Any, ctx: EventContext) -> None: ...
@on(DealWon)
def wrong_event(self: Any, event: DealLost) -> None: ...
@on("deal.wun")
def unknown_event(self: Any, event: Event) -> None: ...
@on("acme.paid", optional=True)
def another_plugins(self: Any, event: Event) -> None: ...
@on(DealWon, DealLost)
async def closed(self: Any, event: DealWon | DealLost) -> None: ...


@pytest.mark.parametrize("method", [both, another_plugins, closed])
def test_an_observer_takes_an_event_or_ctx_and_an_event(method: Method) -> None:
    """It may be async, hear several events, or one of a plugin that may not be there."""
    with CRM.open("memory://", plugins=[_with(**{method.__name__: method})]) as crm:
        assert "running" == crm.plugins.status()[0].state


@pytest.mark.parametrize(
    ("method", "code"),
    [
        (other_order, "arguments"),
        (no_event, "arguments"),
        (wrong_event, "annotation"),
        (unknown_event, "unknown_event"),
    ],
)
def test_an_observer_that_nobody_could_tell_is_refused(method: Method, code: str) -> None:
    """Its arguments are called ctx and event, and its event is one there is."""
    assert [code] == [found for _, found, _ in _faults(_with(**{method.__name__: method}))]


def test_an_observer_may_be_written_as_the_hook_of_its_event() -> None:
    """`crm_after_deal_won` and `@on(DealWon)` are one thing."""

    class Bell(Plugin[None]):
        @hookimpl
        def crm_after_deal_won(self, event: DealWon) -> None: ...
        @hookimpl
        def crm_after_event(self, event: Event) -> None: ...

    with CRM.open("memory://", plugins=[Bell()]) as crm:
        assert ("bell.crm_after_deal_won", "bell.crm_after_event") == crm.plugins.status()[0].subscribers


def test_a_hook_of_a_newer_crmkit_may_be_optional() -> None:
    """One plugin serves two versions of crmkit; the older goes without, and says so."""

    class Ahead(Plugin[None]):
        @hookimpl(optional=True)
        def crm_check_moon_phase(self, ctx: HookContext) -> None: ...

    with CRM.open("memory://", plugins=[Ahead()]) as crm:
        assert ("crm_check_moon_phase is not known to this crmkit",) == crm.plugins.status()[0].notes


def test_two_observers_of_one_name_are_refused() -> None:
    """The name is what deliveries are kept under: an id tells them apart."""

    class Twice(Plugin[None]):
        @on(DealWon, id="tell")
        def one(self, event: DealWon) -> None: ...
        @on(DealLost, id="tell")
        def two(self, event: DealLost) -> None: ...

    assert [("plugins.twice.twice.tell", "twice")] == [found[:2] for found in _faults(Twice())]


def test_the_base_keeps_a_plugins_identity() -> None:
    """Two equal plugins are two: they go into sets, and hold connections."""
    with pytest.raises(TypeError, match="remove __eq__"):

        @attrs.define
        class Equal(Plugin[None]):
            x: int = 1

    one, other = _with(), _with()
    assert (False, 2) == (one == other, len({one, other}))


def test_a_plugins_name_is_its_class_in_small_letters_unless_it_says_otherwise() -> None:
    """And short enough to stand in front of a table's name."""

    class TelephonySip(Plugin[None]): ...

    assert "telephony_sip" == TelephonySip.name
    with pytest.raises(TypeError, match="small letters"):
        type("Odd", (Plugin,), {"name": "No Name"})


def test_what_plugins_bring_is_there_when_the_crm_opens() -> None:
    """Fields, purposes and channels, as if the host had given them."""
    size = Field("client", "shoe_size", int)

    class Shoes(Plugin[None]):
        @hookimpl
        def crm_register_fields(self) -> Sequence[Field[int]]:
            return [size]

        @hookimpl
        def crm_register_consent_purposes(self) -> Sequence[ConsentPurpose]:
            return [ConsentPurpose("fitting", frozenset({"consent"}))]

        @hookimpl
        def crm_register_channels(self) -> Sequence[Channel]:
            return [Channel("pigeon", ("postal",), _sent)]

    with CRM.open("memory://", plugins=[Shoes()], consent="permissive") as crm, crm.begin() as tx:
        anna = tx.clients.add(name="Anna", email="anna@example.org", custom=[size.to(38)])
        tx.consents.grant(anna.id, purpose="fitting", channel="email")
        assert 38 == anna.custom[size]
        assert tx.consents.may_contact(anna.id, purpose="fitting", channel="email").allowed
        assert ["pigeon"] == list(crm.plugins.channels)


def _sent(permit: Permit, key: str) -> Receipt:
    return Receipt()


def _bringing(hook: str, brought: Any, name: str = "odd") -> Plugin[Any]:
    @hookimpl
    def bring(self: Any) -> Any:
        return brought() if callable(brought) else brought

    bring.__name__ = hook
    return type(name.title(), (Plugin,), {hook: bring})()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("hook", "brought", "code"),
    [
        ("crm_register_fields", ["shoe_size"], "wrong_kind"),
        ("crm_register_fields", lambda: 1 / 0, "failed"),
        ("crm_register_channels", [Field("client", "x", int)], "wrong_kind"),
        ("crm_register_event_types", [int], "not_an_event"),
        ("crm_register_consent_purposes", [ConsentPurpose("marketing", frozenset({"contract"}))], "twice"),
    ],
    ids=["no field", "raises", "no channel", "no event", "a purpose of crmkit's"],
)
def test_what_a_plugin_brings_must_be_of_the_kind_asked_for(hook: str, brought: Any, code: str) -> None:
    """Half of what a plugin brings is nothing to build on."""
    assert [code] == [found for _, found, _ in _faults(_bringing(hook, brought))]


def test_an_event_without_a_topic_is_told_what_to_write() -> None:
    """A class's name gives a topic only where it begins with a noun of crmkit's; nobody would find it by `.rung`."""
    known = dict(BY_TOPIC)
    rung = attrs.make_class("BellRung", {}, bases=(Event,), frozen=True)
    BY_TOPIC.clear()
    BY_TOPIC.update(known)
    ((_, code, said),) = _faults(_bringing("crm_register_event_types", [rung]))
    assert ("no_topic", True) == (code, 'topic: ClassVar[str] = "<plugin>.bell_rung"' in said)


def test_two_plugins_that_bring_the_same_channel_are_refused() -> None:
    """Which of them sent a message must not depend on their order."""
    brought = [Channel("sms", ("phone",), _sent)]
    other = [Channel("sms", ("phone",), _sent)]
    faults = _faults(
        _bringing("crm_register_channels", brought, "one"), _bringing("crm_register_channels", other, "two")
    )
    assert [("plugins", "twice", "Two plugins bring a channel sms. Take one off the list.")] == faults


def test_after_opening_nobody_comes_in(crm: CRM) -> None:
    """Registering while others call loses hooks: the list is settled."""
    with pytest.raises(AttributeError):
        crm.plugins = ()  # type: ignore[misc,assignment]


def test_a_generator_is_a_guard_as_good_as_a_list() -> None:
    """Vetoes may be yielded."""

    class Yielding(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Any) -> Generator[Any]:
            yield from ()

    with CRM.open("memory://", plugins=[Yielding()]) as crm, crm.begin() as tx:
        assert "Anna" == tx.clients.add(name="Anna").name
