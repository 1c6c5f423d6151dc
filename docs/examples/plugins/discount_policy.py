"""A policy: nobody but a manager gives a discount above a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from crmkit import Deal, Field
from crmkit.plugins import HookContext, Plugin, RecordChange, Veto, hookimpl, setting, settings_class

#: The discount on a deal in percent: a field that this plugin brings along.
DISCOUNT = Field("deal", "discount", Decimal)


@settings_class
class DiscountSettings:
    """How much anybody may give, and who may give more."""

    limit: Decimal = setting(default=Decimal(20), help="The highest discount that needs no manager, in percent.")
    managers: str = setting(default="managers", help="The key of the team whose members may give more.")


class DiscountPolicy(Plugin[DiscountSettings]):
    """
    Objects to a discount above the limit, unless a manager gives it.

    It looks at what is about to be written, whichever verb, import or other plugin writes it, so there is no way round.
    A manager's discount stays when somebody else changes the deal later: only who raises it is asked.
    """

    @hookimpl
    def crm_register_fields(self) -> Iterable[Field[Decimal]]:
        """Hosts and other plugins write it as `custom=[DISCOUNT.to(Decimal(15))]`."""
        return [DISCOUNT]

    @hookimpl
    def crm_check_change(self, ctx: HookContext, changes: Sequence[RecordChange]) -> Iterable[Veto]:
        """Every change of a batch in one call, and at most one question to the store."""
        if not any(map(self._is_too_much, changes)) or self._is_manager(ctx):
            return []
        say = f"A discount above {self.settings.limit} % is a manager's to give. Ask one."
        return [Veto("discount", say, path="custom.discount")]

    def _is_too_much(self, change: RecordChange) -> bool:
        if not isinstance(change.after, Deal):
            return False
        before = change.before.custom[DISCOUNT] if isinstance(change.before, Deal) else None
        after = change.after.custom[DISCOUNT]
        return after is not None and after > max(self.settings.limit, before or Decimal())

    def _is_manager(self, ctx: HookContext) -> bool:
        if ctx.actor is None:
            return False
        user = ctx.read.users.get_many([ctx.actor]).get(ctx.actor)
        return user is not None and user.active and user.team == self.settings.managers
