"""The fixtures, used as a plugin's author uses them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from crmkit import CRM, Money
from crmkit.errors import Invalid, OutboundDenied, OutboundFailed
from crmkit.events import ClientAdded, DealOpened, DealWon, Event
from crmkit.plugins import HTTP, EventContext, Plugin, ProjectContext, RecordChange, Secret, Veto, hookimpl, on
from crmkit.testing import FrozenClock
from crmkit.testing.kit import ChannelSink, EventRecorder, HookRecorder, HTTPSink, RelayDriver, Seed

Make = Callable[..., CRM]
SETTINGS = {"slack": {"url": "https://hooks.example/x", "token": {"env": "T"}}}


@attrs.frozen
class SlackSettings:
    url: str
    token: Secret


class Slack(Plugin[SlackSettings]):
    @on(DealWon)
    def announce(self, ctx: EventContext, event: DealWon) -> None:
        headers = {"Idempotency-Key": ctx.idempotency_key, "Authorization": self.settings.token.reveal()}
        if not HTTP().post(self.settings.url, b"won", headers).ok:
            raise OSError

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        return ()


@pytest.fixture
def slack(make_crm: Make) -> CRM:
    return make_crm(Slack, settings=SETTINGS, env={"T": "secret-t"})


def _win(crm: CRM, seed: Seed) -> None:
    deal = seed.deal(stage="offer")
    with crm.begin() as tx:
        tx.deals.win(deal.id)


def test_a_plugin_is_tested_from_its_settings_to_its_request(
    slack: CRM, seed: Seed, relay: RelayDriver, http_sink: HTTPSink
) -> None:
    """A lost answer is asked for again, under the same key."""
    http_sink.fail(times=1)
    _win(slack, seed)
    assert [] == http_sink.requests
    assert 1 == relay.drain(advance=True).told
    assert [relay.key(DealWon, "slack.announce")] * 2 == [one.key for one in http_sink.requests]
    assert 1 == len(http_sink.effects())
    assert "secret-t" == http_sink.requests[0].headers["authorization"]
    assert "secret-t" not in repr(http_sink.requests)


def test_settings_are_read_as_a_hosts_file_would_be(make_crm: Make) -> None:
    """Nothing is guessed, and no variable of the real environment is seen."""
    with pytest.raises(Invalid, match="not set"):
        make_crm(Slack, settings=SETTINGS)
    with pytest.raises(Invalid, match="token"):
        make_crm(Slack, settings={"slack": {"url": "https://x.example"}}, env={"T": "t"})
    with pytest.raises(Invalid, match="slck"):
        make_crm(settings={"slck": {}})


def test_what_happened_is_recorded_by_type(crm: CRM, seed: Seed, events: EventRecorder) -> None:
    """`of` is typed, and `assert_only` says what else there was."""
    deal = seed.deal()
    assert [deal.id] == [event.deal_id for event in events.of(DealOpened)]
    with pytest.raises(AssertionError, match=r"deal\.opened"):
        events.assert_only(ClientAdded)
    events.clear()
    seed.client()
    assert ClientAdded in {type(one) for one in events}


def test_a_subscriber_is_made_to_fail_as_often_as_asked(
    slack: CRM, seed: Seed, relay: RelayDriver, http_sink: HTTPSink
) -> None:
    """Only the named one, and only before it begins."""
    relay.fail("slack.announce", times=2)
    _win(slack, seed)
    assert (2, 1) == ((done := relay.drain(advance=True)).again, done.told)
    assert 1 == len(http_sink.requests)
    with pytest.raises(AssertionError, match=r"slack\.announce"):
        relay.fail("slack.anounce")


def test_a_relay_killed_at_any_step_loses_nothing(make_crm: Make, clock: FrozenClock) -> None:
    """The next one goes on after the lease; what was sent twice carries one key."""
    from crmkit.testing.kit import Workshop

    died = 0
    for steps in range(60):
        with pytest.MonkeyPatch.context() as patch:
            sink, workshop = HTTPSink(), Workshop()
            sink.install(patch.setattr)
            crm = workshop.make(Slack, settings=SETTINGS, env={"T": "t"})
            _win(crm, Seed(workshop.latest))
            crashed = workshop.relay.crash_after(steps)
            workshop.relay.drain(advance=True)
            assert 1 == len(sink.effects()), steps
            workshop.close()
        died += crashed
        if not crashed:
            break
    assert 5 < died < 59


def test_hooks_are_recorded_with_their_arguments(slack: CRM, seed: Seed, hooks: HookRecorder) -> None:
    """As pytest's own recorder does it for pluggy."""
    client = seed.client()
    changes = hooks.popcall("crm_check_change").arguments[0]
    assert client.id == changes[0].after.id
    with pytest.raises(AssertionError, match="crm_project"):
        hooks.popcall("crm_project")


