"""What happens while a hook is inside somebody's transaction."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from crmkit.plugins.implementations import Implementation

_KINDS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.fork")
_OWN = (".py", ".pyc", ".so", ".pyd", ".pem")
#: Where the hook that runs at the moment writes what it touches; an audit hook stays for good, so there is one.
_touched: ContextVar[list[str] | None] = ContextVar("crmkit_touched", default=None)
_installed: list[bool] = []


class Watch:
    """Stand around hooks, and note what they touch: files, sockets, processes, the time they wait away."""

    def __init__(self, requests: Callable[[], int], patch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self._requests = requests
        patch.setattr(time, "sleep", self._slept)
        if not _installed:
            _installed.append(True)
            sys.addaudithook(_hear)

    def __call__(self, one: Implementation, call: Callable[[], Any]) -> Any:
        """Call a hook, and look."""
        return self.around(one.hook, call)

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Call it, and look."""
        touched, before = list[str](), self._requests()
        token = _touched.set(touched)
        try:
            return call()
        finally:
            _touched.reset(token)
            touched += ["request"] * (self._requests() - before)
            self.seen += [f"{name}: {what}" for what in touched]

    def _slept(self, _seconds: float) -> None:
        if (touched := _touched.get()) is not None:
            touched.append("sleep")


def _hear(event: str, args: tuple[Any, ...]) -> None:
    touched = _touched.get()
    if touched is None:
        return
    if event in _KINDS:
        touched.append(event)
    elif event == "open" and isinstance(args[0], str) and not args[0].endswith(_OWN):
        touched.append("open")
