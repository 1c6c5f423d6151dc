"""One of everything, all of it one keeper's; somebody who sees none of it, and two who may only look."""

from __future__ import annotations

from typing import Any

from right_calls import CARD, JUDGED, MARGIN, one_of_each

from crmkit import CRM, MemoryBlobs
from crmkit.access import Policy, Role, System
from crmkit.ports import Storage
from crmkit.testing import CountedIds, FrozenClock

POLICY = Policy(
    Role("keeper", read="own", write="own", reassign="own", evidence="own", admin=True), Role("seller", read="own", write="own"),
    Role("auditor", read="all"), Role("worker", read="own", write="own"),
)  # fmt: skip
#: What whoever sees a client may write down of them, and give back.
HEARD = {"consents.object_to", "consents.refuse", "consents.suppress", "consents.withdraw", "shares.revoke"}
#: What anybody with clients of their own may begin, whoever else's there are.
OF_THEIR_OWN = {"calls.record", "calls.start", "clients.add", "clients.ensure", "messages.receive"}


def kept_in(storage: Storage, clock: FrozenClock) -> tuple[CRM, dict[str, Any]]:
    """The CRM, and the ids of what is in it; the same in every storage."""
    crm = CRM(
        storage,
        access=POLICY,
        clock=clock,
        ids=CountedIds(),
        region="RU",
        fields=[CARD, MARGIN],
        blobs=MemoryBlobs(),
        consent=JUDGED,
    )
    with crm.bind(actor=System("setup")).begin() as tx:
        for user, role in (("keeper", "keeper"), ("eve", "seller"), ("aud", "auditor"), ("kim", "worker")):
            tx.users.put(user, name=user, roles=[role])
    with crm.bind(actor="keeper").begin() as tx:
        ids = dict(one_of_each(tx))
        for client in ("client", "other", "archived", "survivor"):
            tx.shares.grant(ids[client], user="kim")
    return crm, ids
