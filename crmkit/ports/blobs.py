"""Where the contents of documents lie: beside the records, one blob a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol
from uuid import UUID


class Blobs(Protocol):
    """
    Bytes under keys. A key is a document's id, so that one person's content goes without asking who else has it.

    The records decide which blobs count: one is put before its document is committed, and deleted after the commit
    that removed it. What a crash leaves in between is found by `keys`. Several threads and processes may use the same
    blobs at once. What the place itself cannot do is `StorageFull` or `StorageUnreachable`.
    """

    @property
    def largest(self) -> int:
        """How many bytes one blob may have; who puts refuses more."""
        ...

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        """
        Keep all *chunks*, in order, durably before this returns. `Conflict` if the key is taken.

        All or nothing: what *chunks* raises passes through, and then nothing is kept.
        """
        ...

    def open(self, key: UUID) -> BinaryIO:
        """The whole content from its start, to be closed by the caller; `NotFound` if it was never wholly put."""
        ...

    def delete(self, key: UUID) -> None:
        """Forget a blob, an unfinished one too; nothing happens if there is none."""
        ...

    def keys(self) -> Iterator[UUID]:
        """Every key at least once, in any order, also of what a crash left unfinished."""
        ...
