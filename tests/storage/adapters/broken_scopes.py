"""Broken promises about scopes and accelerators: what must be hidden, and what must be the plain answer."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar

import attrs
from mutants import breaks

from crmkit.domain.card import Card
from crmkit.domain.client import Client
from crmkit.domain.contact_point import PointKind
from crmkit.domain.datum import Datum
from crmkit.domain.ids import ClientId, RecordId
from crmkit.domain.note import Note
from crmkit.domain.outcome import Outcome, OutcomeKind
from crmkit.domain.records import Record
from crmkit.domain.scope import EVERYONE
from crmkit.domain.where import Where
from crmkit.storage.memory.transaction import MemoryTransaction

R = TypeVar("R", bound=Record)
HIDDEN, FASTER = "test_own_scope_hides_what_hangs_on_others", "test_the_faster_form_gives_the_plain_answer"


@breaks("Every table has the predicate of the scope.", HIDDEN)
class ScopeForgottenOnNotes(MemoryTransaction):
    __slots__ = ()

    def _shows(self, row: Any) -> bool:
        return isinstance(row, Note) or super()._shows(row)


@breaks("A scope hides from every way to read.", HIDDEN, "test_many_ids_are_all_looked_up")
class ScopeForgottenById(MemoryTransaction):
    __slots__ = ()

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        scope, self._scope = self._scope, EVERYONE
        rows = super().get_many(kind, ids)
        self._scope = scope
        return rows


@breaks("A scope hides from a count.", HIDDEN, FASTER)
class ScopeForgottenInCounts(MemoryTransaction):
    __slots__ = ()

    def count(self, kind: type[R], where: Where) -> int:
        scope, self._scope = self._scope, EVERYONE
        counted = super().count(kind, where)
        self._scope = scope
        return counted


@breaks("What plugins keep about nobody is everybody's.", "test_a_plugin_s_record_of_nobody_is_everybodys")
class NobodysDataHidden(MemoryTransaction):
    __slots__ = ()

    def _shows(self, row: Any) -> bool:
        return super()._shows(row) and not (isinstance(row, Datum) and row.client_id is None)


@breaks("A task of nobody is seen by who must do it.", "test_a_task_of_nobody_is_seen_by_who_must_do_it")
class NobodysTasksHidden(MemoryTransaction):
    __slots__ = ()

    def _shows(self, row: Any) -> bool:
        return getattr(row, "client_id", row) is not None and super()._shows(row)


@breaks("A scope follows the owner at once.", "test_scope_follows_the_owner_within_a_transaction")
class ScopeOfWhatWas(MemoryTransaction):
    __slots__ = ()

    def _shows(self, row: Any) -> bool:
        before = self._storage.tables[Client].rows.get(row.id.int) if isinstance(row, Client) else None
        return super()._shows(row if before is None else before)


@breaks("The last touched match comes first.", FASTER, "test_the_last_touched_matches_first")
class FindsTheOldestFirst(MemoryTransaction):
    __slots__ = ()

    def find(self, kind: PointKind, match_key: str) -> list[Client]:
        return sorted(super().find(kind, match_key), key=attrgetter("created_at", "id"))


@breaks("An external name is of one system.", FASTER)
class FindsInAnySystem(MemoryTransaction):
    __slots__ = ()

    def find_external(self, system: str, value: str) -> Client | None:
        return super().find_external(system.lower(), value)


@breaks("A head counts what was just said.", FASTER, "test_the_head_of_a_subject_counts_what_was_just_said")
class HeadsOfWhatIsCommitted(MemoryTransaction):
    __slots__ = ()

    def consent_head(self, subject: ClientId) -> int:
        return MemoryTransaction(self._storage, self._scope, write=False).consent_head(subject)


@breaks("A card shows the newest first.", FASTER)
class CardsOldestFirst(MemoryTransaction):
    __slots__ = ()

    def card(self, client_id: ClientId) -> Card | None:
        card = super().card(client_id)
        return card and attrs.evolve(card, touchpoints=card.touchpoints[::-1])


@breaks("An outcome at the very instant counts.", FASTER)
class OutcomesAfterOnly(MemoryTransaction):
    __slots__ = ()

    def outcomes(self, since: datetime, kinds: Set[OutcomeKind]) -> list[Outcome]:
        return super().outcomes(since + timedelta(microseconds=1), kinds)
