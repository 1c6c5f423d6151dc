"""Contents of documents: read from the caller a piece at a time, counted and hashed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import IO, Any, cast

from crmkit.errors import Fault, Invalid
from crmkit.services.checks import Checks

CHUNK = 2**16
_OPEN = "open it in binary mode, as in open(path, 'rb')."


class Content:
    """The pieces of one content; once they are all taken, `size` and `sha256` are those of the whole."""

    def __init__(self, pieces: Iterator[Any], largest: int) -> None:
        self._pieces = pieces
        self._largest = largest
        self._hash = sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise Invalid(Fault("content", "not_bytes", f"Give a file that holds bytes: {_OPEN}"))
            data = bytes(cast("bytes", piece))
            self.size += len(data)
            if self.size > self._largest:
                message = f"Give at most {self._largest} bytes, or let the CRM's blobs take more: largest=…."
                raise Invalid(Fault("content", "too_large", message))
            self._hash.update(data)
            yield data

    @property
    def sha256(self) -> str:
        """Of all that was taken, in hexadecimal."""
        return self._hash.hexdigest()


def content_of(check: Checks, path: str, given: object, largest: int) -> Content:
    """What a caller hands in as a content: bytes, or a file open for reading in binary mode."""
    if isinstance(given, (bytes, bytearray, memoryview)):
        return Content(iter((cast("bytes", given),)), largest)
    read: Any = getattr(given, "read", None)
    if not callable(read) or isinstance(given, type):
        return cast("Content", check.fault(path, "not_bytes", f"Give bytes, or a file: {_OPEN}"))
    return Content(iter(partial(read, CHUNK), b""), largest)


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of all that a file holds, in hexadecimal."""
    total = sha256()
    while piece := file.read(CHUNK):
        total.update(piece)
    return total.hexdigest()
