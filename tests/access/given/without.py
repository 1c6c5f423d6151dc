"""Storages in which one predicate is missing: who asks must notice."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.ports import Record
from crmkit.storage.memory.transaction import MemoryTransaction
from crmkit.storage.sql.statements import Statements

#: A question a statement is for, and the table whose predicate is in it.
Place = tuple[str, str]
_ALWAYS = sa.literal_column("1", sa.Integer) == sa.literal_column("1", sa.Integer)
#: What compiles a predicate for its parameters' sake, and what writes.
_NO_READ = {"_seen", "_keep"}


@contextmanager
def noted() -> Generator[set[Place]]:
    """Every place where a statement that reads has the predicate of a scope."""
    found, visible = set[Place](), Statements.visible

    def noting(self: Statements, table: sa.Table) -> sa.ColumnElement[bool]:
        place = _place(table)
        if self.unscoped is not self and place[0] not in _NO_READ and not isinstance(visible(self, table), sa.True_):
            found.add(place)
        return visible(self, table)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Statements, "visible", noting)
        yield found


@contextmanager
def without(place: Place) -> Generator[None]:
    """The predicate of one place lets everything through; its parameters stay."""
    visible = Statements.visible

    def careless(self: Statements, table: sa.Table) -> sa.ColumnElement[bool]:
        shown = visible(self, table)
        return sa.or_(_ALWAYS, shown) if _place(table) == place and not isinstance(shown, sa.True_) else shown

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Statements, "visible", careless)
        yield


@contextmanager
def without_predicates() -> Generator[None]:
    """No statement hides anything by itself; the parameters stay."""
    visible = Statements.visible

    def careless(self: Statements, table: sa.Table) -> sa.ColumnElement[bool]:
        shown = visible(self, table)
        return shown if isinstance(shown, sa.True_) else sa.or_(_ALWAYS, shown)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Statements, "visible", careless)
        yield


def _place(table: sa.Table) -> Place:
    """Who asked for a predicate: the method two frames above."""
    return sys._getframe(2).f_code.co_name, table.name  # it is the name of the question


@contextmanager
def unhidden(kind: type[Record]) -> Generator[None]:
    """In memory every record of one kind is shown."""
    shows = MemoryTransaction._shows  # what is broken

    def careless(self: MemoryTransaction, row: Any) -> bool:
        return type(row) is kind or shows(self, row)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryTransaction, "_shows", careless)
        yield
