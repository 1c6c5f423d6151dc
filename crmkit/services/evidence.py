"""What proves a consent, for those who may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import attrs

from crmkit.domain.consent import Consent, Evidence
from crmkit.services.unit import Unit

NOT_SHOWN = Evidence()


def shown(unit: Unit, consents: Sequence[Consent]) -> Sequence[Consent]:
    """Consents with their evidence, or an empty one where the actor may not see it."""
    if not unit.permits.limited:
        return consents
    proven = unit.permits.reached("evidence", Consent, [one.client_id for one in consents])
    return [one if one.client_id in proven else attrs.evolve(one, evidence=NOT_SHOWN) for one in consents]


def shown_one_by_one(unit: Unit, consents: Iterable[Consent], chunk: int) -> Iterator[Consent]:
    """As `shown`, of a stream: one question for each *chunk*."""
    left = iter(consents)
    while some := list(islice(left, chunk)):
        yield from shown(unit, some)
