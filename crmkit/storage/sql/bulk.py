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
from crmkit.domain.message import Attempt
from crmkit.domain.records import Record, noun
from crmkit.domain.user import Team
from crmkit.storage.sql.derived.derived import WATCHED
from crmkit.storage.sql.journalled import Journalled
from crmkit.storage.sql.schema import TABLES

if TYPE_CHECKING:
    from crmkit.storage.sql.derived.derived import Derived


class Bulk(Journalled):
    """They are written at once, past the buffer: what waits in it goes first."""

    __slots__ = ()
    _derived: Derived

    @abstractmethod
    def flush(self) -> None: ...
    @abstractmethod
    def write(self, sql: str, rows: Iterable[Sequence[object]], kind: type[Record] | None = None) -> None: ...
    @abstractmethod
    def fill(self, sql: str, table: sa.Table, rows: Iterable[Sequence[object]], what: str = "record") -> None: ...

    def insert_many(self, values: Sequence[Record]) -> None:
        if not values:
            return
        kind = type(values[0])
        if kind in (Consent, Attempt, Team):  # heads are counted while they wait, teams placed when they are written
            super().insert_many(values)
            return
        self.flush()
        self.fill(self.statements.insert[kind], TABLES[kind], map(self.mappings[kind].row, values), noun(kind))
        if kind in WATCHED:
            self._derived.added(kind, values)

    def keep_many(self, field: Kept, instants: Mapping[ClientId, datetime]) -> None:
        self.flush()
        stored, seen = self.stored, self.seen_by(Client)
        some: list[tuple[Any, object]] = sorted([(stored(id), stored(at)) for id, at in instants.items()])
        self.write(self.statements.keep[field], [(at, at, id, *seen) for id, at in some], Client)
