"""A directory of another system knows whose a number is."""

from crmkit.ids import ClientId
from crmkit.plugins import Address, HookContext, Plugin, hookimpl


class Directory(Plugin[None]):
    """Answers for numbers that no contact point has."""

    def __init__(self) -> None:
        super().__init__()
        self.known = dict[str, ClientId]()

    @hookimpl
    def crm_resolve_client(self, ctx: HookContext, address: Address) -> ClientId | None:
        """Look the match key up; None leaves it to the next plugin."""
        return self.known.get(address.match_key or "")
