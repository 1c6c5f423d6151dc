"""Where contents of documents lie: what a host said, and what goes without saying."""

from __future__ import annotations

from pathlib import Path

from crmkit.errors import Fault, Invalid
from crmkit.ports import Blobs, Storage
from crmkit.storage.blobs import FilesystemBlobs, MemoryBlobs


def blobs_at(given: Blobs | str | Path | None, storage: Storage) -> Blobs | None:
    """A folder is named by its path; a store in memory keeps contents there, too; elsewhere there is no place yet."""
    if given is None:
        return MemoryBlobs() if storage.name == "memory" else None
    if isinstance(given, (str, Path)):
        if "\x00" in str(given) or not str(given):
            raise Invalid(Fault("blobs", "not_a_folder", "Give the path of a folder, such as 'documents'."))
        return FilesystemBlobs(given)
    if not all(callable(getattr(given, name, None)) for name in ("put", "open", "delete", "keys")):
        raise Invalid(Fault("blobs", "not_blobs", "Give the path of a folder, or an object that keeps blobs."))
    return given
