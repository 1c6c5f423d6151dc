"""An environment of its own for each peer, so that no peer decides which versions another one gets."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

_REQUIREMENTS: Final = Path(__file__).resolve().parent / "requirements"
#: Every peer there is; each is a program beside this file.
PEERS: Final = tuple(sorted(file.stem for file in _REQUIREMENTS.glob("*.txt")))
_INCLUDES: Final = "-r "


class NotInstalled(Exception):
    """The environment could not be made; the text ends with what pip said."""


def python_of(name: str, folder: Path) -> Path:
    """
    Give the interpreter of the peer's environment, and make the environment in *folder* first if it is not there.

    It is made anew when the versions asked for or this interpreter's version have changed, and when making it was
    interrupted. LookupError for a name that is no peer's, NotInstalled if pip fails.
    """
    if name not in PEERS:
        raise LookupError(f"There is no peer {name!r}; there are {', '.join(PEERS)}.")
    wanted = requirements(name)
    digest = hashlib.sha256(f"{sys.version}\n{wanted}".encode()).hexdigest()[:12]
    place = folder.absolute() / f"{name}-{digest}"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = place / "complete"
    if not complete.exists():
        venv.create(place, clear=True, with_pip=True)
        _install(name, python, wanted)
        complete.touch()
    return python


def requirements(name: str) -> str:
    """The exact versions that a peer is measured with, a line each."""
    lines = (_REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(
        requirements(line.removeprefix(_INCLUDES).removesuffix(".txt")) if line.startswith(_INCLUDES) else line
        for line in lines
    )


def _install(name: str, python: Path, wanted: str) -> None:
    versions = python.parents[1] / "requirements.txt"
    versions.write_text(wanted + "\n", encoding="utf-8")
    installed = subprocess.run(
        [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", versions],
        check=False,
        capture_output=True,
        text=True,
    )
    if installed.returncode:
        said = "\n".join(installed.stderr.splitlines()[-10:])
        raise NotInstalled(f"The environment of {name} cannot be made:\n{said}")
