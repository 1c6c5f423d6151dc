"""An archive of letters adds them to a client's timeline."""

from collections.abc import Iterable

from crmkit import Touchpoint
from crmkit.ids import ClientId
from crmkit.plugins import HookContext, Plugin, Window, hookimpl


class Archive(Plugin[None]):
    """Keeps letters beside the CRM."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = list[Touchpoint]()

    @hookimpl
    def crm_timeline(self, ctx: HookContext, client_id: ClientId, window: Window) -> Iterable[Touchpoint]:
        """Give this client's; what lies outside the window is left out anyway."""
        return [letter for letter in self.letters if letter.client_id == client_id]
