"""An observer: won deals are announced in a chat, through the incoming web hook that chats offer."""

from __future__ import annotations

import json

from crmkit.events import DealWon
from crmkit.plugins import HTTP, EventContext, Plugin, Retry, Secret, on, setting, settings_class

#: How long to leave a chat alone that says it is too much, unless it says so itself, in seconds.
PAUSE = 60.0


@settings_class
class AnnounceSettings:
    """Where to announce; whoever knows the URL may post, so it is a secret."""

    url: Secret = setting(help="The chat's incoming web hook.")
    owners: bool = setting(default=True, help="Whether to say whose deal it was, by their key.")
    allow: tuple[str, ...] = setting(default=(), help="A chat of your own inside the house, as host:port.")


class AnnounceWon(Plugin[AnnounceSettings]):
    """
    Posts one message for each won deal.

    Only what the event says is posted: a deal's title is free text and may name people, and a chat is another's house.
    The chat may take a message and lose the answer: the idempotency key lets it see that the second is the first.
    """

    def start(self) -> None:
        """Make the client; nothing is sent yet."""
        self._http = HTTP(self.settings.allow, timeout=10)

    @on(DealWon, attempts=5)
    def announce(self, ctx: EventContext, event: DealWon) -> None:
        """Post, after the commit: nothing here can undo a sale."""
        body = json.dumps({"text": self._text(event)}, ensure_ascii=False).encode()
        answer = self._http.post(
            self.settings.url.reveal(),
            body,
            {"content-type": "application/json", "idempotency-key": ctx.idempotency_key},
        )
        if answer.status == 429:
            asked = answer.headers.get("retry-after", "")
            raise Retry("too many messages", float(asked) if asked.isdecimal() else PAUSE)
        if not answer.ok:
            raise Retry(f"the chat answered {answer.status}")

    def _text(self, event: DealWon) -> str:
        worth = "" if event.amount is None else f" for {event.amount.amount} {event.amount.currency}"
        whose = f" by {event.actor}" if self.settings.owners and event.actor is not None else ""
        return f"A deal was won{worth}{whose}."
