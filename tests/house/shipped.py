"""Look at what would be shipped: `python shipped.py DIST`, DIST holding one wheel and one source archive.

The wheel is compared with the checkout, then installed into an empty environment and used there.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import venv
from fnmatch import fnmatchcase
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
USE = """
import crmkit
for url in ("memory://", "sqlite:///shop.db"):
    with crmkit.CRM.open(url, region="RU") as crm, crm.begin() as tx:
        tx.clients.add(name="Anna", phone="8 912 345-67-89")
"""


def main(folder: Path) -> None:
    """Exit with every fault found, or quietly."""
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    faults = [*_contents(wheel), *_archived(archive)] or _in_an_empty_environment(wheel)
    if faults:
        sys.exit("\n".join(faults))


def _contents(wheel: Path) -> list[str]:
    """The package as it is in the checkout, the fixtures beside it, its licence, and nothing else."""
    packed = set(ZipFile(wheel).namelist())
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "crmkit").rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name} | {"pytest_crmkit.py"}
    info = {name for name in packed if name.partition("/")[0].endswith(".dist-info")}
    faults = [f"not in the wheel: {name}" for name in sorted(ours - packed)]
    faults += [f"in the wheel, not in the package: {name}" for name in sorted(packed - ours - info)]
    for wanted, what in {
        "crmkit/py.typed": "the marker for type checkers",
        "crmkit/demo/data/*.csv": "the shop of the demo",
        "crmkit/storage/sql/migrations/*.py": "the revisions of the schema",
        "*.dist-info/licenses/LICENSE": "the licence",
        "*.dist-info/entry_points.txt": "the entry points",
    }.items():
        if not any(fnmatchcase(name, wanted) for name in packed):
            faults.append(f"the wheel lacks {what}: {wanted}")
    return faults


def _archived(archive: Path) -> list[str]:
    """Whoever packages crmkit elsewhere can run its tests and build its pages."""
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    wanted = ["pyproject.toml", "tox.toml", "README.md", "CHANGELOG.md", "LICENSE", "conftest.py"]
    wanted += ["docs/conf.py", "tests/house/shipped.py", "crmkit/py.typed"]
    return [f"the source archive lacks {name}" for name in wanted if name not in names]


def _in_an_empty_environment(wheel: Path) -> list[str]:
    """Importing works, a store can be made, and a command that needs an extra names it."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        _done([programs / "python", "-m", "pip", "install", "--quiet", wheel.resolve()], folder)
        for source in ("import crmkit", USE):
            used = _done([programs / "python", "-I", "-W", "error", "-c", source], folder)
            if used.returncode:
                faults.append(f"in an empty environment this fails:\n{source}\n{used.stderr}")
        bare = _done([programs / "crmkit", "demo"], folder)
        if not bare.returncode or "crmkit[" not in bare.stderr or "Traceback" in bare.stderr:
            faults.append(f"`crmkit demo` without its extra does not name it:\n{bare.stdout}{bare.stderr}")
    return faults


def _done(command: list[Path | str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
