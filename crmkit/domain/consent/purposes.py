"""What people may be contacted for."""

from __future__ import annotations

from typing import Final, Literal, get_args

import attrs

from crmkit.domain.consent.ledger import Basis
from crmkit.domain.reaching.hours import Hours

PurposeClass = Literal["marketing", "profiling", "sharing", "service", "contract_notice", "mandatory"]
PURPOSE_CLASSES: Final[tuple[PurposeClass, ...]] = get_args(PurposeClass)


@attrs.frozen
class ConsentPurpose:
    """
    Something a client may be contacted for.

    *carried_by* narrows the legal bases that carry it below what the policy allows its class; None narrows nothing.
    `mass` calls go to many at once, `youngest` is the age in years below which nobody is contacted for it, `hours` the
    hours of their day in which it may be, such as `Hours(time(8), time(22))` for what may not be offered at night.

    >>> ConsentPurpose("birthday", frozenset({"consent"})).kind
    'marketing'
    """

    key: str
    carried_by: frozenset[Basis] | None = None
    kind: PurposeClass = "marketing"
    mass: bool = False
    youngest: int | None = None
    hours: Hours | None = None


#: Those that are there without being defined: one of each class, under its name.
STANDING_PURPOSES: Final = tuple([ConsentPurpose(kind, kind=kind) for kind in PURPOSE_CLASSES])
