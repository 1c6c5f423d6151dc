"""The page for authors of plugins, as its reader would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from crmkit.testing import PluginConformance

PAGE = Path(__file__).parents[2] / "docs" / "testing-plugins.md"


def test_the_examples_of_the_page_are_tests_that_pass(tmp_path: Path) -> None:
    """Copied into two files and run by pytest; the readme alone is left to the reader."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "announce.py").write_text(blocks[0], encoding="utf-8")
    tests = "\n".join(["from announce import *", *blocks[1:]])
    (tmp_path / "test_announce.py").write_text(tests, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, "-p", "pytest_crmkit"], cwd=tmp_path, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert "announce: silver; gold wants K20" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout.splitlines()[-1], done.stdout


def test_the_page_tells_every_check() -> None:
    """And none that is not there."""
    told = set(re.findall(r"^\| (K\d\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {name[5:8].upper() for name in dir(PluginConformance) if name.startswith("test_k")}


def test_pytest_starts_without_importing_crmkit(tmp_path: Path) -> None:
    """Whoever has crmkit installed and tests something else waits for nothing."""
    (tmp_path / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n    assert not {'crmkit', 'attrs'} & set(sys.modules)\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir=.", "-p", "pytest_crmkit"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "test_other.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, env=environment)
    assert 0 == done.returncode, done.stdout + done.stderr
