"""What became of the rows of an import."""

from __future__ import annotations

import attrs

from crmkit.domain.marks import Code

#: How many faults a report lists; all are counted.
MOST_FAULTS = 1000


@attrs.frozen
class RowFault:
    """
    What is wrong with one row, the first being number 1. Never what stands in it: reports are printed and kept.

    >>> RowFault(7, "phone", "not_a_phone", "This is no possible phone number (region RU).").row
    7
    """

    row: int
    path: Code[str]
    code: Code[str]
    message: Code[str]


@attrs.frozen
class ImportReport:
    """
    What became of the rows of one import: each read one was added, or it updated, was skipped or refused.

    `faults` lists why rows were refused, at most the first thousand reasons. `resumed_from` is how many rows had been
    done by an earlier run under the same key; they are counted in the rest, too.

    >>> from crmkit import CRM
    >>> rows = [{"name": "Anna", "phone": "+7 912 345-67-89"}, {"name": "Boris", "phone": "12"}]
    >>> with CRM.open("memory://") as crm:
    ...     report = crm.import_clients(rows)
    >>> report.added, report.refused, report.faults[0].row, report.faults[0].code
    (1, 1, 2, 'not_a_phone')
    """

    read: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0
    faults: tuple[RowFault, ...] = ()
    resumed_from: int = 0
    dry_run: bool = False

    def __add__(self, other: ImportReport) -> ImportReport:
        """What both say, one after the other."""
        return ImportReport(
            self.read + other.read,
            self.added + other.added,
            self.updated + other.updated,
            self.skipped + other.skipped,
            self.refused + other.refused,
            (self.faults + other.faults)[:MOST_FAULTS],
            self.resumed_from + other.resumed_from,
            self.dry_run or other.dry_run,
        )
