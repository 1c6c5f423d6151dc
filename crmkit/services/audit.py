"""tx.audit: what was done, and whether the record of it is as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from crmkit.domain.seal import Head
from crmkit.domain.verified import Verified
from crmkit.services.checks import Checks
from crmkit.services.sealing.verifying import Progress, verify
from crmkit.services.unit import Unit


class AuditLog:
    """
    The journal of everything that happened, for those who must be able to rely on it.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.read() as tx:
    ...     tx.audit.verify().entries
    0
    """

    __slots__ = ("_unit",)

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def verify(self, heads: Iterable[Head] = (), *, progress: Progress | None = None) -> Verified:
        """
        Compare the whole journal with its seals, and the seals with the *heads* that were kept elsewhere.

        Every entry that was edited, deleted, inserted or swapped after it was sealed is found, with its position; so is
        an end cut off behind one of the heads, and a chain that was made anew. *progress* hears how many entries of
        about how many are done. `Forbidden` to who is no admin.
        """
        check = Checks()
        known = _heads(check, heads)
        check.done()
        self._unit.permits.administer("verify", "journal")
        with self._unit.permits.all_shown():  # else a database that hides the journal would have it look empty
            return verify(self._unit.store, known, progress)


def _heads(check: Checks, given: object) -> list[Head]:
    known: list[object] = [given]
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        known = list(cast("Iterable[object]", given))
    heads = [one for one in known if isinstance(one, Head)]
    if len(heads) < len(known):
        check.fault("heads", "not_heads", "Give Head objects, as a sink was given them.")
    return heads
