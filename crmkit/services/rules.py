"""What the host decided when it opened the CRM: as data, the same for every transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from crmkit.domain.consent import Policy
from crmkit.domain.consent.packs import GDPR
from crmkit.domain.contact_point import PointKind
from crmkit.domain.custom import Field


@attrs.frozen
class Rules:
    """
    The host's choices.

    `region` reads phones written without a country, `dormant_after` is how long an active client may be silent
    (None: for ever), `call_back_within` when a missed call should be answered, `unmerge_within` how long a merge can be undone, `fields` the custom fields by
    (record, key), `consent` how what clients said is judged, `channels` the ways out that plugins bring, each with the
    kinds of contact points it reaches.
    """

    region: str | None = None
    dormant_after: timedelta | None = timedelta(days=180)
    call_back_within: timedelta = timedelta(hours=4)
    unmerge_within: timedelta = timedelta(days=30)
    fields: Mapping[tuple[str, str], Field[Any]] = attrs.field(factory=dict[tuple[str, str], Field[Any]])
    consent: Policy = GDPR
    channels: Mapping[str, tuple[PointKind, ...]] = attrs.field(factory=dict[str, tuple[PointKind, ...]])
