"""Contents without a document: what a crash left between a content and its commit, or a commit and its deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from crmkit.domain.document import Document
from crmkit.errors import Fault, Invalid
from crmkit.plugins.jobs import Job, JobContext
from crmkit.services.transaction import Transaction

#: How many keys one question names.
CHUNK = 1000
#: So much older than the oldest transaction that may still be open a content must be.
DAY = timedelta(days=1)
#: More contents without a document than this, and than those with one, are no crash's: they are another store's.
FEW = 100

Begin = Callable[[], AbstractContextManager[Transaction]]


def sweep_blobs(read: Begin, *, older_than: timedelta = DAY, meanwhile: Callable[[], None] | None = None) -> int:
    """
    Delete every content older than *older_than* that no document of the store names; say how many it were.

    It lists all contents, so once a day is often enough. Where most of them are of no document, or all, the folder
    is another store's, or the store a new one: then it deletes nothing and raises `Invalid`. *meanwhile* is called
    between its steps.
    """
    with read() as tx:
        unit = tx._unit  # noqa: SLF001  # a room has no verb for it: no caller names a content without a document
        blobs, before = unit.blobs, unit.now - older_than
    known, left = 0, list[UUID]()
    for keys in _some_of(key for key in blobs.keys() if _made_at(key) < before):  # noqa: SIM118  # no mapping
        with read() as tx:
            found = {document.id for document in tx._unit.store.get_many(Document, keys)}  # noqa: SLF001
        known += len(found)
        left += [key for key in keys if key not in found]
        if meanwhile is not None:
            meanwhile()
    if left and (not known or len(left) > known + FEW):
        message = "Most contents here are of no document of this store. Check that both belong together."
        raise Invalid(Fault("blobs", "foreign", message))
    for key in left:
        blobs.delete(key)
    return len(left)


def _sweep(ctx: JobContext) -> None:
    sweep_blobs(ctx.read, meanwhile=ctx.renew)


#: What `run_due` does of itself wherever a host said where contents lie.
SWEEP = Job("sweep_blobs", _sweep, every=DAY)


def _some_of(keys: Iterator[UUID]) -> Iterator[list[UUID]]:
    while some := list(dict.fromkeys(islice(keys, CHUNK))):
        yield some


def _made_at(key: UUID) -> datetime:
    """When a document's id was given: its first 48 bits are the millisecond (RFC 9562)."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
