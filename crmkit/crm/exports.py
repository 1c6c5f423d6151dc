"""The doors for rows that leave the house."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any

from crmkit.crm.entered import Entered
from crmkit.crm.exporting import ExportRun
from crmkit.domain.access import Operation
from crmkit.domain.where import EVERYTHING, Where
from crmkit.services.checks import Checks
from crmkit.services.conditions import checked
from crmkit.services.exporting.rows import CLIENTS, PURCHASES, TOUCHPOINTS, Exported


class Exports:
    """A CRM's doors for exports: each needs a right of its own, is counted, and leaves a record."""

    @abstractmethod
    def _enter(self, *, write: bool, limited: bool = True, operation: Operation = "read") -> Entered:
        """A block that shows what one operation of the acting user reaches, or with *limited* off everything."""

    def export_clients(self, *, reason: str, where: Where | None = None) -> ExportRun:
        """
        Hand out a row for each client whom the acting user may `export`, in the order of ids, for `crm.import_clients`.

        *reason* is a code, kept with how many rows were handed out and their digest; `data.exported` tells of it. Under
        an access policy no more than its `rows_a_day` are handed out in 24 hours, then `BudgetSpent` is raised.
        """
        return self._export(CLIENTS, reason, where)

    def export_purchases(self, *, reason: str, where: Where | None = None) -> ExportRun:
        """
        Hand out a row for each purchase of whom the acting user may `export`, for `crm.import_purchases`.

        Whose it is says another system's name of the client, else a phone, else an email, else our id. The rest is as
        in `export_clients`; the rows of all exports are counted together.
        """
        return self._export(PURCHASES, reason, where)

    def export_touchpoints(self, *, reason: str, where: Where | None = None) -> ExportRun:
        """Hand out a row for each touchpoint of a client, for `crm.import_touchpoints`, as in `export_purchases`."""
        return self._export(TOUCHPOINTS, reason, where)

    def _export(self, exported: Exported[Any], reason: str, where: Where | None) -> ExportRun:
        seen = partial(self._enter, write=False, operation="export")
        check = Checks()
        check.code("reason", reason)
        with seen() as tx:
            unit = tx._unit  # noqa: SLF001  # below the rooms
            if where is not None:
                checked(check, exported.kind, where, unit.rules.fields)
            check.done()
            budget = unit.permits.budget
        house = partial(self._enter, write=True, limited=False)
        return ExportRun(house, seen, exported, reason, EVERYTHING if where is None else where, budget)
