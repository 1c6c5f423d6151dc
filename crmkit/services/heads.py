"""Whoever says yes or no, and whoever is about to write to somebody, stand in one line for each subject."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.domain.ids import ClientId
from crmkit.services.unit import Unit


def locked_heads(unit: Unit, client_id: ClientId) -> Mapping[ClientId, int]:
    """
    The last `seq` of each subject on record for a client, their own included, held until the transaction ends.

    Of a client whom others were merged into all are held, in an order of their own, so that nobody waits in a circle.
    """
    store = unit.store
    if client_id not in unit.fresh:  # of one who was added here nobody else can know
        store.lock([f"consent:{client_id}"])
    heads = {client_id: 0, **store.consent_heads(client_id)}
    if len(heads) > 1:
        store.lock([f"consent:{one}" for one in heads])
        heads |= store.consent_heads(client_id)
    return heads
