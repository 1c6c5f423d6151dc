"""The one way out to people: decide again, write it down, commit, and only then give a permit to the channel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import attrs

from crmkit.domain.events import MessageQueued
from crmkit.domain.ids import ClientId, MessageId
from crmkit.domain.message import Attempt, AttemptOutcome, Message
from crmkit.errors import Conflict, ContactRefused, Drop, Rejected, Retry
from crmkit.plugins.dispatch import ITS_OWN
from crmkit.plugins.values.channels import Channel, Receipt
from crmkit.plugins.values.permit import Outgoing, minted
from crmkit.ports import Clock
from crmkit.services.sending import PERMITTED, allow, settle
from crmkit.services.spontaneous import spontaneous
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

T = TypeVar("T")
#: How often a transaction is tried that others overtook.
TRIES = 3
_GONE = ("sent", "delivered", "bounced")


@attrs.frozen
class Gate:
    """
    How one subscriber's messages go out; `begin` is a transaction that nothing is hidden from.

    No transaction is open while a channel works. What is known of an attempt is written down after it.
    """

    begin: Callable[[], AbstractContextManager[Transaction]] = attrs.field(repr=False)
    clock: Clock = attrs.field(repr=False)

    def hand_over(self, channel: Channel, event: MessageQueued, *, last: bool) -> None:
        """Hand a queued message to its channel; *last* if nobody comes again for it."""
        if event.channel != channel.name:
            return
        repeats = channel.unknown == "retry"
        try:
            message, attempt = self._done(lambda unit: allow(unit, event.message_id, turn=event.turn, repeats=repeats))
        except Rejected as no:
            codes = ", ".join(sorted({fault.code for fault in no.faults}))
            raise Retry(f"a plugin objects ({codes})") from None
        if attempt is not None:
            self._through(channel, message, attempt, last=last)

    def say(
        self, channel: Channel, key: str, client_id: ClientId, purpose: str, to: str, text: str
    ) -> Receipt:  # fmt: skip
        """Send at once what an observer has to say, once for each *key*, client and channel."""
        name = sha256(f"{key}\n{client_id}\n{channel.name}".encode()).hexdigest()
        message, attempt = self._done(lambda unit: self._begun(unit, channel, name, client_id, purpose, to, text))
        if attempt is not None:
            message = self._through(channel, message, attempt, last=False)
        if message.state not in _GONE:
            raise ContactRefused(message.state if message.reason is None else message.reason)
        return Receipt(message.reference)

    def _begun(
        self, unit: Unit, channel: Channel, name: str, client_id: ClientId, purpose: str, to: str, text: str
    ) -> tuple[Message, Attempt | None]:
        """The message of this name, allowed out; a new one that is not is not written."""
        known = unit.store.recall(f"message {name}")
        if known is None:
            id = spontaneous(unit, channel.name, channel.reaches, client_id, purpose, to, text).id
            unit.store.remember(f"message {name}", id.hex)
        else:
            id = MessageId(UUID(known))
        message, attempt = allow(unit, id, turn=None, repeats=channel.unknown == "retry")
        if attempt is None and known is None:
            raise ContactRefused(message.reason or "refused")
        return message, attempt

    def _through(self, channel: Channel, message: Message, attempt: Attempt, *, last: bool) -> Message:
        """The attempt is committed: give the channel a permit, and write down what comes of it."""
        outgoing = Outgoing(message.client_id, message.to or "", message.text, message.subject)
        permit = minted(message.id, outgoing, attempt.expires_at, self.clock.now, PERMITTED.total_seconds())
        try:
            receipt = channel.send(permit, key_of(message))
        except Drop:
            return self._settled(channel, attempt, "failed", reason="dropped")
        except Retry:
            self._not_taken(channel, attempt, last=last)
            raise
        except ITS_OWN:
            if permit.is_redeemed:
                self._settled(channel, attempt, "unknown", repeats=channel.unknown == "retry" and not last)
            else:
                self._not_taken(channel, attempt, last=last)
            raise
        if not permit.is_redeemed:  # whatever it did, it did not send this
            return self._settled(channel, attempt, "failed", reason="not_redeemed")
        return self._settled(channel, attempt, "sent", reference=receipt.reference)

    def _not_taken(self, channel: Channel, attempt: Attempt, *, last: bool) -> None:
        if last:
            self._settled(channel, attempt, "failed", reason="not_taken")
        else:
            self._settled(channel, attempt, "not_taken")

    def _settled(
        self, channel: Channel, attempt: Attempt, outcome: AttemptOutcome, *, reference: str | None = None,
        reason: str | None = None, repeats: bool | None = None,
    ) -> Message:  # fmt: skip
        again = channel.unknown == "retry" if repeats is None else repeats
        return self._done(
            lambda unit: settle(unit, attempt, outcome, repeats=again, reference=reference, reason=reason)
        )

    def _done(self, step: Callable[[Unit], T]) -> T:
        for left in range(TRIES, 0, -1):
            try:
                with self.begin() as tx:
                    return step(tx._unit)  # noqa: SLF001  # below the rooms: a message's way is no verb of theirs
            except Conflict:
                if left == 1:
                    raise
        raise AssertionError


def key_of(message: Message) -> str:
    """The same at every attempt: what a provider tells repetitions by."""
    return str(message.id)
