"""Faults of several verbs, told together."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from crmkit.errors import Fault, Invalid


class Faults:
    """
    Gathers what several verbs find wrong, for a form that needs more than one of them.

    The outer block, inside the transaction's, raises one `Invalid` with every fault, so that the transaction rolls
    back; each inner block takes what its verb says and goes on. Anything but `Invalid` passes through both at once.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     try:
    ...         with Faults() as faults:
    ...             with faults:
    ...                 tx.clients.update(anna.id, name="")
    ...             with faults:
    ...                 tx.contact_points.add(anna.id, email="nobody")
    ...     except Invalid as error:
    ...         print([fault.path for fault in error.faults])
    ['name', 'email']
    """

    __slots__ = ("_depth", "_found")

    def __init__(self) -> None:
        self._depth = 0
        self._found: list[Fault] = []

    def __enter__(self) -> Self:
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._depth -= 1
        if isinstance(error, Invalid):
            self._found += error.faults
        found = self._found
        if self._depth == 0:
            self._found = []
        if error is not None and not isinstance(error, Invalid):
            return False
        if self._depth == 0 and found:
            raise Invalid(*dict.fromkeys(found)) from None
        return error is not None

    def add(self, path: str, code: str, message: str) -> None:
        """Note a fault of the host's own."""
        self._found.append(Fault(path, code, message))
