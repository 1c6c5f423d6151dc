"""Those that were told are forgotten several at a time: a commit takes longer than most handlers."""

from __future__ import annotations

from time import monotonic

from crmkit.domain.delivery import Delivery
from crmkit.plugins.delivery.queue import DeliveryQueue
from crmkit.plugins.delivery.subscriber import Subscriber

#: Who took less the last time, in seconds, is expected to again; and how long those that were told wait at most.
QUICK, TOGETHER = 0.01, 0.05


class Settling:
    """
    What one round of a relay has told and not yet forgotten; `count` is how many were forgotten.

    If the process dies, it is told again. So nothing waits while a subscriber is told who may take long, and nothing
    of one who hears in order, for the next event waits for it. *quick* are the subscribers who took no time the last
    time.
    """

    def __init__(self, queue: DeliveryQueue, quick: set[str]) -> None:
        self.count = 0
        self._queue = queue
        self._quick = quick
        self._waiting: list[tuple[Delivery, bool]] = []
        self._began = 0.0
        self._since = 0.0

    def before(self, subscriber: Subscriber) -> None:
        """Get ready to tell *subscriber*."""
        if subscriber.name not in self._quick:
            self.settle()
        self._began = monotonic()

    def told(self, delivery: Delivery, subscriber: Subscriber) -> None:
        """It was told: forget it soon."""
        now = monotonic()
        quick = now - self._began < QUICK and not subscriber.ordered
        (self._quick.add if quick else self._quick.discard)(subscriber.name)
        if not self._waiting:
            self._since = now
        self._waiting.append((delivery, subscriber.ordered))
        if not quick or now - self._since >= TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Forget what was told; what somebody else took over meanwhile is theirs, and does not count."""
        if self._waiting:
            self.count += self._queue.done(self._waiting)
            self._waiting = []  # only now: a storage that is busy is asked once more at the end of the round
