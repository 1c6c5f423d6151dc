"""The steps of a deal, one for every change of stage or state."""

from __future__ import annotations

from datetime import datetime

from crmkit.domain.deal import Deal, DealStep, StepKind
from crmkit.domain.ids import DealStepId
from crmkit.services.unit import Unit


def opening_step(unit: Unit, deal: Deal) -> DealStep:
    """The first step."""
    return _step(unit, deal, "opened", None, 0, None)


def step(unit: Unit, before: Deal, after: Deal, kind: StepKind, reason: str | None = None) -> DealStep:
    """What happened between two values of a deal. The time it was closed counts for no stage."""
    seconds = stay(before, unit.now) if before.status == "open" else 0
    return _step(unit, after, kind, before.stage, seconds, reason)


def stay(deal: Deal, until: datetime) -> int:
    """For how many whole seconds a deal has been in its stage; a clock turned back counts as none."""
    return max(0, int((until - deal.stage_since).total_seconds()))


def _step(unit: Unit, deal: Deal, kind: StepKind, from_stage: str | None, seconds: int, reason: str | None) -> DealStep:
    return DealStep(
        id=DealStepId(unit.new_id()),
        deal_id=deal.id,
        client_id=deal.client_id,
        number=deal.version,
        kind=kind,
        pipeline=deal.pipeline,
        from_stage=from_stage,
        to_stage=deal.stage,
        at=unit.now,
        seconds=seconds,
        reason=reason,
        actor=unit.actor,
    )
