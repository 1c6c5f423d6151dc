"""Doing a thing once: a key that fits is remembered, one that does not is told."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.services.inbox import LONGEST, once


def test_a_key_is_new_once(crm: CRM) -> None:
    """For each plugin of its own; what was rolled back was not done."""
    with crm.begin() as tx:
        assert once(tx._unit, "mail", "invoice-17")
        assert not once(tx._unit, "mail", "invoice-17")
        assert once(tx._unit, "bell", "invoice-17")
    with pytest.raises(InterruptedError), crm.begin() as tx:
        assert not once(tx._unit, "mail", "invoice-17")
        assert once(tx._unit, "mail", "invoice-18")
        raise InterruptedError
    with crm.begin() as tx:
        assert once(tx._unit, "mail", "invoice-18")


def test_a_key_is_a_text_that_fits(crm: CRM) -> None:
    """With the plugin's name it is as long as a column."""
    with crm.begin() as tx:
        longest = "k" * (LONGEST - len("once mail "))
        assert once(tx._unit, "mail", longest)
        assert not once(tx._unit, "mail", longest)
        wrongs: tuple[Any, ...] = (f"{longest}k", 17, None)
        for wrong in wrongs:
            with pytest.raises(Invalid) as caught:
                once(tx._unit, "mail", wrong)
            assert [("key", "not_a_key")] == [(fault.path, fault.code) for fault in caught.value.faults]
