from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

import crmkit as package
from crmkit import CRM
from crmkit.demo.command import demo
from crmkit.demo.shop import Shop
from crmkit.errors import StorageFull

#: The shop is loaded once for all of them.
pytestmark = pytest.mark.xdist_group("demo")
SOURCE = str(Path(package.__file__).parents[1])


def crmkit(
    *words: str, beside: Path, columns: int = 100, encoding: str = "utf-8", first: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does, in another process; *first* is done there before it starts."""
    call = "import crmkit.cli; crmkit.cli.main()"
    environment = {
        "COLUMNS": str(columns), "PATH": "", "PYTHONIOENCODING": encoding, "PYTHONPATH": SOURCE,
        "PYTHONUTF8": "1",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", call, *words], cwd=beside, capture_output=True, encoding=encoding, check=False,
        timeout=120, env=environment, preexec_fn=first,
    )  # fmt: skip


def _other_peoples_files(folder: Path) -> None:
    (folder / "text.db").write_text("This is no database, however long it may be. " * 50)
    with closing(sqlite3.connect(folder / "other.db")) as other, other:
        other.execute("create table client (id integer)")
    with CRM.open(f"sqlite:///{folder}/shop.db") as crm, crm.begin() as tx:
        tx.clients.add(name="A client of somebody's")
    with CRM.open(f"sqlite:///{folder}/people.db") as crm, crm.begin() as tx:
        tx.users.put("3", name="Somebody else", email="else@example.com")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A first run, which loads the shop for seconds, and the file it leaves."""
    folder = tmp_path_factory.mktemp("demo")
    return crmkit("demo", beside=folder), folder / "crmkit-demo.db"


@pytest.fixture
def loaded(first: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path) -> Callable[[str], None]:
    """Put the loaded shop into the test's folder by a name: a run there has only to show it."""

    def put(name: str) -> None:
        shutil.copy(first[1], tmp_path / name)

    return put


def test_the_demo_shows_the_shop_and_a_second_run_changes_nothing(
    first: tuple[subprocess.CompletedProcess[str], Path], loaded: Callable[[str], None], tmp_path: Path
) -> None:
    """What was loaded and refused, a card, the last year, a manager's day, the ten lines; then the same hash."""
    loaded("crmkit-demo.db")
    run, _ = first
    assert 0 == run.returncode
    assert "412/412" in run.stderr
    for told in (
        "2,240", "+453 3331 9991", "'Edinburgh '", "8 employees", "Riotur", "13.86 USD", "46 clients: 46 bought, 0 fell through, 0 complained",
        "Jane Peacock's agenda on 23 Dec 2011", "21 tasks, 3 overdue", "Her 21 clients", "from crmkit import CRM",
    ):  # fmt: skip
        assert told in run.stdout
    second = crmkit("demo", beside=tmp_path)
    assert "nothing changed" in second.stdout
    assert "nothing changed" not in run.stdout
    ends = [re.findall(r"journal (\d+) .*content ([0-9a-f]{64})", one.stdout) for one in (run, second)]
    assert ends[0] == ends[1] != []


@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_fits_its_width(tmp_path: Path, loaded: Callable[[str], None], columns: int) -> None:
    """No line but the hashes' is longer than the terminal."""
    loaded("crmkit-demo.db")
    told = crmkit("demo", beside=tmp_path, columns=columns).stdout
    assert [] == [line for line in told.splitlines() if len(line) > columns and not re.search("[0-9a-f]{64}", line)]
    assert "\x1b[" not in told


@pytest.mark.parametrize("db", ["text.db", "nowhere/crm.db", "other.db", "shop.db", "people.db"])
def test_what_goes_wrong_is_one_sentence(tmp_path: Path, db: str) -> None:
    """No database, no folder, a database of something else, a host's own CRM: nothing is touched, no traceback."""
    _other_peoples_files(tmp_path)
    before = _contents(tmp_path)
    ended = crmkit("demo", "--db", db, beside=tmp_path)
    assert (1, "") == (ended.returncode, ended.stdout)
    assert re.fullmatch(rf"Error: {db}: .+\.\n", ended.stderr)
    assert before == _contents(tmp_path)


def test_who_stops_it_is_told_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no accident, and what was loaded is kept."""

    def stopped(crm: CRM, shop: Shop) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("crmkit.demo.command.load_with_progress", stopped)
    ended = CliRunner().invoke(demo, ["--db", str(tmp_path / "crm.db")])
    assert (1, "Error: Stopped. What was loaded is kept; run `crmkit demo` again, and it goes on from there.\n") == (
        ended.exit_code, ended.stderr
    )  # fmt: skip


def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """What was committed is kept; with room, the rest follows."""
    resource = pytest.importorskip("resource")
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (300_000, 300_000))
    full = crmkit("demo", beside=tmp_path, first=limit)
    assert 1 == full.returncode
    assert full.stderr.endswith("Error: crmkit-demo.db: " + str(StorageFull()) + "\n")
    assert 0 == crmkit("demo", beside=tmp_path).returncode


def test_a_run_that_was_killed_at_once_is_no_strangers_database(tmp_path: Path) -> None:
    """The file is there, its schema is not yet."""
    with closing(sqlite3.connect(tmp_path / "crmkit-demo.db")) as begun, begun:
        begun.execute("PRAGMA journal_mode=WAL")
    assert (tmp_path / "crmkit-demo.db").stat().st_size
    assert 0 == crmkit("demo", beside=tmp_path).returncode


@pytest.mark.parametrize("db", ["a?b#c %20.db", "[red]a[b].db"])
def test_a_file_may_have_any_name(tmp_path: Path, loaded: Callable[[str], None], db: str) -> None:
    """What a URL or a terminal's markup would take for its own is a letter like any other."""
    loaded(db)
    ended = crmkit("demo", "--db", db, beside=tmp_path)
    assert (0, [db]) == (ended.returncode, [path.name for path in tmp_path.iterdir()])
    assert f"in {db}" in ended.stdout.splitlines()[0]
    assert "nothing changed" in ended.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_pipe_that_lacks_letters_gets_question_marks(
    tmp_path: Path, loaded: Callable[[str], None], encoding: str
) -> None:
    """Every console can show the demo."""
    loaded("crmkit-demo.db")
    ended = crmkit("demo", beside=tmp_path, encoding=encoding)
    assert 0 == ended.returncode
    assert "Jane Peacock" in ended.stdout


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
    for missing in ("click", "rich"):
        call = f"import sys; sys.modules['{missing}'] = None; import crmkit.cli; crmkit.cli.main()"
        ended = subprocess.run(
            [sys.executable, "-c", call, "demo"], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": SOURCE},
        )  # fmt: skip
        assert (1, f"This needs {missing}. Install it with: pip install 'crmkit[demo]'.") == (
            ended.returncode, ended.stderr.strip()
        )  # fmt: skip
