"""Blobs in a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from crmkit.errors import Conflict, NotFound
from crmkit.storage.blobs.largest import LARGEST, checked


class MemoryBlobs:
    """
    Contents in this process's memory, gone with it.

    >>> from uuid import UUID
    >>> blobs = MemoryBlobs()
    >>> blobs.put(UUID(int=7), [b"one ", b"two"])
    >>> blobs.open(UUID(int=7)).read()
    b'one two'
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        self.largest = checked(largest)
        self._contents: dict[UUID, bytes] = {}

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        """Keep all chunks; `setdefault` decides between two who put at once."""
        content = b"".join(chunks)
        if self._contents.setdefault(key, content) is not content:
            raise Conflict("blob", key)

    def open(self, key: UUID) -> BinaryIO:
        """The content, read from a copy of nothing: bytes never change."""
        if (content := self._contents.get(key)) is None:
            raise NotFound("blob", key)
        return BytesIO(content)

    def delete(self, key: UUID) -> None:
        """Forget a blob."""
        self._contents.pop(key, None)

    def keys(self) -> Iterator[UUID]:
        """The keys as they are now."""
        return iter(list(self._contents))

    def __repr__(self) -> str:
        return "MemoryBlobs()"
