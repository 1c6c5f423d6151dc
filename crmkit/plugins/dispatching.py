"""Who hears of queued messages, wherever a plugin brings a channel: that they go is delivered like every event."""

from __future__ import annotations

from crmkit.domain.events import MessageQueued
from crmkit.plugins.context import EventContext
from crmkit.plugins.implementations import Observer
from crmkit.plugins.markers import ATTEMPTS, Observed
from crmkit.plugins.values.channels import Channel


def dispatcher(plugin: str, channel: Channel) -> Observer:
    """
    Name crmkit's own observer of a channel, one for each: a provider that is down keeps no other channel back.

    It is left alone with its channel's failures, and served where the plugin runs. No method can have its name.
    """

    def hand_over(ctx: EventContext, event: MessageQueued) -> None:
        ctx._send(channel.name, event, last=ctx.attempt >= ATTEMPTS)  # noqa: SLF001  # the house's own side of it

    name = f"{plugin}.channel:{channel.name}"
    said = Observed((MessageQueued,))
    return Observer(plugin, f"channel:{channel.name}", name, (MessageQueued,), said, True, hand_over, circuit=name)
