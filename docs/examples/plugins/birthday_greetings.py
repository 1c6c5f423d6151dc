"""All together: records of its own, a job, an observer that writes to people, and a policy that holds it back."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from crmkit import Transaction
from crmkit.errors import ContactRefused, Fault, Invalid, Rejected
from crmkit.events import TaskPlanned
from crmkit.ids import ClientId, TaskId
from crmkit.plugins import (
    Collection,
    ConsentPurpose,
    ContactAttempt,
    Endpoint,
    EventContext,
    HookContext,
    Job,
    JobContext,
    Plugin,
    Request,
    Response,
    Veto,
    hookimpl,
    on,
    setting,
    settings_class,
)

#: What a client consents to: who refuses marketing may still like to be congratulated.
PURPOSE = "birthday"

#: What a channel needs of a client.
REACHED: dict[str, Literal["phone", "email"]] = {"sms": "phone", "email": "email"}

#: Birthdays are never fewer days apart, nor are the days a leap-day child is congratulated on.
YEAR = 365


@attrs.frozen
class Birthday:
    """When to congratulate whom, as 100 * month + day; of which year they are is nobody's business."""

    client_id: ClientId
    day: int


@attrs.frozen
class Greeting:
    """One birthday of one client, and how far its greeting has come; found by the task that asks for it."""

    task_id: TaskId
    client_id: ClientId
    birthday: date
    state: Literal["planned", "sending", "sent", "dropped"] = "planned"

    @property
    def is_pending(self) -> bool:
        """Whether it may still go out."""
        return self.state in {"planned", "sending"}

    def is_near(self, birthday: date) -> bool:
        """Whether another birthday is less than a year from this one."""
        return abs((self.birthday - birthday).days) < YEAR


@settings_class
class GreetingSettings:
    """When, how and with which words."""

    channel: Literal["sms", "email"] = setting(help="The channel that greetings go through; another plugin brings it.")
    text: str = setting(default="Happy birthday, {name}!", help="What is said; {name} is the client's.")
    hour: int = setting(default=9, validator=attrs.validators.in_(range(24)), help="The hour of the day.")
    zone: str = setting(default="UTC", help="Whose clocks say so.", example="Europe/Berlin")
    late: int = setting(default=2, validator=attrs.validators.ge(0), help="How many days late one is still welcome.")
    leap_day: Literal["february", "march"] = setting(
        default="february", help="Whether who is born on 29 February has 28 February or 1 March in other years."
    )


