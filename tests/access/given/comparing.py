"""Compares what everybody is told with what a CRM would say that holds no more than they may see."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random

import pytest
from busy_shop import Shop
from every_read import READS, answer

from crmkit.ports import Storage


def checked(shop: Shop, reads: int, caplog: pytest.LogCaptureFixture) -> int:
    """Ask as everybody, and compare with a CRM that holds no more than they may see; say how often."""
    everything, tried = shop.everything(), 0
    for actor in shop.users:
        bound, oracle = shop.crm.bind(actor=actor), shop.seen_by(actor, everything)
        caplog.clear()
        with bound.read() as tx, oracle.read() as only:
            for _ in range(reads):
                name, seed = shop.random.choice(NAMES), shop.random.randrange(1 << 30)
                told, right = answer(tx, name, shop.lot(seed)), answer(only, name, shop.lot(seed))
                assert right == told, (name, actor, seed)
                tried += 1
        assert "canary" not in caplog.text
    return tried


NAMES = sorted(READS)


def played(make: Callable[[int], Storage], runs: int, rounds: int, reads: int, log: pytest.LogCaptureFixture) -> int:
    """Several shops, each looked at again and again while things happen in it."""
    tried = 0
    log.set_level(logging.DEBUG)
    for seed in range(runs):
        shop = Shop(make(seed), Random(f"shop {seed}").randrange(1 << 30), users=2 + seed % 5)
        for _ in range(rounds):
            for _ in range(6):
                shop.go_on()
            tried += checked(shop, reads, log)
        shop.crm.close()
    return tried
