"""The kit's own fixtures, where those above would stand in for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit import CRM


@pytest.fixture
def crm(make_crm: Callable[..., CRM]) -> CRM:
    return make_crm()
