"""The plugin: one subscription for each target, so that none waits for another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from crmkit.errors import WebHookFailed
from crmkit.events import Event
from crmkit.plugins import (
    HTTP,
    Answer,
    CommandLine,
    Drop,
    EventContext,
    HealthCheck,
    Plugin,
    Retry,
    Subscription,
    hookimpl,
    sign,
)
from crmkit.webhooks.later import seconds_of
from crmkit.webhooks.payload import payload_of, webhook_id
from crmkit.webhooks.settings import Target, WebHookSettings

_GONE, _LATER = 410, (429, 503)


class WebHooks(Plugin[WebHookSettings]):
    """
    Tells other systems of events: each at least once, with the same `webhook-id` at every attempt, signed.

    2xx is done. 410 is not wanted. 429 and 503 are tried again when Retry-After says; everything else, silence too,
    when the relay's patience has it. A URL that leads into an inner network is a dead letter at once. Redirects are
    not followed. What other plugins filter out as `webhooks:<target>` does not leave the house.

    >>> from crmkit import CRM
    >>> from crmkit.plugins import Secret, Url, new_secret
    >>> shop = Target(url=Url("https://shop.example/hook"), topics=("deal.*",), secrets=(Secret(new_secret()),))
    >>> crm = CRM.open("memory://", plugins=[WebHooks(WebHookSettings(targets={"shop": shop}))], delivery="external")
    >>> crm.plugins.status()[0].subscribers
    ('webhooks.shop',)
    """

    name = "webhooks"

    def __init__(self, settings: WebHookSettings | None = None) -> None:
        super().__init__(settings)
        self._clients: dict[str, HTTP] = {}
        self._gone: dict[str, datetime] = {}

    def start(self) -> None:
        """Make a client for each target."""
        for name, target in self.settings.targets.items():
            self._clients[name] = HTTP(self.settings.allow, target.timeout.total_seconds())

    @hookimpl
    def crm_register_observers(self) -> Iterable[Subscription]:
        """One for each target."""
        for name, target in self.settings.targets.items():
            yield Subscription(name, target.topics, partial(self._post, name, target), target.attempts)

    @hookimpl
    def crm_register_commands(self) -> Iterable[CommandLine]:
        """`crmkit webhooks …`; imported when somebody calls it."""
        yield CommandLine("resend", "Post past events to a target again.", "crmkit.webhooks.commands:resend")
        yield CommandLine("secret", "Print a new secret to sign with.", "crmkit.webhooks.commands:secret")

    @hookimpl
    def crm_register_health_checks(self) -> Iterable[HealthCheck]:
        """Whether each target still wants to hear."""
        for name in self.settings.targets:
            yield HealthCheck(name, partial(self._health, name))

    def _post(self, name: str, target: Target, ctx: EventContext, event: Event) -> None:
        payload = ctx.filtered(payload_of(event), f"{self.name}:{name}")
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        # The time of this sending, by the world's clock and not the CRM's: it is for the other side to compare.
        headers = sign(
            [one.reveal() for one in target.secrets], webhook_id(ctx.idempotency_key), datetime.now(UTC), body
        )
        headers["content-type"] = "application/json"
        answer = self._clients[name].post(target.url, body, headers)
        if not answer.ok:
            self._refused(name, answer)
        self._gone.pop(name, None)

    def _refused(self, name: str, answer: Answer) -> NoReturn:
        if answer.status == _GONE:
            self._gone[name] = datetime.now(UTC)
            raise Drop(f"{name} answered 410 Gone")
        if answer.status in _LATER:
            after = seconds_of(answer.headers.get("retry-after", ""), datetime.now(UTC))
            if after is not None:
                raise Retry(f"{name} answered {answer.status}", after)
        raise WebHookFailed(name, answer.status)

    def _health(self, name: str) -> str | None:
        if (since := self._gone.get(name)) is None:
            return None
        return f"{name} answered 410 Gone at {since:%Y-%m-%d %H:%M} UTC. Take it off webhooks.targets."
