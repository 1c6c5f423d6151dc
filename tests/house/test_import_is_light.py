from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "alembic", "cattrs", "click", "email_validator", "http.client", "hypothesis", "phonenumbers", "pluggy", "pytest",
    "rich", "sqlalchemy", "ssl", "tomllib",
}  # fmt: skip
LIGHT = [
    "crmkit",
    "crmkit.access",
    "crmkit.errors",
    "crmkit.events",
    "crmkit.fields",
    "crmkit.ids",
    "crmkit.plugins",
    "crmkit.ports",
]


@pytest.mark.parametrize("module", LIGHT)
def test_importing_crmkit_loads_nothing_heavy(module: str, package: Path, tmp_path: Path) -> None:
    """A host that only mentions crmkit pays for attrs and little else; the rest loads on first use."""
    loaded = _loaded_by(f"import {module}", package, tmp_path)
    assert module in loaded
    assert set() == HEAVY & loaded


def test_a_crm_in_memory_loads_no_database_library(package: Path, tmp_path: Path) -> None:
    """Who keeps nothing on disk needs neither SQLAlchemy nor Alembic."""
    work = "with crmkit.CRM.open('memory://') as crm, crm.begin() as tx: tx.clients.add(name='Anna')"
    loaded = _loaded_by(f"import crmkit\n{work}", package, tmp_path)
    assert set() == {"alembic", "sqlalchemy"} & loaded


def _loaded_by(source: str, package: Path, folder: Path) -> set[str]:
    """The modules a fresh interpreter has after running *source*, in a folder where no checkout is in the way."""
    script = f"{source}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout))
