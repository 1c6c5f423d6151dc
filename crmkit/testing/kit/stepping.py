"""A storage that counts what it is asked, and can stop everything as a killed process would."""

from __future__ import annotations

from typing import Any, cast

from crmkit.domain.scope import Scope
from crmkit.ports import Storage, StorageTransaction


class Killed(BaseException):
    """What a storage step raises after the last one a process lived to see; no plugin may catch it."""


class Steps:
    """How many storage steps were done, and how many may still be done."""

    def __init__(self) -> None:
        self.done = 0
        self.left: int | None = None
        #: Which steps count towards `left`; None: all.
        self.only: frozenset[str] | None = None

    def step(self, name: str) -> None:
        """Count one, or die of it."""
        if self.left is not None and (self.only is None or name in self.only):
            if not self.left:
                raise Killed
            self.left -= 1
        self.done += 1


class SteppedStorage:
    """Passes everything on; each method of a transaction is a step, `rollback` alone is free: the dead write nothing."""

    def __init__(self, inner: Storage, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    @property
    def name(self) -> str:
        """What kind of storage it is."""
        return self._inner.name

    def revision(self) -> str | None:
        """The revision of the stored schema."""
        return self._inner.revision()

    def begin(self, *, write: bool, scope: Scope) -> StorageTransaction:
        """Open a transaction, which is a step."""
        self._steps.step("begin")
        return cast("StorageTransaction", _Stepped(self._inner.begin(write=write, scope=scope), self._steps))

    def close(self) -> None:
        """Let go of everything."""
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Stepped:
    def __init__(self, inner: StorageTransaction, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "rollback":
            return found

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self._steps.step(name)
            return found(*args, **kwargs)

        return stepped
