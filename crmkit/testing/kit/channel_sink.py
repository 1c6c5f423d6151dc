"""A channel that keeps what it was given to send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from crmkit.domain.contact_point import PointKind
from crmkit.errors import Retry
from crmkit.plugins.markers import hookimpl
from crmkit.plugins.plugin import Plugin
from crmkit.plugins.values.channels import Channel, Receipt
from crmkit.plugins.values.permit import Outgoing, Permit


class ChannelSink:
    """
    Records messages and honours keys, as a good provider does: a key that came before is no second message.

    >>> from crmkit.testing import a_permit
    >>> sink = ChannelSink()
    >>> sink.send(a_permit(text="Hello"), "k1") == sink.send(a_permit(text="Hello"), "k1")
    True
    >>> len(sink.messages), sink.keys
    (1, ['k1', 'k1'])
    """

    def __init__(self) -> None:
        #: What was sent, each once.
        self.messages: list[Outgoing] = []
        #: The key of every attempt, repeated ones as well.
        self.keys: list[str] = []
        self._receipts: dict[str, Receipt] = {}
        self._failing = 0

    def fail(self, times: int = 1) -> None:
        """Take nothing so many times: the sender is asked to come again."""
        self._failing += times

    def send(self, permit: Permit, key: str) -> Receipt:
        """Be a channel's `send`."""
        self.keys.append(key)
        if self._failing:
            self._failing -= 1
            raise Retry(after=1)
        message = permit.redeem()
        if key not in self._receipts:
            self.messages.append(message)
            self._receipts[key] = Receipt(f"sink-{len(self.messages)}")
        return self._receipts[key]

    def plugin(self, channel: str = "sms", reaches: tuple[PointKind, ...] = ("phone",)) -> Plugin[None]:
        """A plugin that brings this sink as a channel: `make_crm(Mine, channel_sink.plugin("sms"))`."""
        kind = cast("type[Brings]", type("Brings", (Brings,), {"name": f"sink_of_{channel}"}))
        return kind(Channel(channel, reaches, self.send, unknown="retry"))


class Brings(Plugin[None]):
    """Brings a sink as a channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    @hookimpl
    def crm_register_channels(self) -> Iterable[Channel]:
        """Bring the sink."""
        return [self._channel]
