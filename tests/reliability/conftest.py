"""Every loop tells what it counted, whatever came of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "loops"


@pytest.fixture
def memory_folder() -> Generator[Path]:
    """A folder on a disk of memory, where there is one: what kills a process spares what the kernel was handed."""
    shared = Path("/dev/shm")  # noqa: S108  # a folder of our own in it
    folder = Path(tempfile.mkdtemp(prefix="crmkit-", dir=shared if os.access(shared, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def script() -> Generator[Callable[..., subprocess.Popen[str]]]:
    """Start `python -m promises.<name>`; what still runs at the end of the test is ended."""
    children = list[subprocess.Popen[str]]()

    def start(name: str, *args: str) -> subprocess.Popen[str]:
        paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH", "")])]
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-m", f"promises.{name}", *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )  # fmt: skip
        children.append(child)
        return child

    yield start
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()
