"""tx.pipelines: the ways deals go, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, cast

import attrs

from crmkit.domain.deal import Deal
from crmkit.domain.events import PipelineDefined
from crmkit.domain.pipeline import STANDARD, Pipeline, Stage, standard
from crmkit.domain.query import Page
from crmkit.domain.where import Test, Where
from crmkit.errors import NotFound
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import MOST, Room, cursor, is_first
from crmkit.services.unit import Unit

PipelineOrder = Literal["id", "-id"]
MOST_STAGES = 50


class Pipelines(Room[Pipeline, str]):
    """
    Pipelines by key. Until you define one under the key `sales`, a standard one of four stages stands there.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     _ = tx.pipelines.define("repairs", stages=[("in", "Brought in"), ("out", "Repaired")])
    ...     [pipeline.id for pipeline in tx.pipelines.list()]
    ['repairs', 'sales']
    """

    __slots__ = ()
    _kind = Pipeline
    _orders = options(PipelineOrder)

    def get(self, id: str) -> Pipeline:
        """The pipeline, or `NotFound`."""
        self._is_id(id)
        if found := find_pipeline(self._unit, id):
            return found
        raise NotFound("pipeline", id)

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Pipeline]:
        """Those of the pipelines that exist, by id."""
        wanted = ids if isinstance(ids, str) or not isinstance(ids, Iterable) else list(ids)
        found = dict(super().get_many(wanted))
        if STANDARD in wanted:
            found.setdefault(STANDARD, standard(self._unit.now))
        return found

    @command
    def define(
        self, id: str, *, stages: Iterable[str | tuple[str, str] | Stage], name: str | None = None,
        version: int | None = None,
    ) -> Pipeline:  # fmt: skip
        """
        Define a pipeline, or define it anew: 1 to 50 stages in order, each a key, a (key, name) or a `Stage`.

        A stage that still holds open deals cannot be left out. Defining the same again changes nothing.
        """
        unit, check = self._unit, Checks()
        check.code("id", id)
        read = _stages(check, stages)
        title = check.text("name", name) if name is not None else str(id)
        check.version(version)
        check.done()
        for before in unit.store.get_many(Pipeline, [id]):
            after = attrs.evolve(before, stages=read, name=before.name if name is None else title)
            if after == before:
                return unit.unchanged(before, version)
            self._check_in_use(check, id, before, after)
            changed = unit.replace(before, after, version)
            unit.happened(PipelineDefined(*unit.envelope(changed.version), id, tuple([one.key for one in read])))
            return changed
        made = Pipeline(id, title, read, unit.now, unit.now)
        if id == STANDARD:
            self._check_in_use(check, id, standard(unit.now), made)
        pipeline = unit.insert(made)
        unit.happened(PipelineDefined(*unit.envelope(), id, tuple([stage.key for stage in read])))
        return pipeline

    def list(
        self, *, where: Where | None = None, order_by: PipelineOrder = "id", limit: int = 50, after: str | None = None
    ) -> Page[Pipeline]:
        """One page of pipelines; the standard one is among them, stored or not."""
        check = Checks()
        check.whole("limit", limit, 1, MOST)
        self._order(check, order_by)
        check.done()
        rows, start = list(self.stream(where=where, order_by=order_by)), 0
        if not is_first(after):
            last = self._start("id", after)[1]
            start = next((number + 1 for number, one in enumerate(rows) if one.id == last), 0)
        shown = rows[start : start + limit]
        return Page(tuple(shown), cursor(shown[-1].id) if start + limit < len(rows) else None)

    def count(self, *, where: Where | None = None) -> int:
        """How many pipelines there are."""
        return self._count(where, {}) + self._unstored(where)

    def stream(self, *, where: Where | None = None, order_by: PipelineOrder = "id") -> Iterator[Pipeline]:
        """Every pipeline."""
        rows = list(self._stream(where, {}, order_by))
        if self._unstored(where):
            rows = sorted([*rows, standard(self._unit.now)], key=lambda one: one.id, reverse=order_by == "-id")
        return iter(rows)

    def _unstored(self, where: Where | None) -> int:
        return int(where is None and not self._unit.store.get_many(Pipeline, [STANDARD]))

    def _check_in_use(self, check: Checks, id: str, before: Pipeline, after: Pipeline) -> None:
        for stage in before.stages:
            if not after.has(stage.key):
                held = Test("pipeline", "eq", id) & Test("stage", "eq", stage.key) & Test("status", "eq", "open")
                if self._unit.store.count(Deal, held):
                    check.fault("stages", "in_use", f"Stage {stage.key} holds open deals. Move them first, or keep it.")
        check.done()

    def _is_id(self, id: object) -> None:
        check = Checks()
        check.key("id", id)
        check.done()


def find_pipeline(unit: Unit, id: str) -> Pipeline | None:
    """The pipeline under a key; the standard one is there even if nobody defined it."""
    for stored in unit.store.get_many(Pipeline, [id]):
        return stored
    return standard(unit.now) if id == STANDARD else None


def _stages(check: Checks, raw: object) -> tuple[Stage, ...]:
    if isinstance(raw, str) or not isinstance(raw, Iterable):
        check.fault("stages", "not_a_list", "Give a list of stage keys, such as ['new', 'offer'].")
        return ()
    read = [_stage(check, one) for one in cast("Iterable[object]", raw)]
    if not 1 <= len(read) <= MOST_STAGES or len({stage.key for stage in read if isinstance(stage.key, str)}) < len(
        read
    ):
        check.fault("stages", "not_stages", f"Give 1 to {MOST_STAGES} stages, each key once.")
    return tuple(read)


def _stage(check: Checks, raw: object) -> Stage:
    if isinstance(raw, Stage):
        return Stage(check.code("stages", raw.key), check.text("stages", raw.name))
    if isinstance(raw, tuple):
        pair = cast("tuple[object, ...]", raw)
        if len(pair) == 2:
            return Stage(check.code("stages", pair[0]), check.text("stages", pair[1]))
    key = check.code("stages", raw)  # pyright: ignore[reportUnknownArgumentType]  # a tuple of anything
    return Stage(key, str(key).replace("_", " ").capitalize())
