"""Hooks inside the transaction that decide: guards, filters, and those who choose. No network, no waiting."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from crmkit.domain.deal import Deal
from crmkit.domain.touchpoint import Touchpoint
from crmkit.plugins.context import HookContext
from crmkit.plugins.hooks.spec import hookspec
from crmkit.plugins.values.deciding import (
    Command,
    ContactAttempt,
    DealMove,
    MergePlan,
    MergeQuestion,
    RecordChange,
    Veto,
)


@hookspec(kind="around", phase="in_tx", fail="propagates")
def crm_around_command(ctx: HookContext, command: Command) -> Generator[None]:  # noqa: ARG001  # the names are the contract
    """
    Stand around a verb: a generator that yields once, for tracing and measuring.

    What the verb returns or raises stands, whatever the generator does after its `yield`.
    """
    yield


@hookspec(kind="filter", phase="in_tx", fail="open")
def crm_filter_touchpoint(ctx: HookContext, drafts: Sequence[Touchpoint]) -> Sequence[Touchpoint] | None:
    """
    Amend touchpoints before they are kept: a disposition, a summary. As many come out as went in; None: as they were.

    The id, the client and the instant are not yours to change.
    """


@hookspec(kind="guard", phase="in_tx", fail="closed")
def crm_check_change(ctx: HookContext, changes: Sequence[RecordChange]) -> Iterable[Veto] | Veto | None:
    """Object to records being added, changed or removed. Every objection of every plugin is told at once."""


@hookspec(kind="guard", phase="in_tx", fail="closed")
def crm_check_deal_stage(ctx: HookContext, moves: Sequence[DealMove]) -> Iterable[Veto] | Veto | None:
    """Object to deals changing their stage or status: the rules of your pipeline."""


@hookspec(kind="guard", phase="in_tx", fail="closed")
def crm_check_contact_attempt(ctx: HookContext, attempts: Sequence[ContactAttempt]) -> Iterable[Veto] | Veto | None:
    """
    Object to clients being contacted who have not said no themselves: too often, too late in the evening.

    Asked by `tx.calls.dial` and by an observer's `ctx.contact`. Nobody can turn a client's no into a yes here.
    """


@hookspec(kind="first", phase="in_tx", fail="open")
def crm_assign_owner(ctx: HookContext, deal: Deal) -> str | None:
    """Say who is responsible for a new deal that nobody was named for: a user's key. The first answer counts."""


@hookspec(kind="first", phase="in_tx", fail="closed")
def crm_plan_merge(ctx: HookContext, question: MergeQuestion) -> MergePlan | None:
    """Say which of two clients is kept when they become one. The first answer counts; None: as the caller said."""
