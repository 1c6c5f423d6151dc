"""The example of our guide keeps the whole contract, and survives what files go through."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import json_file_storage
import pytest
from json_file_storage import JSONFileStorage, opened

from crmkit import CRM, Client
from crmkit.errors import CRMError, Invalid, StorageUnreachable
from crmkit.ports import RECORDS, Accelerators, Query, Storage
from crmkit.ports.constraints import POINTS_TO, UNIQUE
from crmkit.storage.opening import GROUP
from crmkit.testing import StorageConformance, a_client
from crmkit.testing.suite.opened import commit, reading

DOCS = Path(__file__).parents[2] / "docs"


class TestJSONFile(StorageConformance):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return JSONFileStorage(tmp_path / "crm.json")


class Reopened(JSONFileStorage):
    """Nothing is remembered but what the file says."""

    def let_in(self) -> None:
        if self._path.exists():
            self.contents = self._read()
        super().let_in()


@pytest.mark.heavy
class TestJSONFileReadAgain(StorageConformance):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return Reopened(tmp_path / "crm.json")


def test_a_half_written_file_is_never_read(tmp_path: Path) -> None:
    """A crash while writing leaves the new file beside the old one, which stays whole."""
    path = tmp_path / "crm.json"
    ada = a_client()
    commit(JSONFileStorage(path), ada)
    path.with_suffix(".new").write_text('{"records": {"Cli', encoding="utf-8")
    with reading(JSONFileStorage(path)) as tx:
        assert [ada] == tx.get_many(Client, [ada.id])


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """The commit fails with an error of crmkit's, and the store goes on as it was."""
    storage = JSONFileStorage(tmp_path / "missing" / "crm.json")
    with pytest.raises(CRMError):
        commit(storage, a_client())
    (tmp_path / "missing").mkdir()
    commit(storage, a_client("Bob"))
    with reading(storage) as tx:
        assert ["Bob"] == [client.name for client in tx.select(Query(Client))]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"records": {"Client": [{}]}, "journal": [], "keys": {}}'])
def test_a_strange_file_is_refused(tmp_path: Path, text: str) -> None:
    """Who opens the wrong file is told before anything is written over it."""
    path = tmp_path / "crm.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StorageUnreachable):
        JSONFileStorage(path)
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("url", ["jsonfile://", "jsonfile:///", "other:///crm.json"])
def test_a_url_without_a_file_is_invalid(url: str) -> None:
    """With a sentence that says what to write instead."""
    with pytest.raises(Invalid):
        opened(url, migrate="create")


def test_an_installed_storage_is_opened_by_its_url(tmp_path: Path) -> None:
    """An entry point is all that `CRM.open` needs to know the scheme."""
    info = tmp_path / "crmkit_jsonfile-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crmkit-jsonfile\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\njsonfile = json_file_storage:opened\n", encoding="utf-8")
    source = f"""
import sys
sys.path[:0] = {[str(tmp_path), *sys.path]!r}
from crmkit import CRM, Client
with CRM.open("jsonfile:///crm.json") as crm, crm.begin() as tx:
    tx.clients.add(name="Anna")
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == len(json.loads((tmp_path / "crm.json").read_text(encoding="utf-8"))["records"]["Client"])


def test_five_lines_run_the_suite(tmp_path: Path) -> None:
    """What the guide says is a whole test file is one."""
    page = (DOCS / "writing-storages.md").read_text(encoding="utf-8")
    block = page.partition("<!-- the five lines -->\n```python\n")[2].partition("```")[0]
    assert 5 == len(block.splitlines())
    (tmp_path / "test_it.py").write_text(block, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {DOCS / 'examples'}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "conflicts or runs_as_shipped"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout
    assert int(done.stdout.partition(" passed")[0].split()[-1]) > 20


def test_the_guide_names_every_unique_key_and_accelerator() -> None:
    """Its tables are what the adapters go by."""
    page = (DOCS / "writing-storages.md").read_text(encoding="utf-8")
    for kind, fields in UNIQUE.items():
        assert f"| `{kind.__name__}` | {', '.join(f'`{field}`' for field in fields)} |" in page
    plain = {name for name, form in vars(Accelerators).items() if callable(form) and name[0] != "_"}
    faster = {name for name in plain if not getattr(getattr(Accelerators, name), "__isabstractmethod__", False)}
    named = " ".join(re.findall(r"(?m)^\|([^|]*)\|", page))
    assert set() == {name for name in faster if f"`{name}`" not in named}


def test_the_example_knows_every_unique_key_and_reference() -> None:
    """A key it forgot would be found by nobody who copies it."""
    assert {kind.__name__: fields for kind, fields in UNIQUE.items()} == json_file_storage.UNIQUE
    known = {kind: {*json_file_storage.pointing(kind.__name__, kind)} for kind in RECORDS}
    assert {kind: {*POINTS_TO.get(kind, ())} for kind in RECORDS} == known


def test_the_whole_crm_runs_on_it(tmp_path: Path) -> None:
    """What a shop does is kept, and read again by the next program."""
    with CRM(JSONFileStorage(tmp_path / "crm.json"), region="RU") as crm, crm.begin() as tx:
        client, _ = tx.clients.ensure(phone="8 912 345-67-89", name="Анна")
        tx.deals.win(tx.deals.open(client.id, title="Web order").id)
    with CRM(JSONFileStorage(tmp_path / "crm.json"), region="RU") as crm, crm.read() as tx:
        found = tx.clients.find(phone="+79123456789")
        assert found is not None
        assert ("Анна", 1) == (found.name, tx.deals.count())
