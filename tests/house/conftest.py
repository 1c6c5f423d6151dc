from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import crmkit
from crmkit import CRM


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of crmkit as these tests import it: the installed wheel's, under tox."""
    return Path(crmkit.__file__).parent


@pytest.fixture(scope="session")
def rooms() -> Mapping[str, type[Any]]:
    """Every room a caller meets, by its name on `tx`."""
    with CRM.open("memory://") as crm, crm.begin() as tx:
        met: dict[str, type[Any]] = {name: type(getattr(tx, name)) for name in dir(tx) if not name.startswith("_")}
    return {name: kind for name, kind in met.items() if kind.__name__ == name.title().replace("_", "")}
