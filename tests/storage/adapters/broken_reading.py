"""Broken promises about reading: order, pages, conditions, lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs
from mutants import breaks

from crmkit.domain.ids import RecordId
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.ticket import Ticket
from crmkit.domain.where import NOTHING, All, Any_, Not, Test, Where, holds, tests_in, value_at
from crmkit.errors import StorageUnreachable
from crmkit.storage.memory.transaction import MemoryTransaction
from crmkit.storage.questions import check

R = TypeVar("R", bound=Record)
PAGES, MEANS = "test_pages_are_in_order_and_lose_nothing", "test_a_condition_means_what_it_means_in_memory"


def _all_of(tx: MemoryTransaction, query: Query[Any]) -> list[Any]:
    return MemoryTransaction.select(tx, attrs.evolve(query, limit=None, after=None))


def _place(query: Query[Any], value: Any) -> tuple[bool, Any]:
    return value is not None, value


@breaks(
    "Records come in their order.",
    PAGES,
    "test_ids_may_be_the_host_s_own_texts",
    "test_a_page_ends_where_the_condition_does",
)
class Unordered(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(query)[::-1]


@breaks("Ties are told apart by id.", PAGES, "test_a_page_ends_where_the_condition_does")
class TiesUnordered(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        if query.order_by == "id":
            return super().select(query)
        rows = _all_of(self, attrs.evolve(query, order_by="id", descending=not query.descending))
        rows.sort(key=lambda row: _place(query, getattr(row, query.order_by)), reverse=query.descending)
        if query.after is not None:
            seen = [row.id for row in rows]
            rows = rows[seen.index(query.after[1]) + 1 :]
        return rows[: query.limit]


@breaks("An empty value is smaller than any, downwards too.", PAGES, "test_ties_over_many_pages_lose_nothing")
class EmptiesFirst(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        if not query.descending or query.order_by == "id":
            return super().select(query)
        rows = _all_of(self, query)
        rows.sort(key=lambda row: getattr(row, query.order_by) is not None)
        if query.after is not None:
            rows = rows[[row.id for row in rows].index(query.after[1]) + 1 :]
        return rows[: query.limit]


@breaks("Text is ordered letter by letter.", PAGES)
class OrderedByLanguage(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        if query.order_by != "name":
            return super().select(query)
        rows = _all_of(self, query)
        rows.sort(key=lambda row: (row.name.casefold(), row.id), reverse=query.descending)
        if query.after is not None:
            rows = rows[[row.id for row in rows].index(query.after[1]) + 1 :]
        return rows[: query.limit]


@breaks("A page begins after the last record seen.", PAGES, "test_pages_of_a_snapshot_stand_still",
        "test_ties_over_many_pages_lose_nothing")  # fmt: skip
class AfterInclusive(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        rows = _all_of(self, query)
        if query.after is not None:
            rows = rows[[row.id for row in rows].index(query.after[1]) :]
        return rows[: query.limit]


@breaks("A page begins after a pair of value and id.", PAGES, "test_pages_of_a_snapshot_stand_still",
        "test_ties_over_many_pages_lose_nothing")  # fmt: skip
class AfterSkipsTies(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        rows = _all_of(self, query)
        if query.after is not None:
            last = _place(query, query.after[0])
            places = [(_place(query, getattr(row, query.order_by)), row) for row in rows]
            rows = [row for place, row in places if (place < last if query.descending else place > last)]
        return rows[: query.limit]


@breaks("A page goes on from a value, not from a count.", "test_pages_of_a_snapshot_stand_still", PAGES)
class AfterIgnored(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, after=None))


@breaks("A limit counts what meets the condition.", "test_a_page_ends_where_the_condition_does")
class LimitBeforeCondition(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        rows = super().select(attrs.evolve(query, where=All(())))
        return [row for row in rows if holds(query.where, row)]


@breaks("A transaction reads its own writes.", "test_a_record_is_seen_before_it_is_committed",
        "test_a_question_sees_what_this_transaction_changed")  # fmt: skip
class SelectsOnlyWhatIsCommitted(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return (
            MemoryTransaction(self._storage, self._scope, write=False).select(query)
            if self.write
            else super().select(query)
        )


@breaks("A transaction gets its own writes.", "test_a_record_is_seen_before_it_is_committed",
        "test_get_many_sees_what_waits_and_what_was_there", "test_a_change_counts_from_the_stored_version")  # fmt: skip
class GetsOnlyWhatIsCommitted(MemoryTransaction):
    __slots__ = ()

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        if not self.write:
            return super().get_many(kind, ids)
        return MemoryTransaction(self._storage, self._scope, write=False).get_many(kind, ids)


@breaks("Each record is given once.", "test_get_many_gives_each_once_and_leaves_out_strangers")
class GivesTwice(MemoryTransaction):
    __slots__ = ()

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        return [row for id in ids for row in super(GivesTwice, self).get_many(kind, [id])]


@breaks("Every id is looked up.", "test_get_many_gives_each_once_and_leaves_out_strangers",
        "test_many_ids_are_all_looked_up")  # fmt: skip
class GetsTheFirst512(MemoryTransaction):
    __slots__ = ()

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        return super().get_many(kind, ids[:512])


def _changed(where: Where, test: Callable[[Test], Where], opposite: Callable[[Where], Where] = Not) -> Where:
    match where:
        case Test():
            return test(where)
        case All(parts):
            return All(tuple([_changed(part, test, opposite) for part in parts]))
        case Any_(parts):
            return Any_(tuple([_changed(part, test, opposite) for part in parts]))
        case Not(part):
            return opposite(_changed(part, test, opposite))
        case _:
            raise TypeError(where)


@breaks("A list of values is searched to its end.", "test_a_list_of_values_is_searched_to_its_end")
class ListsCutAt1000(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=_changed(query.where, _cut)))


def _cut(test: Test) -> Where:
    return attrs.evolve(test, value=test.value[:1000]) if test.op == "in" and len(test.value) > 1000 else test


@breaks("A question with too many values is refused.", "test_one_value_too_many_is_refused")
class AnyNumberOfValues(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        where = _changed(
            query.where, lambda test: attrs.evolve(test, value=test.value[:9]) if test.op == "in" else test
        )
        return super().select(attrs.evolve(query, where=where))


@breaks("What cannot be asked is refused.", "test_a_question_that_cannot_be_asked_is_refused")
class AnswersAnything(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        try:
            check(query)
        except ValueError:
            return []
        return super().select(query)


@breaks("The opposite of a test on an empty field is true.", MEANS)
class ThreeValued(MemoryTransaction):
    """As SQL answers, left to itself: unknown is not true, and neither is its opposite."""

    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        def opposite(part: Where) -> Where:
            asked = {test.field for test in tests_in(part) if test.value is not None and test.op != "has"}
            return Not(part) & All(tuple([Not(Test(field, "eq", None)) for field in sorted(asked)]))

        return super().select(attrs.evolve(query, where=_changed(query.where, lambda test: test, opposite)))


@breaks("A beginning is no pattern.", MEANS)
class PatternsInBeginnings(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        for test in tests_in(query.where):
            if test is query.where and test.op == "starts_with" and isinstance(test.value, str):
                pattern = re.escape(test.value).replace("%", ".*").replace("_", ".")
                rows = super().select(attrs.evolve(query, where=All(())))
                return [row for row in rows if re.match(pattern, str(value_at(row, test.field)))]
        return super().select(query)


@breaks("A number is no text.", MEANS)
class LooselyTyped(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=_changed(query.where, _either)))


def _either(test: Test) -> Where:
    if test.op == "eq" and test.field.startswith("custom.") and test.value is not None:
        other = int(test.value) if str(test.value).isdecimal() and isinstance(test.value, str) else str(test.value)
        return test | attrs.evolve(test, value=other)
    return test


@breaks("Text is compared letter by letter.", MEANS)
class ComparedByLanguage(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        where = query.where
        if isinstance(where, Test) and where.op == "eq" and where.field == "name" and isinstance(where.value, str):
            rows: list[Any] = super().select(attrs.evolve(query, where=All(())))
            return [row for row in rows if row.name.casefold() == where.value.casefold()]
        return super().select(query)


@breaks("An earlier instant is told from the next microsecond.", MEANS, "test_instants_are_compared_to_the_microsecond")
class ComparedInSeconds(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=_changed(query.where, _in_seconds)))


def _in_seconds(test: Test) -> Where:
    return attrs.evolve(test, value=test.value.replace(microsecond=0)) if isinstance(test.value, datetime) else test


@breaks("A condition counts as it selects.", MEANS)
class CountsEverything(MemoryTransaction):
    __slots__ = ()

    def count(self, kind: type[R], where: Where) -> int:
        return len(self.select(Query(kind)))


@breaks("Nothing meets a condition without parts.", MEANS)
class NothingIsEverything(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=All(())) if query.where == NOTHING else query)


@breaks("A flag is compared as what it is.", "test_a_truth_value_can_be_asked_for")
class FlagsAreAlwaysUp(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        up = _changed(query.where, lambda test: attrs.evolve(test, value=True) if test.value is False else test)
        return super().select(attrs.evolve(query, where=up))


@breaks("Money that is not there can be asked for.", "test_emptiness_of_money_can_be_asked_for")
class NoMoneyIsUnknown(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=_changed(query.where, lambda test: _never("amount", test))))


@breaks("A client that is not there can be asked for.", "test_of_nobody_is_a_question_too")
class NobodyIsUnknown(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        return super().select(attrs.evolve(query, where=_changed(query.where, lambda test: _never("client_id", test))))


def _never(field: str, test: Test) -> Where:
    return NOTHING if (test.field, test.value) == (field, None) else test


@breaks("Every kind of record is known.", "test_an_empty_storage_has_nothing_of_any_kind")
class TicketsUnknown(MemoryTransaction):
    __slots__ = ()

    def select(self, query: Query[R]) -> list[R]:
        if query.kind is Ticket:
            raise StorageUnreachable("no such table")
        return super().select(query)
