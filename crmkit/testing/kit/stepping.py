"""A storage that counts what it is asked, and can stop everything as a killed process would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from crmkit.domain.scope import Scope
from crmkit.ports import Storage, StorageTransaction


class Steps:
    """Counts storage steps, and lets a program die at one of them."""

    def __init__(self) -> None:
        self.done = 0
        self._left: int | None = None
        self._only: frozenset[str] | None = None
        self._died = False

    def step(self, name: str) -> None:
        """Count one, or die of it: as on an interrupt, which no plugin's failure is ever taken for."""
        if self._left is not None and (self._only is None or name in self._only):
            if not self._left:
                self._died = True
                raise KeyboardInterrupt
            self._left -= 1
        self.done += 1

    def dies_after(self, steps: int, run: Callable[[], object], only: frozenset[str] | None = None) -> bool:
        """Run something that dies after so many steps, or of *only* these; False if it was done before."""
        self._left, self._only, self._died = steps, only, False
        try:
            run()
        except KeyboardInterrupt:
            if not self._died:  # somebody does want the run to end
                raise
        finally:
            self._left = None
        return self._died


class SteppedStorage:
    """
    Passes everything on; each method of a transaction is a step, `rollback` alone is free: the dead write nothing.

    Whoever asks what it is hears what it holds, so that plugins have tables of their own wherever a storage has SQL.
    """

    def __init__(self, inner: Storage, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    @property  # type: ignore[misc]  # never set
    def __class__(self) -> type[Any]:  # pyright: ignore[reportIncompatibleMethodOverride]  # `isinstance` asks it
        return type(self._inner)

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
    _inner: StorageTransaction
    _steps: Steps

    def __init__(self, inner: StorageTransaction, steps: Steps) -> None:
        vars(self).update(_inner=inner, _steps=steps)

    @property  # type: ignore[misc]  # as above
    def __class__(self) -> type[Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self._inner)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "rollback" or name.startswith("_"):
            return found

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self._steps.step(name)
            return found(*args, **kwargs)

        return stepped
