"""Seal a store's journal once, from the command line."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmkit.crm import CRM


@attrs.frozen
class Sealed:
    """
    What was done: how many entries were sealed, and whether the sink has taken every head it was offered.

    >>> Sealed(entries=12, is_kept=True).entries
    12
    """

    entries: int
    is_kept: bool


def seal(crm: CRM, progress: Callable[[int], object] | None = None) -> Sealed:
    """Seal what is not sealed yet, for a CRM that was given an `Audit`; *progress* hears how many entries are."""
    sealing = crm._shared.sealing  # noqa: SLF001  # the house's own process
    if sealing is None:
        return Sealed(0, is_kept=True)
    count = sealing.seal(progress)
    return Sealed(count, sealing.is_kept)
