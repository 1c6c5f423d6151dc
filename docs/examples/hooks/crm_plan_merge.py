"""Of two clients, the one who was known first is kept."""

from crmkit.plugins import HookContext, MergePlan, MergeQuestion, Plugin, hookimpl


class Eldest(Plugin[None]):
    """Decides who is kept, whichever way round the caller said it."""

    @hookimpl
    def crm_plan_merge(self, ctx: HookContext, question: MergeQuestion) -> MergePlan | None:
        """Compare when they were added."""
        first = min(question.keep, question.drop, key=lambda client: client.created_at)
        return MergePlan(first.id)
