"""Blobs as files: written aside, made durable, then renamed, so that a name means a whole content."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from crmkit.errors import Conflict, NotFound, StorageFull, StorageUnreachable
from crmkit.storage.blobs.largest import LARGEST, checked

#: What the name of a file ends in until its content is whole.
PART = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class FilesystemBlobs:
    """
    Contents in a folder that belongs to one store, each a file that only its owner may read.

    The folder is made when it is first needed. Back it up after the database: then every document has its content.

    >>> from tempfile import TemporaryDirectory
    >>> from uuid import UUID
    >>> with TemporaryDirectory() as folder:
    ...     blobs = FilesystemBlobs(f"{folder}/contents")
    ...     blobs.put(UUID(int=7), [b"one ", b"two"])
    ...     with blobs.open(UUID(int=7)) as file:
    ...         file.read()
    b'one two'
    """

    def __init__(self, folder: str | Path, *, largest: int = LARGEST) -> None:
        self.largest = checked(largest)
        self.folder = Path(folder).absolute()  # a program that changes its folder finds its blobs all the same

    def put(self, key: UUID, chunks: Iterable[bytes]) -> None:
        """Write aside, fsync, rename, fsync the folder. Who has made the file aside holds the key."""
        path = self._path(key)
        part = path.with_name(path.name + PART)
        with _told():
            self._make(path.parent)
            try:
                file = open(part, "xb", opener=_private)  # noqa: SIM115  # Path.open takes no opener
            except FileExistsError:
                raise Conflict("blob", key) from None
        renamed = False
        try:
            with file:
                _refuse(key, path)
                for chunk in chunks:  # what the caller's own chunks raise is not ours to translate
                    with _told():
                        file.write(chunk)
                with _told():
                    file.flush()
                    os.fsync(file.fileno())
            with _told():
                part.rename(path)
                renamed = True
                _sync(path.parent)
        except BaseException:
            with suppress(OSError):
                (path if renamed else part).unlink()
            raise

    def open(self, key: UUID) -> BinaryIO:
        """The file."""
        with _told():
            try:
                return self._path(key).open("rb")
            except FileNotFoundError:
                raise NotFound("blob", key) from None

    def delete(self, key: UUID) -> None:
        """Unlink the file, or what is there of it, durably."""
        path = self._path(key)
        with _told():
            for one in (path, path.with_name(path.name + PART)):
                with suppress(FileNotFoundError):
                    one.unlink()
                    _sync(path.parent)

    def keys(self) -> Iterator[UUID]:
        """Every file named as we name them, a folder at a time; other files are none of ours."""
        for outer in _names(self.folder):
            for inner in _names(self.folder / outer):
                for name in _names(self.folder / outer / inner):
                    plain = name.removesuffix(PART)
                    with suppress(ValueError):
                        key = UUID(hex=plain)
                        if self._path(key) == self.folder / outer / inner / plain:
                            yield key

    def __repr__(self) -> str:
        return f"FilesystemBlobs(largest={self.largest})"

    def _path(self, key: UUID) -> Path:
        """By the last bytes of the key, which are chance: the first are the time, and would fill one folder."""
        return self.folder / key.hex[-2:] / key.hex[-4:-2] / key.hex

    def _make(self, folder: Path) -> None:
        """Make a folder and what it lies in, each name durable before anything is put under it."""
        if folder.is_dir():
            return
        if folder.parent != folder:
            self._make(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _sync(folder.parent)


def _refuse(key: UUID, path: Path) -> None:
    if path.exists():
        raise Conflict("blob", key)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _names(folder: Path) -> list[str]:
    with _told():
        try:
            return os.listdir(folder)  # noqa: PTH208  # names are all we ask for
        except (FileNotFoundError, NotADirectoryError):
            return []


def _sync(folder: Path) -> None:
    """Make the names in a folder durable; only POSIX has a way to say so."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def _told() -> Generator[None]:
    """What the system refuses, in our words."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise StorageUnreachable(errno.errorcode.get(error.errno or 0, "")) from error
