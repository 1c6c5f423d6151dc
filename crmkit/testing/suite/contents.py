"""What is put is there whole or not at all, under its own key and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from crmkit.errors import Conflict, NotFound
from crmkit.ports import Blobs
from crmkit.testing.builders import new_id

#: Every byte, in pieces whose ends fall anywhere, more of it than a buffer takes.
PIECES = [bytes(range(256)) * size for size in (1, 3, 0, 511, 1024, 7)]
PATIENCE = 30.0


def read(blobs: Blobs, key: UUID) -> bytes:
    """One whole content."""
    with blobs.open(key) as file:
        return file.read()


def absent(blobs: Blobs, key: UUID) -> bool:
    """Say whether there is nothing whole under a key."""
    try:
        blobs.open(key).close()
    except NotFound:
        return True
    return False


class Contents:
    """Put, open, delete, list."""

    @pytest.fixture
    def blobs(self) -> Blobs:
        """To be overridden."""
        raise NotImplementedError("Override the `blobs` fixture; return blobs that are empty.")

    def again(self, blobs: Blobs) -> Blobs:
        """The same place as another process would open it; to be overridden where there can be one."""
        return blobs

    def test_what_is_put_comes_back_byte_for_byte(self, blobs: Blobs) -> None:
        """In order, whatever the pieces; nothing at all is a content, too."""
        key, empty = new_id(), new_id()
        blobs.put(key, PIECES)
        blobs.put(empty, [])
        assert b"".join(PIECES) == read(blobs, key)
        assert b"" == read(blobs, empty)

    def test_what_is_put_is_there_for_others(self, blobs: Blobs) -> None:
        """Before `put` returns it is where another process finds it."""
        key = new_id()
        blobs.put(key, [b"here"])
        other = self.again(blobs)
        assert (b"here", [key]) == (read(other, key), list(set(other.keys())))

    def test_a_content_is_read_in_pieces_by_several_at_once(self, blobs: Blobs) -> None:
        """Each reader stands where it stands."""
        key = new_id()
        blobs.put(key, [b"abcdef"])
        with blobs.open(key) as one, blobs.open(key) as two:
            assert (b"abc", b"abcd", b"def", b"ef", b"") == (
                one.read(3), two.read(4), one.read(), two.read(), one.read()
            )  # fmt: skip

    def test_a_content_is_of_its_own_key(self, blobs: Blobs) -> None:
        """Keys that begin or end alike are different keys."""
        some = new_id()
        keys = [some, *(UUID(int=some.int ^ 1 << bit) for bit in (0, 8, 16, 64, 120, 127))]
        for number, key in enumerate(keys):
            blobs.put(key, [b"%d" % number])
        assert [b"%d" % number for number in range(len(keys))] == [read(blobs, key) for key in keys]
        assert set(keys) == set(blobs.keys())

    def test_a_key_is_taken_once(self, blobs: Blobs) -> None:
        """A second put is Conflict, and changes nothing."""
        key = new_id()
        blobs.put(key, [b"first"])
        with pytest.raises(Conflict):
            blobs.put(key, [b"second"])
        assert b"first" == read(blobs, key)

    def test_of_two_who_put_at_once_one_wins(self, blobs: Blobs) -> None:
        """The other is told, and what is there is one of both contents, not a mixture."""
        key, barrier = new_id(), Barrier(2)

        def chunks(letter: bytes) -> Iterator[bytes]:
            for _ in range(50):
                yield letter * 100

        def put(letter: bytes) -> bytes | None:
            barrier.wait(PATIENCE)
            try:
                blobs.put(key, chunks(letter))
            except Conflict:
                return None
            return letter

        with ThreadPoolExecutor(2) as pool:
            (winner,) = [one for one in pool.map(put, (b"a", b"b")) if one is not None]
        assert {winner[0]: 5000} == Counter(read(blobs, key))

    def test_chunks_that_fail_leave_nothing(self, blobs: Blobs) -> None:
        """What they raise passes through as it is, an OSError too, and the key is free again."""
        key = new_id()

        def broken() -> Iterator[bytes]:
            yield b"half"
            raise InterruptedError

        with pytest.raises(InterruptedError):
            blobs.put(key, broken())
        assert (True, []) == (absent(blobs, key), list(blobs.keys()))
        blobs.put(key, [b"whole"])
        assert b"whole" == read(blobs, key)

    def test_nobody_sees_half_a_content(self, blobs: Blobs) -> None:
        """Until the last chunk is taken there is nothing to open."""
        key, seen = new_id(), list[bool]()

        def watching() -> Iterator[bytes]:
            for piece in (b"half" * 50_000, b"whole"):
                yield piece
                seen.append(absent(self.again(blobs), key))

        blobs.put(key, watching())
        assert ([True, True], False) == (seen, absent(blobs, key))

    def test_what_is_deleted_is_gone(self, blobs: Blobs) -> None:
        """From then on, for everybody; the others stay, and its key may be taken anew."""
        gone, kept = new_id(), new_id()
        for key in (gone, kept):
            blobs.put(key, [b"here"])
        blobs.delete(gone)
        assert (True, [kept]) == (absent(self.again(blobs), gone), list(set(self.again(blobs).keys())))
        blobs.put(gone, [b"again"])
        assert b"again" == read(blobs, gone)

    def test_what_is_not_there_is_not_found_and_deleted_in_peace(self, blobs: Blobs) -> None:
        """A sweep and a removal may meet."""
        key = new_id()
        blobs.delete(key)
        with pytest.raises(NotFound):
            blobs.open(key)
        assert [] == list(blobs.keys())

    def test_many_threads_put_and_read_at_once(self, blobs: Blobs) -> None:
        """Each its own; a listing meanwhile shows nothing that never was."""
        keys = [new_id() for _ in range(60)]

        def put(key: UUID) -> tuple[bytes, bool]:
            blobs.put(key, [key.bytes, key.bytes])
            return read(blobs, key), set(blobs.keys()) <= set(keys)

        with ThreadPoolExecutor(6) as pool:
            told = list(pool.map(put, keys))
        assert [(key.bytes * 2, True) for key in keys] == told
        assert set(keys) == set(blobs.keys())

    def test_a_content_may_have_some_size(self, blobs: Blobs) -> None:
        """Who puts goes by it."""
        assert blobs.largest >= 1
