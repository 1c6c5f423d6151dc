"""No deal is won without an amount."""

from collections.abc import Iterable, Sequence

from crmkit.plugins import DealMove, HookContext, Plugin, Veto, hookimpl


class Pipeline(Plugin[None]):
    """The rules of one shop's pipeline."""

    @hookimpl
    def crm_check_deal_stage(self, ctx: HookContext, moves: Sequence[DealMove]) -> Iterable[Veto]:
        """Object to deals won for nothing."""
        for one in moves:
            if one.after.status == "won" and one.after.amount is None:
                yield Veto("no_amount", "Give the deal an amount before it is won.", path="amount")
