"""Pipelines and their stages, as data."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Stage(Masked):
    """
    One step of a pipeline: the key code uses, and the name people read.

    >>> Stage("offer", "Offer sent").key
    'offer'
    """

    key: Code[str]
    name: Personal[str]


@attrs.frozen
class Pipeline(Masked):
    """
    An ordered run of stages; a deal opens in the first unless told otherwise.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     repairs = tx.pipelines.define("repairs", stages=["brought", "diagnosed", "repaired"])
    ...     [stage.key for stage in repairs.stages]
    ['brought', 'diagnosed', 'repaired']
    """

    id: Code[str]
    name: Personal[str]
    stages: tuple[Stage, ...]
    created_at: datetime
    updated_at: datetime
    version: int = 1

    def has(self, stage: str) -> bool:
        """Say whether *stage* is one of ours."""
        return any(stage == one.key for one in self.stages)


#: The key of the pipeline that is there until a host defines its own under this key.
STANDARD = "sales"


def standard(now: datetime) -> Pipeline:
    """The pipeline deals go through in a CRM whose host has defined none."""
    names = {"new": "New", "qualified": "Qualified", "offer": "Offer sent", "negotiation": "Negotiation"}
    return Pipeline(STANDARD, "Sales", tuple(Stage(key, name) for key, name in names.items()), now, now)
