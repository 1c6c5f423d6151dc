"""K07 to K14, K21: a plugin that does its work once, harms nobody, and keeps what it is told to itself."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from crmkit import to_builtins
from crmkit.domain.events import Event
from crmkit.domain.secret import Secret
from crmkit.errors import ContactRefused
from crmkit.plugins.delivery.relay import LEASE
from crmkit.plugins.delivery.subscriber import Attempt
from crmkit.testing.permits import a_permit
from crmkit.testing.plugin_suite.day import NAME, PERSONAL
from crmkit.testing.plugin_suite.inside import Watch
from crmkit.testing.plugin_suite.neighbours import Tagger, Witness
from crmkit.testing.plugin_suite.trial import Outcome, Run, Trial

#: The hooks that decide, or write, inside somebody's transaction.
DECIDING = (
    "crm_around_command", "crm_filter_touchpoint", "crm_check_change", "crm_check_deal_stage", "crm_assign_owner",
    "crm_check_contact_attempt", "crm_plan_merge", "crm_project",
)  # fmt: skip


class Silver:
    """What can be said by letting a day pass."""

    def test_k07_an_event_told_twice_has_one_effect(self, trial: Trial) -> None:
        """Delivery is at least once: do a thing in `ctx.once`, or hand the key on."""
        with trial.opened() as run:
            names = _observing(run)
            run.day()
            told = list(run.workshop.events)
            run.workshop.relay.drain(advance=True)
            once = run.outcome()
            for event in told:
                for name in names:
                    _tell_again(run, name, event)
            assert once == run.outcome()

    def test_k08_what_its_observers_meet_harms_nobody(self, trial: Trial) -> None:
        """The world outside is down: the commands stand, and every other plugin hears everything."""
        first, last = Witness(), _LastWitness()
        with trial.opened(before=[first], after=[last], delivery="inline") as run:
            run.outside.fail(10_000)
            run.channels.fail(10_000)
            try:
                run.day()
            except BaseException as error:
                raise AssertionError(f"A command met {type(error).__name__} of an observer's.") from error
            topics = Counter(run.workshop.events.topics())
            assert [topics, topics] == [Counter(one.topic for one in some.heard) for some in (first, last)]

    def test_k09_its_hooks_answer_to_every_verb(self, trial: Trial) -> None:
        """A guard that fails stops the house, a filter that fails is passed over: neither may stumble on a record."""
        with trial.opened() as run:
            if not any(hook in run.crm.plugins.dispatch for hook in DECIDING):
                pytest.skip("nothing to check: it decides nothing")
            run.day()
            failure = run.crm.plugins.failures.last.get(trial.kind.name)
            assert failure is None or failure.hook not in DECIDING, failure

    def test_k10_its_hooks_do_no_work_inside_a_transaction(self, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever waits there holds up every other writer; files and requests cannot be rolled back."""
        with trial.opened() as run:
            if not any(hook in run.crm.plugins.dispatch for hook in DECIDING):
                pytest.skip("nothing to check: it decides nothing")
            watch = Watch(lambda: len(run.outside.requests) + len(run.channels.keys), monkeypatch)
            run.workshop.hooks.watch = watch
            run.day()
            assert [] == watch.seen

    def test_k11_what_was_rolled_back_was_never_heard_of(self, trial: Trial) -> None:
        """Not then, and not with the next commit."""
        assert _after(trial, undone=False) == _after(trial, undone=True)

    def test_k12_it_does_not_matter_who_stands_before_it(self, trial: Trial) -> None:
        """The order of a list is the operator's to choose."""
        outcomes = list[Outcome]()
        for neighbours in ({"before": [Tagger()]}, {"after": [Tagger()]}):
            with trial.opened(**neighbours) as run:
                run.day()
                run.workshop.relay.drain(advance=True)
                outcomes.append(run.outcome())
        assert outcomes[0] == outcomes[1]

    def test_k13_nobody_is_written_to_who_has_said_no(self, trial: Trial) -> None:
        """Not even if the no came after the event and before the message: `ctx.contact` asks at the last moment."""
        with trial.opened() as run:
            run.watch_own_channels()
            run.day()
            run.workshop.relay.drain(advance=True)
            if not run.contacts():
                pytest.skip("nothing to check: it writes to nobody")
        with trial.opened() as run:
            run.watch_own_channels()
            run.day()
            before = run.contacts()
            with run.crm.begin() as tx:
                for client in tx.clients.list():
                    tx.consents.withdraw(client.id)
            run.workshop.relay.drain(advance=True)
            assert 0 == run.contacts() - before

    def test_k14_secrets_and_persons_stay_out_of_logs_and_reprs(
        self, trial: Trial, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Logs go where neither belongs; when things go wrong most of all."""
        caplog.set_level(logging.DEBUG)
        with trial.opened() as run:
            secrets = list(_secrets(run.plugin.settings))
            run.outside.fail(3)
            run.day()
            run.workshop.relay.drain(advance=True)
            shown = [repr(run.plugin), str(vars(run.plugin)), repr(run.crm.plugins.status())]
            shown += [str(to_builtins(event)) for event in run.workshop.events]
        text = "\n".join([caplog.text, *shown])
        assert [] == [word for word in (*secrets, NAME, *PERSONAL) if word in text]

    def test_k21_its_channels_send_by_a_permit_alone(self, trial: Trial) -> None:
        """One that is spent, or too old, sends nothing; and nobody goes round it by calling the channel themselves."""
        with trial.opened() as run:
            channels = run.own_channels()
            if not channels:
                pytest.skip("nothing to check: it brings no channel")
            spent = a_permit()
            spent.redeem()
            for channel in channels:
                for permit, what in ((spent, "spent"), (a_permit(seconds=0), "expired")):
                    with pytest.raises(ContactRefused):  # as it is raised by `permit.redeem()`
                        channel.send(permit, f"k21-{what}")
            assert 0 == run.contacts()
            assert [] == list(run.outside.requests)
            strays = run.strays()
            run.day()
            run.workshop.relay.drain(advance=True)
            assert [] == strays


class _LastWitness(Witness):
    name = "last_witness"


def _observing(run: Run) -> list[str]:
    names = run.subscribers()
    if not names:
        pytest.skip("nothing to check: it hears no event for certain")
    return names


def _tell_again(run: Run, name: str, event: Event) -> None:
    heard = {one.name: one.heard for one in run.crm.plugins.observers.all}[name]
    if isinstance(event, heard):
        deadline = run.workshop.clock.now() + LEASE
        run.crm.relay.subscribers[name].handle(event, Attempt(f"{event.id}:{name}", 2, deadline, 0))


def _after(trial: Trial, *, undone: bool) -> Outcome:
    from crmkit.testing.plugin_suite.day import correcting, selling, somebody

    with trial.opened() as run:
        if undone:
            with pytest.raises(InterruptedError), run.crm.begin() as tx:
                client = somebody(tx)
                selling(tx, client)
                correcting(tx, client)
                raise InterruptedError
        run.day()
        run.workshop.relay.drain(advance=True)
        return run.outcome()


def _secrets(settings: Any) -> Iterator[str]:
    if isinstance(settings, Secret):
        yield settings.reveal()
    elif attrs.has(kind := settings.__class__):
        for field in attrs.fields(kind):
            yield from _secrets(getattr(settings, field.name))
    elif isinstance(settings, (list, tuple)):
        for one in settings:  # pyright: ignore[reportUnknownVariableType]
            yield from _secrets(one)