def test_what_is_misspelt_in_a_test_is_told(make_crm: Make, hooks: HookRecorder) -> None:
    """A hook there is not was never called: a test that counts its calls could not fail."""
    for ask in (hooks.getcalls, hooks.popcall):
        with pytest.raises(AssertionError, match=r"no hook crm_check_chnge. Did you mean crm_check_change\?"):
            ask("crm_check_chnge")
    assert [] == hooks.getcalls("crm_after_deal_won", "crm_check_change")
    with pytest.raises(Invalid, match="classes or instances, not 'slack'"):
        make_crm("slack")
    with pytest.raises(Invalid, match=r'Say settings=\{"slack": \{…\}\}'):
        make_crm(Slack, settings=SETTINGS["slack"])


def test_advancing_the_clock_does_what_becomes_due(crm: CRM, seed: Seed, clock: FrozenClock) -> None:
    """`go_on` only moves it."""
    client = seed.client()
    with crm.begin() as tx:
        tx.purchases.record(client.id, amount=Money(10, "EUR"))
    clock.go_on(days=200)
    with crm.read() as tx:
        assert "active" == tx.clients.get(client.id).lifecycle
    clock.advance(days=1)
    with crm.read() as tx:
        assert "dormant" == tx.clients.get(client.id).lifecycle


def test_ids_come_out_the_same_in_every_run(make_crm: Make, seed: Seed) -> None:
    """So that a failure can be looked at twice."""
    from crmkit.testing.kit import Workshop

    make_crm()
    workshop = Workshop()
    workshop.make()
    assert seed.client().id == Seed(workshop.latest).client().id
    workshop.close()


def test_a_channel_sink_sends_once_a_key(
    make_crm: Make, seed: Seed, relay: RelayDriver, channel_sink: ChannelSink
) -> None:
    """It answers a repeated key as it did before, and what it could not take comes again."""

    class Greets(Plugin[None]):
        @on(ClientAdded)
        def greet(self, ctx: EventContext, event: ClientAdded) -> None:
            with ctx.begin() as tx:
                if ctx.once(tx):
                    tx.consents.grant(event.client_id, purpose="service", channel="sms")
            ctx.contact(event.client_id, channel="sms", purpose="service", to="+79120000001", text="Hi")

    crm = make_crm(Greets, channel_sink.plugin("sms"))
    channel_sink.fail(times=1)
    seed.client()
    relay.drain(advance=True)
    with crm.read() as tx:
        (message,) = tx.messages.list()
    key = str(message.id)
    assert ([key, key], ["Hi"]) == (channel_sink.keys, [one.text for one in channel_sink.messages])


def test_nobody_is_reached_while_the_sink_stands_before_the_world(http_sink: HTTPSink) -> None:
    """Neither past `HTTP`, nor through it to an inner network."""
    with pytest.raises(PermissionError), socket.socket() as one:
        one.connect(("192.0.2.1", 80))
    with pytest.raises(PermissionError):
        socket.create_connection(("example.org", 80))
    with pytest.raises(OutboundDenied):
        HTTP().get("http://127.0.0.1/")
    http_sink.respond(503)
    assert 503 == HTTP().get("https://example.org/").status
    http_sink.fail()
    with pytest.raises(OutboundFailed):
        HTTP().get("https://example.org/")
    assert ["https://example.org/"] * 2 == [one.url for one in http_sink.requests]
    assert 2 == len(http_sink.blocked)


def test_every_storage_gives_the_same_answer(
    sql_crm: Make, seed: Seed, relay: RelayDriver, http_sink: HTTPSink
) -> None:
    """Memory and a file are both real."""
    crm = sql_crm(Slack, settings=SETTINGS, env={"T": "t"})
    _win(crm, seed)
    assert 1 == relay.drain().told


ORDER = sa.table("shop__order", sa.column("id"), sa.column("note"))


class Orders(Plugin[None]):
    """Counts what happened in a table of its own."""

    name = "shop"

    @hookimpl
    def crm_register_migrations(self) -> Iterable[Path]:
        return [Path(__file__).with_name("broken_plugins") / "revisions" / "orders"]

    @hookimpl
    def crm_project(self, ctx: ProjectContext, events: Sequence[Event]) -> None:
        ctx.sql.execute(sa.insert(ORDER), [{"note": event.topic} for event in events])
        self.seen = [row.note for row in ctx.sql.execute(sa.select(ORDER.c.note).order_by(ORDER.c.id))]


def test_a_plugin_finds_its_own_tables_as_in_a_store(make_crm: Make, seed: Seed, tmp_path: Path) -> None:
    """The storage is watched step by step, and still is what it is."""
    plugin = Orders()
    make_crm(plugin, url=f"sqlite:///{tmp_path}/crm.db")
    for _ in range(2):
        seed.client()
    assert ["client.added"] * 2 == plugin.seen