class BirthdayGreetings(Plugin[GreetingSettings]):
    """
    Greets each client who agreed to it on their birthday, and never twice within a year.

    The job only plans a task, in one commit with the record of the greeting; hearing of that task is what sends it, as
    often as it takes, under one key. So a crash anywhere loses no greeting and sends none twice. What could not be sent
    stays on the agenda of the client's owner while it is not too late. Who completes the task has congratulated in
    person; who cancels it wanted nobody to. One that may have gone out, and whose process died before it said so, counts
    as sent if it is given up: a greeting too few is a smaller fault than one too many.

    Two clients who become one bring what they had: a greeting that either got counts for both.
    """

    birthdays = Collection(Birthday, key="client_id", index=("day",), client="client_id")
    greetings = Collection(Greeting, key="task_id", index=("state",), client="client_id")

    def remember(self, tx: Transaction, client_id: ClientId, born: date) -> None:
        """For hosts and their imports: keep when a client has birthday."""
        tx.data(self.birthdays).put(Birthday(client_id, _day(born)))

    @hookimpl
    def crm_register_endpoints(self) -> Iterable[Endpoint]:
        """A form posts `name`, `phone` or `email`, and `birthday` (as 2000-02-29) to `/birthday_greetings/tell`."""
        return [Endpoint("tell", self.tell)]

    def tell(self, request: Request) -> Response:
        """Take a birthday nobody had told yet: a form knows not who fills it in, so it overrules nothing."""
        said = request.form()
        try:
            born = date.fromisoformat(said.get("birthday", ""))
        except ValueError:
            raise Invalid(Fault("birthday", "not_a_date", "Give a date such as 2000-02-29.")) from None
        with self.crm.begin() as tx:
            client, _ = tx.clients.ensure(name=said.get("name", ""), phone=said.get("phone"), email=said.get("email"))
            if tx.data(self.birthdays).find(client.id) is None:
                self.remember(tx, client.id, born)
        return Response.text("Thank you.")

    @hookimpl
    def crm_register_consent_purposes(self) -> Iterable[ConsentPurpose]:
        """Nothing but consent carries it."""
        return [ConsentPurpose(PURPOSE, frozenset({"consent"}))]

    @hookimpl
    def crm_register_jobs(self) -> Iterable[Job]:
        """Once a day; a day that nobody was there for is made up for."""
        return [Job("plan", self.plan, daily=time(self.settings.hour), zone=self.settings.zone)]

    def plan(self, ctx: JobContext) -> None:
        """Plan greetings, the belated first, a commit each; a second run finds nothing left to plan."""
        today = ctx.now.astimezone(ZoneInfo(self.settings.zone)).date()
        self._give_up(ctx, before=today - timedelta(self.settings.late))
        for ago in range(self.settings.late, -1, -1):
            birthday = today - timedelta(ago)
            with ctx.read() as tx:
                room = tx.data(self.birthdays)
                clients = [one.client_id for day in self._days(birthday) for one in room.stream(day=day)]
            for client_id in clients:
                with ctx.begin() as tx:
                    if self._is_due(tx, client_id, birthday):
                        due = ctx.now + timedelta(days=1)
                        task = tx.tasks.plan(client_id, title="Say happy birthday", due=due, rule=self.name)
                        tx.data(self.greetings).put(Greeting(task.id, client_id, birthday))

    @on(TaskPlanned)
    def greet(self, ctx: EventContext, event: TaskPlanned) -> None:
        """Send what the job planned, and write down that it was sent; the channel tells a repetition by its key."""
        if event.rule != self.name:
            return
        with ctx.read() as tx:
            greeting = tx.data(self.greetings).find(event.task_id)
            if greeting is None or not greeting.is_pending:
                return
            wanted = _is_open(tx, greeting) and self._is_first(tx, greeting)
            to = self._address(tx, greeting.client_id) if wanted else None
            name = tx.clients.get(greeting.client_id).name
        if to is None:
            self._drop(ctx, greeting, "unwanted" if not wanted else "no_address")
            return
        with ctx.begin() as tx:
            tx.data(self.greetings).put(attrs.evolve(greeting, state="sending"))
        text = self.settings.text.replace("{name}", name)
        try:
            ctx.contact(greeting.client_id, channel=self.settings.channel, purpose=PURPOSE, to=to, text=text)
        except ContactRefused:
            self._drop(ctx, greeting, "refused")
        except Rejected as error:
            if all(fault.plugin != self.name for fault in error.faults):
                raise  # somebody else's objection, such as the hour, may be over at the next attempt
            self._drop(ctx, greeting, "policy")
        else:
            with ctx.begin() as tx:
                if _is_open(tx, greeting):
                    tx.tasks.complete(greeting.task_id)
                tx.data(self.greetings).put(attrs.evolve(greeting, state="sent"))

    @hookimpl
    def crm_check_contact_attempt(self, ctx: HookContext, attempts: Sequence[ContactAttempt]) -> Iterable[Veto]:
        """The policy, whoever congratulates: not twice within a year, and nobody who was put away."""
        today = ctx.now.astimezone(ZoneInfo(self.settings.zone)).date()
        ids = {one.client_id for one in attempts if one.purpose == PURPOSE}
        for client_id, client in ctx.read.clients.get_many(ids).items():
            if client.lifecycle == "archived":
                yield Veto("archived", "This client is archived. Restore them first.")
            sent = ctx.read.data(self.greetings).stream(client_id=client_id, state="sent")
            if any(one.is_near(today) for one in sent):
                yield Veto("greeted", "This client was congratulated less than a year ago.")

    def _days(self, date: date) -> Iterable[int]:
        """Which birthdays are had on a date."""
        moved = (2, 28) if self.settings.leap_day == "february" else (3, 1)
        return [_day(date), 229] if (date.month, date.day) == moved and not isleap(date.year) else [_day(date)]

    def _is_due(self, tx: Transaction, client_id: ClientId, birthday: date) -> bool:
        """Whether there is anything to plan: of a merged client's two birthdays the survivor's own holds."""
        told = tx.data(self.birthdays).find(client_id)
        if told is None or told.day not in self._days(birthday):
            return False
        if tx.clients.get(client_id).lifecycle == "archived" or self._address(tx, client_id) is None:
            return False
        for one in tx.data(self.greetings).stream(client_id=client_id):
            if one.birthday == birthday or (one.state != "dropped" and one.is_near(birthday)):
                return False
        return tx.consents.may_contact(client_id, purpose=PURPOSE, channel=self.settings.channel).allowed

    def _is_first(self, tx: Transaction, mine: Greeting) -> bool:
        """Of two that are pending for clients who have become one, the same goes whoever looks, and alone."""
        near = [one for one in tx.data(self.greetings).stream(client_id=mine.client_id) if one.is_near(mine.birthday)]
        first = min((one.state != "sending", one.birthday, one.task_id) for one in near if one.is_pending)
        return first[-1] == mine.task_id and all(one.state != "sent" for one in near)

    def _address(self, tx: Transaction, client_id: ClientId) -> str | None:
        """The primary one of its kind, which is the oldest that works unless somebody chose another."""
        points = tx.contact_points.list(client_id=client_id, kind=REACHED[self.settings.channel], primary=True)
        return next((point.value for point in points if point.status in {"unverified", "verified"}), None)

    def _drop(self, ctx: EventContext | JobContext, greeting: Greeting, reason: str) -> None:
        with ctx.begin() as tx:
            said = tx.tasks.get(greeting.task_id).status == "done" or greeting.state == "sending"
            if _is_open(tx, greeting):
                tx.tasks.cancel(greeting.task_id, reason=reason)
            tx.data(self.greetings).put(attrs.evolve(greeting, state="sent" if said else "dropped"))

    def _give_up(self, ctx: JobContext, *, before: date) -> None:
        with ctx.read() as tx:
            room = tx.data(self.greetings)
            pending = [one for state in ("planned", "sending") for one in room.stream(state=state)]
        for greeting in pending:
            if greeting.birthday < before:
                self._drop(ctx, greeting, "too_late")


def _day(date: date) -> int:
    return 100 * date.month + date.day


def _is_open(tx: Transaction, greeting: Greeting) -> bool:
    return tx.tasks.get(greeting.task_id).status in {"open", "in_progress"}
