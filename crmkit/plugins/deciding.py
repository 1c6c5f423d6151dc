"""The slots on the command path, filled by plugins."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, TypeVar, cast

import attrs

from crmkit.domain.client import Client
from crmkit.domain.contact_point import PointKind
from crmkit.domain.deal import Deal
from crmkit.domain.events import Event
from crmkit.domain.ids import ClientId
from crmkit.domain.records import Record
from crmkit.domain.touchpoint import Touchpoint
from crmkit.errors import Fault
from crmkit.plugins.context import HookContext, OpenTables, ProjectContext
from crmkit.plugins.dispatch import Dispatch
from crmkit.plugins.values.asking import Address, Window
from crmkit.plugins.values.deciding import Command, ContactAttempt, DealMove, MergeQuestion, RecordChange
from crmkit.services.unit import Unit

D = TypeVar("D", bound=Record)
#: What a filter of touchpoints leaves alone: who, when and which one it is.
_FIXED = ("id", "client_id", "occurred_at")
_STAGE = ("pipeline", "stage", "status")
#: The hooks that take part inside a transaction; without any, nobody pays for them.
TAKE_PART = (
    "crm_around_command", "crm_filter_touchpoint", "crm_assign_owner", "crm_check_change", "crm_check_deal_stage",
    "crm_check_contact_attempt", "crm_plan_merge", "crm_project", "crm_resolve_client", "crm_timeline",
)  # fmt: skip


class Deciding:
    """`crmkit.services.command.Slots`, over the hooks of one CRM."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        #: Opens plugins' own tables, where there is SQL.
        self.sql: OpenTables | None = None
        self._around = "crm_around_command" in dispatch
        self._touchpoints = "crm_filter_touchpoint" in dispatch
        self._owners = "crm_assign_owner" in dispatch
        self._changes = "crm_check_change" in dispatch
        self._stages = "crm_check_deal_stage" in dispatch

    @contextmanager
    def around(self, unit: Unit) -> Generator[None]:
        """Enter `crm_around_command`; what the verb returns or raises stands."""
        if (trace := self._dispatch.trace) is not None:
            trace(f"{unit.command}: begins")
        if not self._around:
            yield
            return
        raised: BaseException | None = None
        with ExitStack() as stack:
            ctx, command = HookContext(unit), Command(unit.command, unit.actor)
            for entered in self._dispatch.around("crm_around_command", ctx=ctx, command=command):
                stack.enter_context(cast("Any", entered))
            try:
                yield
            except BaseException as error:
                raised = error
                raise
        if raised is not None:  # one of them swallowed it
            raise raised

    def filter(self, unit: Unit, record: D) -> D:
        """Amend touchpoints, and name owners of new deals that have none."""
        if (trace := self._dispatch.trace) is not None:
            trace(f"{type(record).__name__} is to be kept")
        if self._touchpoints and isinstance(record, Touchpoint):
            (amended,) = self._dispatch.filter(
                "crm_filter_touchpoint", "drafts", (record,), _same_touchpoints, ctx=HookContext(unit)
            )
            return cast("D", amended)
        if self._owners and isinstance(record, Deal) and record.owner is None and record.version == 1:
            owner = self._dispatch.first("crm_assign_owner", closed=False, ctx=HookContext(unit), deal=record)
            if isinstance(owner, str) and 0 < len(owner) <= 100:
                return cast("D", attrs.evolve(record, owner=owner))
        return record

    def check(self, unit: Unit, before: Record | None, after: Record | None) -> Iterable[Fault]:
        """Ask every guard; all objections come back."""
        return self.check_many(unit, ((before, after),))

    def filter_many(self, unit: Unit, records: Sequence[D]) -> Sequence[D]:
        """As `filter`; touchpoints are amended in one call."""
        if not self._touchpoints or not records or not isinstance(records[0], Touchpoint):
            return [self.filter(unit, record) for record in records] if self._owners else records
        return cast("Sequence[D]", self._dispatch.filter(
            "crm_filter_touchpoint", "drafts", cast("Sequence[Touchpoint]", tuple(records)), _same_touchpoints,
            ctx=HookContext(unit),
        ))  # fmt: skip

    def check_many(self, unit: Unit, changes: Sequence[tuple[Record | None, Record | None]]) -> Iterable[Fault]:
        """Ask every guard once about all of these."""
        faults: list[Fault] = []
        if self._changes:
            told = tuple([RecordChange(unit.command, before, after) for before, after in changes])
            faults += self._dispatch.guard("crm_check_change", ctx=HookContext(unit), changes=told)
        if self._stages:
            moves = tuple([
                DealMove(unit.command, cast("Deal | None", before), after)
                for before, after in changes
                if isinstance(after, Deal) and _moved(before, after)
            ])  # fmt: skip
            if moves:
                faults += self._dispatch.guard("crm_check_deal_stage", ctx=HookContext(unit), moves=moves)
        return faults

    def project(self, unit: Unit, events: Sequence[Event]) -> None:
        """Let plugins write what follows, in the same commit."""
        self._dispatch.project(
            "crm_project", lambda plugin: {"ctx": ProjectContext(unit, plugin, self.sql), "events": events}
        )

    def attempt(self, unit: Unit, client_id: ClientId, channel: str, purpose: str) -> Iterable[Fault]:
        """Ask every guard; all objections come back."""
        attempts = (ContactAttempt(client_id, channel, purpose),)
        return self._dispatch.guard("crm_check_contact_attempt", ctx=HookContext(unit), attempts=attempts)

    def plan_merge(self, unit: Unit, keep: Client, drop: Client) -> ClientId | None:
        """Ask which of two is kept."""
        question = MergeQuestion(keep, drop)
        plan = self._dispatch.first("crm_plan_merge", closed=True, ctx=HookContext(unit), question=question)
        return None if plan is None else plan.keep

    def resolve(self, unit: Unit, kind: PointKind, value: str, match_key: str | None) -> ClientId | None:
        """Ask whose an address is."""
        address = Address(kind, value, match_key)
        found = self._dispatch.first("crm_resolve_client", closed=False, ctx=HookContext(unit), address=address)
        return cast("ClientId | None", found)

    def timeline(
        self, unit: Unit, client_id: ClientId, before: datetime | None, since: datetime | None
    ) -> tuple[Sequence[Touchpoint], bool]:
        """Ask what others know of a client's past; what lies outside the window is left out."""
        window = Window(before, since)
        found, whole = self._dispatch.collect("crm_timeline", ctx=HookContext(unit), client_id=client_id, window=window)
        touchpoints = [one for _, one in found if isinstance(one, Touchpoint)]
        inside = [
            one for one in touchpoints
            if (before is None or one.occurred_at < before) and (since is None or one.occurred_at >= since)
        ]  # fmt: skip
        return inside, whole and len(touchpoints) == len(found)


def _moved(before: Record | None, after: Deal) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in _STAGE)


def _same_touchpoints(before: Sequence[Touchpoint], after: object) -> bool:
    if not isinstance(after, Sequence) or len(cast("Sequence[object]", after)) != len(before):
        return False
    pairs = zip(before, cast("Sequence[object]", after), strict=True)
    return all(
        isinstance(new, Touchpoint) and all(getattr(old, name) == getattr(new, name) for name in _FIXED)
        for old, new in pairs
    )
