"""Text messages, through a provider that never sends one key twice."""

from collections.abc import Iterable

from crmkit.plugins import Channel, Outgoing, Permit, Plugin, Receipt, hookimpl


class Texting(Plugin[None]):
    """Brings a channel; observers reach people with `ctx.contact(…, channel="sms")`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = dict[str, Outgoing]()

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        """Bring a way to reach phones."""
        return [Channel("sms", ("phone",), self.send)]

    def send(self, permit: Permit, key: str) -> Receipt:
        """Hand over to the provider; here, keep it in a dictionary."""
        self.sent.setdefault(key, permit.redeem())
        return Receipt(key)
