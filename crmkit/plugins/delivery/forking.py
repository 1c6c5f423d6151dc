"""
A fork waits until no relay of this process is in a transaction.

SQLite keeps in the process which locks are held on a file. A child forked while another thread writes inherits that
the file is locked, by a connection that nobody there can ever end: everything it wants to write is `StorageBusy`, for
as long as it lives. A host forks when it likes, and our thread writes when it
likes, so one of them has to wait.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from threading import Condition

#: How long a fork waits at most, in seconds; whoever forks inside a transaction of its own could wait for ever.
PATIENCE = 2.0


class Forks:
    """Those who must not be forked from, and those who fork."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._forking = 0

    @contextmanager
    def kept_out(self) -> Generator[None]:
        """No fork happens within, unless it has waited for too long."""
        with self._changed:
            self._changed.wait_for(lambda: self._forking == 0, PATIENCE)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def begin(self) -> None:
        """Let nobody in any more, and wait for those who are."""
        with self._changed:
            self._forking += 1
            self._changed.wait_for(lambda: self._inside == 0, PATIENCE)

    def end(self) -> None:
        """Let them in again."""
        with self._changed:
            self._forking -= 1
            self._changed.notify_all()

    def begin_anew(self) -> None:
        """In a child nobody else is left."""
        self._changed, self._inside, self._forking = Condition(), 0, 0


#: Of this process.
forks = Forks()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=forks.begin, after_in_parent=forks.end, after_in_child=forks.begin_anew)
