"""Blobs broken on purpose: each breaks one promise and names the test of the suite that must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import attrs

from crmkit import FilesystemBlobs, MemoryBlobs
from crmkit.ports import Blobs

B = TypeVar("B", bound=type[FilesystemBlobs])


@attrs.frozen
class BrokenBlobs:
    """What is broken, and who must see it."""

    noticed_by: str
    opened: Callable[[Path], Blobs]


#: By name.
BROKEN: dict[str, BrokenBlobs] = {}


def breaks(noticed_by: str) -> Callable[[B], B]:
    def enter(kind: B) -> B:
        BROKEN[kind.__name__] = BrokenBlobs(noticed_by, kind)
        return kind

    return enter


@breaks("test_nobody_sees_half_a_content")
class WritesInPlace(FilesystemBlobs):
    """The file bears its name from its first byte on."""

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        super().put(key, [])
        with self._path(key).open("wb", buffering=0) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
            except BaseException:
                self.delete(key)
                raise


@breaks("test_chunks_that_fail_leave_nothing")
class KeepsHalf(FilesystemBlobs):
    """What came before the error stays."""

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        taken, failed = list[bytes](), list[BaseException]()

        def whole() -> Iterator[bytes]:
            try:
                for chunk in chunks:
                    taken.append(chunk)
                    yield chunk
            except Exception as error:  # noqa: BLE001
                failed.append(error)

        super().put(key, whole())
        for error in failed:
            raise error


@breaks("test_a_key_is_taken_once")
class PutsOver(FilesystemBlobs):
    """The later content wins."""

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        self.delete(key)
        super().put(key, chunks)


@breaks("test_a_content_is_of_its_own_key")
class ForgetsTheEnd(FilesystemBlobs):
    """Keys that begin alike share a file: contents of one millisecond."""

    def _path(self, key: UUID) -> Path:
        return super()._path(UUID(int=key.int >> 32 << 32))


@breaks("test_what_is_deleted_is_gone")
class OnlyHides(FilesystemBlobs):
    """The bytes of a person who asked to be forgotten stay on the disk, and are listed still."""

    def delete(self, key: UUID) -> None:
        path = self._path(key)
        if path.exists():
            path.rename(path.with_name(path.name + ".part"))


class Deaf(MemoryBlobs):
    """What one process puts another does not find."""


BROKEN["PutsForItselfAlone"] = BrokenBlobs("test_what_is_put_is_there_for_others", lambda _: Deaf())
