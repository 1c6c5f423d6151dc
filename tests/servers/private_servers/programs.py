"""Programs of others: where they are, and whom they run as."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

PATIENCE = 60.0


class Missing(Exception):  # it says what it is
    """This machine does not have the program."""


def found(*places: Path | str) -> Path:
    """The first of these folders that there is."""
    for place in places:
        if str(place) and Path(place).is_dir():
            return Path(place)
    raise Missing


def unprivileged(*names: str) -> Mapping[str, Any]:
    """How to start a server that refuses to run as root: as one of these users, if we are root ourselves."""
    if os.geteuid() != 0:
        return {}
    for name in names:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {}


def folder_for(who: Mapping[str, Any]) -> Path:
    """A new folder that belongs to *who*, with a short path: sockets' are limited to about a hundred characters."""
    place = Path(tempfile.mkdtemp(prefix="crmkit-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108
    if who:
        os.chown(place, who["user"], who["group"])
    return place


def readable(place: Path, who: Mapping[str, Any], beside: Path) -> Path:
    """*place*, or a copy of it in *beside* where an unprivileged user cannot get there."""
    if not who or all(step.stat().st_mode & stat.S_IXOTH for step in (place, *place.parents)):
        return place
    return Path(shutil.copytree(place, beside / place.name, symlinks=True))


def wait_for(what: Callable[[], bool], says: str) -> None:
    """Until it is so; a server that does not come up in a minute never does."""
    deadline, between = time.monotonic() + PATIENCE, Event()
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(says)
        between.wait(0.02)
