"""Nobody is called on a Sunday, whatever they agreed to."""

from collections.abc import Iterable, Sequence

from crmkit.plugins import ContactAttempt, HookContext, Plugin, Veto, hookimpl


class Sundays(Plugin[None]):
    """Keeps one day of the week quiet."""

    @hookimpl
    def crm_check_contact_attempt(self, ctx: HookContext, attempts: Sequence[ContactAttempt]) -> Iterable[Veto]:
        """Object to calls; letters may be written on any day."""
        for one in attempts:
            if one.channel == "voice" and ctx.now.isoweekday() == 7:
                yield Veto("sunday", "Call them on Monday.")
