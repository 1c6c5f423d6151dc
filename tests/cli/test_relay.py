"""`crmkit relay` and `crmkit worker`, as an operator runs them: as processes, ended by signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest
from installing import install_bell

import crmkit as package
from crmkit import CRM
from crmkit.plugins import load

SOURCE = str(Path(package.__file__).parents[1])


def _begun(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "import crmkit.cli; crmkit.cli.main()", *words], cwd=folder, text=True,
        env={"PATH": "", "PYTHONPATH": f"{folder}:{SOURCE}"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store where a bell is to hear of two clients."""
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "crmkit_bell", raising=False)
    config, url = install_bell(tmp_path), f"sqlite:///{tmp_path}/shop.db"
    with CRM.open(url, plugins=load(config), delivery="external") as crm:
        for name in ("Ada", "Grace"):
            with crm.begin() as tx:
                tx.clients.add(name=name)
    return url


@pytest.mark.parametrize("words", [["relay"], ["relay", "--isolate"], ["worker"]])
def test_once_tells_what_waits_and_ends(url: str, tmp_path: Path, words: list[str]) -> None:
    """For a timer of the system's."""
    ended = _begun(tmp_path, *words, url, "--once")
    out, errors = ended.communicate(timeout=60)
    assert (0, "", "") == (ended.returncode, out, errors)
    assert "ding\nding\n" == (tmp_path / "bell.txt").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_zero(url: str, tmp_path: Path, number: signal.Signals) -> None:
    """It goes on until then."""
    process, until = _begun(tmp_path, "relay", url), time.monotonic() + 60
    while not (tmp_path / "bell.txt").exists() and time.monotonic() < until:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (0, "") == (process.returncode, errors)


def test_worker_processes_are_refused_a_store_in_memory(url: str, tmp_path: Path) -> None:
    """Each would have its own."""
    process = _begun(tmp_path, "relay", "--isolate", "memory://")
    _, errors = process.communicate(timeout=60)
    assert 1 == process.returncode
    assert "Worker processes share no memory." in errors
