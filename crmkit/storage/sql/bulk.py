"""Many records at once, by whatever a database fills tables with fastest."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmkit.domain.client import Client, Kept
from crmkit.domain.consent import Consent
from crmkit.domain.ids import ClientId
from crmkit.domain.records import Record, noun
from crmkit.errors import CRMError
from crmkit.storage.sql.derived.derived import WATCHED
from crmkit.storage.sql.journalled import Journalled
from crmkit.storage.sql.schema import TABLES

if TYPE_CHECKING:
    from crmkit.storage.sql.databases.database import Link
    from crmkit.storage.sql.derived.derived import Derived


class Bulk(Journalled):
    """They are written at once, past the buffer: what waits in it goes first."""

    __slots__ = ()
    _link: Link
    _derived: Derived
    _lost: bool

    @abstractmethod
    def flush(self) -> None: ...
    @abstractmethod
    def write(self, sql: str, rows: Iterable[Sequence[object]], kind: type[Record] | None = None) -> None: ...
    @abstractmethod
    def _translated(self, error: BaseException, what: str) -> CRMError: ...
    @abstractmethod
    def _noted(self, failure: CRMError) -> CRMError: ...

    def insert_many(self, values: Sequence[Record]) -> None:
        if not values:
            return
        kind = type(values[0])
        if kind is Consent:  # their heads are counted while they wait
            super().insert_many(values)
            return
        self.flush()
        self.fill(self.statements.insert[kind], TABLES[kind], map(self.mappings[kind].row, values), noun(kind))
        if kind in WATCHED:
            self._derived.added(kind, values)

    def keep_many(self, field: Kept, instants: Mapping[ClientId, datetime]) -> None:
        self.flush()
        stored, actor = self.stored, self._actor
        some = sorted((stored(id), stored(at)) for id, at in instants.items())  # type: ignore[type-var]
        self.write(self.statements.keep[field], [(at, at, id, *actor) for id, at in some], Client)

    def fill(self, sql: str, table: sa.Table, rows: Iterable[Sequence[Any]], what: str = "record") -> None:
        """Add many rows to a table; *sql* adds one. No driver error gets out."""
        try:
            self.database.fill(self._link, sql, table, rows)
            return
        except self.database.errors as error:
            failure = self._translated(error, what)
        except BaseException:
            self._lost = True  # interrupted: what the server still says would pass for the answer to what comes next
            raise
        raise self._noted(failure)
