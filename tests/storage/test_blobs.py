"""Contents, in memory and in a folder: the suite, what only a folder can get wrong, and that the suite bites."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import broken_blobs
import pytest
from broken_blobs import BROKEN

from crmkit import FilesystemBlobs, MemoryBlobs
from crmkit.errors import CRMError, Invalid, StorageFull, StorageUnreachable
from crmkit.ports import Blobs
from crmkit.testing import BlobsConformance, new_id

posix = pytest.mark.skipif(os.name != "posix", reason="modes and fsync of folders are POSIX's")


class TestMemoryBlobs(BlobsConformance):
    @pytest.fixture
    def blobs(self) -> Blobs:
        return MemoryBlobs()


class TestFilesystemBlobs(BlobsConformance):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return FilesystemBlobs(tmp_path / "deep" / "contents")

    def again(self, blobs: Blobs) -> Blobs:
        assert isinstance(blobs, FilesystemBlobs)
        return FilesystemBlobs(blobs.folder)


@pytest.mark.parametrize("name", BROKEN)
def test_the_suite_notices_broken_blobs(name: str, tmp_path: Path) -> None:
    """Each promise broken on purpose is noticed by the test that stands for it; the others are another's matter."""
    broken = BROKEN[name]

    class Suite(BlobsConformance):
        def again(self, blobs: Blobs) -> Blobs:
            return broken.opened(tmp_path / "contents")

    sound: dict[str, Blobs] = {"memory": MemoryBlobs(), "folder": FilesystemBlobs(tmp_path / "sound")}
    for blobs in sound.values():
        getattr(BlobsConformance(), broken.noticed_by)(blobs)
    with pytest.raises((AssertionError, pytest.fail.Exception, CRMError)):
        getattr(Suite(), broken.noticed_by)(broken.opened(tmp_path / "contents"))


def test_there_are_several_ways_to_break_blobs() -> None:
    """The contract makes several promises."""
    assert {"test_a_key_is_taken_once", "test_nobody_sees_half_a_content"} <= {
        one.noticed_by for one in BROKEN.values()
    }
    assert len(broken_blobs.BROKEN) >= 5


@posix
def test_only_the_owner_may_read_what_is_kept(tmp_path: Path) -> None:
    """A contract is nobody's business who merely has an account on the machine."""
    blobs = FilesystemBlobs(tmp_path / "contents")
    blobs.put(new_id(), [b"secret"])
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [blobs.folder, *blobs.folder.rglob("*")]}
    assert {(True, 0o700), (False, 0o600)} == modes


@posix
def test_a_content_is_durable_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's bytes first, then its name, then the folder that holds the name; new folders in theirs."""
    blobs, key, steps = FilesystemBlobs(tmp_path / "contents"), new_id(), list[str]()
    fsync, rename = os.fsync, Path.rename

    def fsynced(descriptor: int) -> None:
        fsync(descriptor)
        steps.append(f"fsync {'folder' if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 'file'}")

    def renamed(path: Path, to: Path) -> Path:
        steps.append("rename")
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", fsynced)
    monkeypatch.setattr(Path, "rename", renamed)
    blobs.put(key, [b"paper"])
    assert [*["fsync folder"] * 3, "fsync file", "rename", "fsync folder"] == steps
    steps.clear()
    blobs.delete(key)
    assert ["fsync folder"] == steps


def test_what_a_crash_left_unfinished_is_listed_and_can_be_deleted(tmp_path: Path) -> None:
    """It is no content yet, but it is somebody's data."""
    blobs, key = FilesystemBlobs(tmp_path), new_id()
    path = blobs._path(key)
    path.parent.mkdir(parents=True)
    path.with_name(f"{path.name}.part").write_bytes(b"half")
    assert [key] == list(blobs.keys())
    blobs.delete(key)
    assert ([], []) == (list(blobs.keys()), [one for one in tmp_path.rglob("*") if one.is_file()])


def test_files_that_are_not_ours_are_no_contents(tmp_path: Path) -> None:
    """An operator's note, a file manager's index, a content in the wrong place: none of them is ever swept."""
    blobs, key = FilesystemBlobs(tmp_path), new_id()
    blobs.put(key, [b"ours"])
    for path in ("README", "ab/README", "ab/cd/.DS_Store", f"ab/cd/{new_id().hex[:-4]}0000", f"ab/{new_id().hex}"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("not ours")
    assert [key] == list(blobs.keys())


def test_a_program_that_changes_its_folder_finds_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder the program was in when it said so."""
    monkeypatch.chdir(tmp_path)
    blobs, key = FilesystemBlobs("contents"), new_id()
    blobs.put(key, [b"here"])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with blobs.open(key) as file:
        assert b"here" == file.read()


@pytest.mark.parametrize(
    ("code", "told"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageUnreachable)]
)
def test_what_a_disk_refuses_is_said_in_our_words(
    code: int, told: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left, not even of a file that was all written and could not be made durable."""
    blobs, key = FilesystemBlobs(tmp_path), new_id()
    blobs.put(key, [b"there"])  # and so its folder is
    blobs.delete(key)

    def refusing(_: int) -> None:
        raise OSError(code, "no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refusing)
        with pytest.raises(told) as caught:
            blobs.put(key, [b"paper"])
    assert isinstance(caught.value.__cause__, OSError)
    assert [] == [one for one in tmp_path.rglob("*") if one.is_file()]


def test_what_the_callers_own_file_refuses_is_the_callers_error(tmp_path: Path) -> None:
    """A recording on a drive that was pulled out is no failure of our storage."""

    def pulled_out() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.EIO, "pulled out")

    with pytest.raises(OSError, match="pulled out") as caught:
        FilesystemBlobs(tmp_path).put(new_id(), pulled_out())
    assert OSError is type(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in the way of a file is told otherwise there")
def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    """The operator reads the system's own code for it."""
    (tmp_path / "file").write_text("in the way")
    blobs = FilesystemBlobs(tmp_path / "file" / "contents")
    with pytest.raises(StorageUnreachable, match="ENOTDIR"):
        blobs.put(new_id(), [b"paper"])


@pytest.mark.parametrize("largest", [0, -1, True, "1", None, 1.5])
def test_a_size_that_is_none_is_invalid(largest: Any, tmp_path: Path) -> None:
    """Said when the place is named, not with the first document."""
    with pytest.raises(Invalid, match="largest"):
        FilesystemBlobs(tmp_path, largest=largest)
    with pytest.raises(Invalid, match="largest"):
        MemoryBlobs(largest=largest)
