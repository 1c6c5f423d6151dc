"""Summaries of calls lose their blanks."""

from collections.abc import Sequence

import attrs

from crmkit import Touchpoint
from crmkit.plugins import HookContext, Plugin, hookimpl


class Tidy(Plugin[None]):
    """Amends touchpoints on their way in."""

    @hookimpl
    def crm_filter_touchpoint(self, ctx: HookContext, drafts: Sequence[Touchpoint]) -> Sequence[Touchpoint] | None:
        """Give back as many as came, in their order."""
        return [attrs.evolve(one, summary=one.summary and one.summary.strip()) for one in drafts]
