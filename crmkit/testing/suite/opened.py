"""Short ways in and out of a storage, for the suite."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from crmkit.domain.records import Record
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.errors import Conflict, CRMError
from crmkit.ports import Storage, StorageTransaction


class OnAStorage:
    """Every part of the suite asks for one storage, empty every time."""

    @pytest.fixture
    def storage(self) -> Storage:
        """To be overridden."""
        raise NotImplementedError("Override the `storage` fixture; return an empty storage.")


@contextmanager
def writing(storage: Storage, scope: Scope = EVERYONE) -> Generator[StorageTransaction]:
    """A transaction that commits at the end of the block and rolls back on any error."""
    tx = storage.begin(write=True, scope=scope)
    try:
        yield tx
        tx.commit()
    finally:
        tx.rollback()


@contextmanager
def reading(storage: Storage, scope: Scope = EVERYONE) -> Generator[StorageTransaction]:
    """A snapshot."""
    tx = storage.begin(write=False, scope=scope)
    try:
        yield tx
    finally:
        tx.rollback()


def commit(storage: Storage, *records: Record) -> None:
    """Keep *records* in one transaction."""
    with writing(storage) as tx:
        for record in records:
            tx.insert(record)


@contextmanager
def refused(why: str, error: type[CRMError] = Conflict) -> Generator[None]:
    """Something the storage must not take; *why* is told to whoever wrote one that does."""
    try:
        yield
    except error:
        return
    pytest.fail(why)
