from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from crmkit import CRM


def crmkit(*words: str, beside: Path, columns: int = 100) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does, in another process."""
    call = "import crmkit.cli; crmkit.cli.main()"
    return subprocess.run(
        [sys.executable, "-c", call, *words], cwd=beside, capture_output=True, text=True, check=False, timeout=120,
        env={"COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8", "PATH": "", "PYTHONUTF8": "1"},
    )  # fmt: skip


def test_the_demo_shows_the_shop_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """What was loaded and refused, a card, the last year, a manager's day, the ten lines; then the same hash."""
    first = crmkit("demo", beside=tmp_path)
    assert ("", 0) == (first.stderr, first.returncode)
    for told in (
        "2,240", "+453 3331 9991", "JetBrains s.r.o.", "46 clients: 46 bought, 0 fell through, 0 complained",
        "Jane Peacock's agenda on 23 Dec 2011", "Her 21 clients", "from crmkit import CRM", "412/412",
    ):  # fmt: skip
        assert told in first.stdout
    second = crmkit("demo", beside=tmp_path)
    assert "Nothing changed" in second.stdout
    assert "Nothing changed" not in first.stdout
    ends = [re.findall(r"journal (\d+) .*content ([0-9a-f]{64})", run.stdout) for run in (first, second)]
    assert ends[0] == ends[1] != []


@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_fits_its_width(tmp_path: Path, columns: int) -> None:
    """No line but the hash is longer than the terminal."""
    told = crmkit("demo", beside=tmp_path, columns=columns).stdout
    assert [] == [line for line in told.splitlines() if len(line) > columns and "content" not in line]
    assert "\x1b[" not in told


def test_what_goes_wrong_is_one_sentence(tmp_path: Path) -> None:
    """A file that is no database, a folder that is not there, a store of somebody else: no traceback."""
    (tmp_path / "text.db").write_text("This is no database, however long it may be. " * 50)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table client (id integer)")
    for db in ("text.db", "nowhere/crm.db"):
        ended = crmkit("demo", "--db", db, beside=tmp_path)
        assert 1 == ended.returncode
        assert "Traceback" not in ended.stderr
        assert ended.stderr.strip().endswith(".")
    assert "This is no database" in (tmp_path / "text.db").read_text()


def test_a_store_says_its_revision_and_is_brought_up_to_date(tmp_path: Path) -> None:
    """`db current` touches nothing; without a schema it says what to run."""
    missing = crmkit("db", "current", "sqlite:///shop.db", beside=tmp_path)
    assert 1 == missing.returncode
    assert "crmkit db upgrade" in missing.stderr
    upgraded = crmkit("db", "upgrade", "sqlite:///shop.db", beside=tmp_path)
    current = crmkit("db", "current", "sqlite:///shop.db", beside=tmp_path)
    assert (0, upgraded.stdout) == (current.returncode, current.stdout)
    with CRM.open(f"sqlite:///{tmp_path}/shop.db", migrate="never") as crm:
        assert str(crm.health().revision) in current.stdout


def test_the_command_tells_its_version_and_its_commands(tmp_path: Path) -> None:
    """Quickly, and without loading any of them."""
    assert re.fullmatch(r"crmkit, version \d+\.\d+\.\d+\n", crmkit("--version", beside=tmp_path).stdout)
    told = crmkit("--help", beside=tmp_path).stdout
    assert "demo" in told
    assert "db" in told


def test_without_its_packages_it_names_the_extra(tmp_path: Path) -> None:
    """One sentence that says what to install."""
    for package in ("click", "rich"):
        call = f"import sys; sys.modules['{package}'] = None; import crmkit.cli; crmkit.cli.main()"
        ended = subprocess.run(
            [sys.executable, "-c", call, "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (1, f"This needs {package}. Install it with: pip install 'crmkit[demo]'.") == (
            ended.returncode, ended.stderr.strip()
        )  # fmt: skip
