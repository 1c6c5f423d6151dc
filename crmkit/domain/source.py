"""Where a record or a change came from."""

from __future__ import annotations

import attrs

from crmkit.domain.marks import Code


@attrs.frozen
class Source:
    """
    The provenance of a change: a channel, and if known the plugin, the campaign and a reference to the raw input.

    >>> Source("web", campaign="spring").channel
    'web'
    """

    channel: Code[str]
    plugin: Code[str | None] = None
    campaign: Code[str | None] = None
    ref: Code[str | None] = None


#: What a CRM that was told nothing else gives as its source.
FROM_CODE = Source("code")
