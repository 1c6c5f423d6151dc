"""Every verb is counted, and those that raised."""

from collections import Counter
from collections.abc import Generator

from crmkit.plugins import Command, HookContext, Plugin, hookimpl


class Metrics(Plugin[None]):
    """Stands around verbs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.raised = Counter[str](), Counter[str]()

    @hookimpl
    def crm_around_command(self, ctx: HookContext, command: Command) -> Generator[None]:
        """Yield once; an error of the verb comes out of the yield, and goes on whatever this does."""
        self.calls[command.name] += 1
        try:
            yield
        except Exception:
            self.raised[command.name] += 1
            raise
