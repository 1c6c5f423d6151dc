"""The doors for many rows at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from crmkit.crm.importing import Import, ImportProgress
from crmkit.domain.imported import ImportReport
from crmkit.services.checks import Checks, options
from crmkit.services.importing.clients import ClientImport
from crmkit.services.importing.planning import OnMatch
from crmkit.services.importing.purchases import PurchaseImport
from crmkit.services.importing.reading import Reader
from crmkit.services.importing.touchpoints import TouchpointImport
from crmkit.services.transaction import Transaction
from crmkit.services.unit import Unit

Rows = Iterable[Mapping[str, Any]]
MOST_ROWS = 5000


class Imports:
    """A CRM's doors for imports: each commits a chunk of rows at a time, and goes on where it was stopped."""

    @abstractmethod
    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes."""

    @abstractmethod
    def read(self, *, snapshot: bool = False) -> AbstractContextManager[Transaction]:
        """A block that only reads."""

    def import_clients(
        self, rows: Rows, *, key: str | None = None, on_match: OnMatch = "skip", dry_run: bool = False,
        chunk: int = 1000, progress: ImportProgress | None = None, keep_unreadable: bool = False,
    ) -> ImportReport:  # fmt: skip
        """
        Add a client for each row: a mapping of keywords of `tx.clients.add`, where phone and email may be lists.

        A row matches whoever has one of its external ids, else its phone, else its email, earlier rows included.
        *on_match* says what then: `skip` the row, `update` the client (single values are replaced, the rest is added;
        owner, lifecycle and source serve the adding only), or `add` another one all the same. A row that cannot be
        taken is refused and told in the report; the others are kept. *chunk* rows are one commit. Under a *key* the
        same rows given again go on where they were stopped, and after the end only answer the report. With *dry_run*
        nothing is written. *keep_unreadable* is as in `tx.contact_points.add`.
        """
        check = Checks()
        check.one_of(options(OnMatch))("on_match", on_match)
        check.flag("keep_unreadable", keep_unreadable)
        job = self._import(check, "clients", rows, key, dry_run, chunk, progress)
        seen, readers = set[int](), list[Reader]()

        def work(unit: Unit, first: int, some: Sequence[object]) -> ImportReport:
            if not readers:
                readers.append(Reader(unit, keep_unreadable=keep_unreadable))
            return ClientImport(unit, readers[0], on_match, seen).take(first, some)

        return job.run(rows, work)

    def import_touchpoints(
        self, rows: Rows, *, key: str | None = None, dry_run: bool = False, chunk: int = 1000,
        progress: ImportProgress | None = None,
    ) -> ImportReport:  # fmt: skip
        """
        Record a touchpoint for each row: a mapping of keywords of `tx.touchpoints.record`, but not *reply_to*.

        Whose it is says one of `client_id`, `client_external_id` (system, value), `client_phone`, `client_email`; of
        several clients with one number the best match is meant. A known external id of one origin is skipped. The
        rest is as in `import_clients`.
        """
        return self._import_facts(TouchpointImport, "touchpoints", rows, key, dry_run, chunk, progress)

    def import_purchases(
        self, rows: Rows, *, key: str | None = None, dry_run: bool = False, chunk: int = 1000,
        progress: ImportProgress | None = None,
    ) -> ImportReport:  # fmt: skip
        """
        Record a purchase for each row: a mapping of keywords of `tx.purchases.record`; clients come alive as there.

        Whose it is, and which are skipped, is said as in `import_touchpoints`; the rest is as in `import_clients`.
        """
        return self._import_facts(PurchaseImport, "purchases", rows, key, dry_run, chunk, progress)

    def _import_facts(
        self, make: type[TouchpointImport | PurchaseImport], what: str, rows: Rows, key: str | None, dry_run: bool,
        chunk: int, progress: ImportProgress | None,
    ) -> ImportReport:  # fmt: skip
        job, seen = self._import(Checks(), what, rows, key, dry_run, chunk, progress), set[int]()

        def work(unit: Unit, first: int, some: Sequence[object]) -> ImportReport:
            return make(unit, seen).take(first, some)

        return job.run(rows, work)

    def _import(
        self, check: Checks, what: str, rows: object, key: object, dry_run: object, chunk: object,
        progress: ImportProgress | None,
    ) -> Import:  # fmt: skip
        if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
            check.fault("rows", "not_a_list", "Give a list of mappings, or anything that yields them one by one.")
        named = check.maybe(check.key, "key", key)
        most = check.whole("chunk", chunk, 1, MOST_ROWS)
        trial = check.flag("dry_run", dry_run)
        if progress is not None and not callable(progress):
            check.fault("progress", "not_a_function", "Give a function of two numbers: rows done, and rows in all.")
        check.done()
        return Import(self.begin, self.read, what, named, most, trial, progress)
