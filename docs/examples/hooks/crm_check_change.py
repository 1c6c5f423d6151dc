"""Clients of a wholesaler need a region."""

from collections.abc import Iterable, Sequence

from crmkit import Client
from crmkit.plugins import HookContext, Plugin, RecordChange, Veto, hookimpl


class Wholesale(Plugin[None]):
    """Objects to clients without a region."""

    @hookimpl
    def crm_check_change(self, ctx: HookContext, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        """Object to each; the caller is told all objections of all plugins at once."""
        for one in changes:
            if isinstance(one.after, Client) and one.after.region is None:
                yield Veto("no_region", "Say where they are: deliveries depend on it.", path="region")
