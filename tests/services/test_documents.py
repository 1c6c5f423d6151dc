"""Documents, each with its content: before, during and after a transaction."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from owners_only import OwnersOnly

from crmkit import CRM, Client, Document, FilesystemBlobs, MemoryBlobs, Source
from crmkit.crm.sweeping import sweep_blobs
from crmkit.errors import Conflict, Invalid, NotFound, OutcomeUnknown, ReadOnly, Rejected, StorageUnreachable
from crmkit.events import DocumentAdded, DocumentRemoved, DocumentUpdated, Event
from crmkit.ids import ClientId, document_id
from crmkit.plugins import Plugin, Plugins, RecordChange, Veto, hookimpl
from crmkit.ports import Blobs
from crmkit.testing import FrozenClock, new_id

D = TypeVar("D")
PAPER = b"%PDF-1.7 Sign here."


@pytest.fixture
def anna(crm: CRM) -> Client:
    with crm.begin() as tx:
        return tx.clients.add(name="Anna")


def blobs_of(crm: CRM) -> Blobs:
    blobs = crm._shared.blobs
    assert blobs is not None
    return blobs


def kept(crm: CRM) -> set[object]:
    """The keys of every content there is."""
    return set(blobs_of(crm).keys())


class Undone(Exception):
    """Rolls back."""


def test_a_document_keeps_what_is_known_of_it_and_its_content(crm: CRM, anna: Client, heard: list[Event]) -> None:
    """Read back equal; events say ids and codes, and neither a name nor a hash."""
    with crm.bind(source=Source("mail", ref="m-1")).begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        touch = tx.touchpoints.record(anna.id, channel="email", direction="inbound")
        made = tx.documents.add(
            client_id=anna.id, deal_id=deal.id, touchpoint_id=touch.id, name=" Договор.pdf ", content=PAPER,
            kind="contract",
        )  # fmt: skip
        assert PAPER == tx.documents.content(made.id)
    with crm.read() as tx:
        assert made == tx.documents.get(document_id(str(made.id)))
        assert PAPER == tx.documents.content(made.id)
        with tx.documents.open(made.id) as file:
            assert (PAPER[:4], PAPER[4:]) == (file.read(4), file.read())
        assert [made] == list(tx.documents.list(client_id=anna.id, deal_id=deal.id, touchpoint_id=touch.id))
        assert (1, 0) == (tx.documents.count(kind="contract"), tx.documents.count(kind="attachment"))
        assert [made] == list(tx.documents.stream(client_id=anna.id))
    assert ("Договор.pdf", "application/pdf", Source("mail", ref="m-1")) == (made.name, made.media_type, made.source)
    assert (len(PAPER), hashlib.sha256(PAPER).hexdigest()) == (made.size, made.sha256)
    told = heard[-1]
    assert isinstance(told, DocumentAdded)
    assert (made.id, anna.id, deal.id, "contract", len(PAPER)) == (
        told.document_id, told.client_id, told.deal_id, told.kind, told.size
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "media_type", "known"),
    [
        ("call.MP3", None, "audio/mpeg"), ("notes", None, "application/octet-stream"),
        ("archive.tar.gz", None, "application/octet-stream"), ("http://example.org", None, "application/octet-stream"),
        ("call.mp3", "audio/x-raw", "audio/x-raw"), ("a.txt", "text/plain; charset=utf-8", "text/plain; charset=utf-8"),
    ],
)  # fmt: skip
def test_a_media_type_is_as_told_or_as_the_name_ends(crm: CRM, name: str, media_type: str | None, known: str) -> None:
    """The same on every machine, whatever its own tables say."""
    with crm.begin() as tx:
        assert known == tx.documents.add(name=name, media_type=media_type, content=b"").media_type


def test_a_file_is_read_in_pieces_from_where_it_stands(crm: CRM, tmp_path: Path) -> None:
    """A recording of hours is never in memory as a whole; an open file is the caller's to close."""
    path = tmp_path / "recording.wav"
    path.write_bytes(b"skip" + bytes(300_000))
    sizes = list[int]()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            sizes.append(size or 0)
            return super().read(size)

    with crm.begin() as tx, path.open("rb") as file:
        file.seek(4)
        assert 300_000 == tx.documents.add(name="recording.wav", content=file).size
        assert not file.closed
        tx.documents.add(name="recording.wav", content=Watched(bytes(300_000)))
    assert (6, {2**16}) == (len(sizes), set(sizes))


def test_a_provider_that_delivers_twice_gets_the_first_one_back(crm: CRM, anna: Client, heard: list[Event]) -> None:
    """By origin and external id, and the second content is not even read; without an id nothing ever clashes."""
    with crm.begin() as tx:
        other = tx.clients.add(name="Bob")
        first = tx.documents.add(client_id=anna.id, name="1.mp3", content=b"1", origin="pbx", external_id="r-1")
    unread = io.BytesIO(b"2")
    with crm.begin() as tx:
        again = tx.documents.add(client_id=anna.id, name="2.mp3", content=unread, origin="pbx", external_id="r-1")
        with pytest.raises(Invalid, match="external_id"):
            tx.documents.add(client_id=other.id, name="2.mp3", content=b"2", origin="pbx", external_id="r-1")
        plain = [tx.documents.add(client_id=anna.id, name="1.mp3", content=b"1") for _ in "12"]
        by_channel = tx.documents.add(name="1.mp3", content=b"1", external_id="r-1")
    assert (first, 0) == (again, unread.tell())
    assert "code" == by_channel.origin
    assert {first.id, by_channel.id, *(one.id for one in plain)} == kept(crm)
    assert 4 == len([event for event in heard if isinstance(event, DocumentAdded)])


def test_links_lead_to_the_same_client_and_name_one(crm: CRM, anna: Client) -> None:
    """A deal's document is its client's without saying so; a deal or touchpoint of another is Invalid."""
    with crm.begin() as tx:
        bob = tx.clients.add(name="Bob")
        deal, unknown = (
            tx.deals.open(bob.id, title="Order"),
            tx.touchpoints.record(None, channel="call", direction="inbound"),
        )
        touch = tx.touchpoints.record(bob.id, channel="call", direction="inbound")
        assert bob.id == tx.documents.add(name="a", content=b"", deal_id=deal.id).client_id
        assert bob.id == tx.documents.add(name="a", content=b"", touchpoint_id=touch.id).client_id
        assert None is tx.documents.add(name="a", content=b"", touchpoint_id=unknown.id).client_id
        before = kept(crm)
        wrong: list[dict[str, Any]] = [
            {"client_id": anna.id, "deal_id": deal.id}, {"client_id": anna.id, "touchpoint_id": touch.id},
            {"deal_id": deal.id, "touchpoint_id": unknown.id}, {"deal_id": new_id()}, {"touchpoint_id": new_id()},
        ]  # fmt: skip
        for links in wrong:
            with pytest.raises(Invalid, match=list(links)[-1]):
                tx.documents.add(name="a", content=b"", **links)
        with pytest.raises(NotFound):
            tx.documents.add(name="a", content=b"", client_id=new_id())
        assert before == kept(crm)


def test_what_is_known_can_be_corrected_and_the_content_cannot(crm: CRM, anna: Client, heard: list[Event]) -> None:
    """The name by its field only; nothing changed, nothing written; a stale version is Conflict."""
    with crm.begin() as tx:
        deal = tx.deals.open(anna.id, title="Order")
        foreign = tx.deals.open(tx.clients.add(name="Bob").id, title="His")
        made = tx.documents.add(client_id=anna.id, name="1.pdf", content=PAPER)
    heard.clear()
    with crm.begin() as tx:
        assert made == tx.documents.update(made.id, name="1.pdf")
        after = tx.documents.update(made.id, name="Contract.pdf", kind="contract", deal_id=deal.id, version=1)
        with pytest.raises(Invalid, match="deal_id"):
            tx.documents.update(made.id, deal_id=foreign.id)
        assert None is tx.documents.update(made.id, deal_id=None).deal_id
    assert (2, made.sha256) == (after.version, after.sha256)
    told = heard[0]
    assert isinstance(told, DocumentUpdated)
    assert [("deal_id", None), ("kind", "attachment"), ("name", None)] == [
        (change.field, change.before) for change in told.changes
    ]
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.documents.update(made.id, name="x", version=1)


def test_a_removed_document_takes_its_content_along_after_the_commit(
    crm: CRM, anna: Client, heard: list[Event]
) -> None:
    """Not before: a rollback would have nothing to bring back."""
    with crm.begin() as tx:
        made, stays = (tx.documents.add(client_id=anna.id, name="1.pdf", content=PAPER) for _ in "12")
    with pytest.raises(Undone), crm.begin() as tx:
        tx.documents.remove(made.id)
        raise Undone
    with crm.read() as tx:
        assert PAPER == tx.documents.content(made.id)
    gone = list[bool]()
    crm.on(DocumentRemoved)(lambda event: gone.append(event.document_id not in kept(crm)))
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.documents.remove(made.id, version=7)
    with crm.begin() as tx:
        tx.documents.remove(made.id, version=1)
        with pytest.raises(NotFound):
            tx.documents.content(made.id)
    assert ([True], {stays.id}) == (gone, kept(crm))
    assert isinstance(heard[-1], DocumentRemoved)


def test_added_and_removed_at_once_leaves_nothing(crm: CRM) -> None:
    """In one transaction."""
    with crm.begin() as tx:
        tx.documents.remove(tx.documents.add(name="1.pdf", content=PAPER).id)
    assert set() == kept(crm)


def test_a_rollback_removes_the_contents_it_wrote(crm: CRM, anna: Client) -> None:
    """Whatever ended the transaction: the caller's error, a conflict at the commit, half a verb."""
    with pytest.raises(Undone), crm.begin() as tx:
        tx.documents.add(client_id=anna.id, name="1.pdf", content=PAPER)
        assert 1 == len(kept(crm))
        raise Undone
    assert set() == kept(crm)
    with crm.begin() as tx:
        tx.documents.add(name="1.pdf", content=PAPER, origin="o", external_id="1")
    before = kept(crm)
    with pytest.raises(Conflict), crm.begin() as tx:
        made = tx.documents.add(name="1.pdf", content=PAPER)
        tx._unit.store.insert(attrs.evolve(made, id=new_id(), origin="o", external_id="1"))
    assert before == kept(crm)


def test_a_document_a_plugin_refuses_leaves_no_content_though_the_transaction_goes_on(crm: CRM) -> None:
    """Its record was never written, so no rollback would come for its content."""

    class Refusing(Plugin[None]):
        @hookimpl
        def crm_check_change(self, changes: Sequence[RecordChange]) -> list[Veto]:
            return [Veto("no", "No contracts today.", "name") for one in changes if isinstance(one.after, Document)]

    crm._shared.slots = Plugins([Refusing()]).slots
    with crm.begin() as tx:
        with pytest.raises(Rejected):
            tx.documents.add(name="1.pdf", content=PAPER)
        tx.clients.add(name="Anna")
    assert set() == kept(crm)


def test_a_content_stays_while_nobody_knows_whether_it_was_committed(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection was lost in the commit: a document without content would be worse than a content without one."""
    with crm.begin() as tx:
        kind = type(tx._unit.store)

    def lost(store: Any) -> None:
        commit(store)
        raise OutcomeUnknown("08007")

    commit, made = kind.commit, None
    with monkeypatch.context() as patch, pytest.raises(OutcomeUnknown), crm.begin() as tx:
        patch.setattr(kind, "commit", lost)
        made = tx.documents.add(name="1.pdf", content=PAPER)
    assert made is not None
    with crm.read() as tx:
        assert PAPER == tx.documents.content(made.id)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_that_leaves_the_block_takes_no_content_along(tmp_path: Path) -> None:
    """Its copy of the block fails; the parent's transaction goes on and commits."""
    with CRM.open("memory://", blobs=tmp_path) as crm:
        made, pid = None, 0
        with suppress(Undone), crm.begin() as tx:
            made = tx.documents.add(name="1.pdf", content=PAPER)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test run, none of ours
                pid = os.fork()
            if pid == 0:
                raise Undone
        if pid == 0:
            os._exit(0)
        assert (pid, 0) == os.waitpid(pid, 0)
        assert made is not None
        with crm.read() as tx:
            assert PAPER == tx.documents.content(made.id)


def test_what_cannot_be_deleted_is_left_for_a_sweep(
    crm: CRM, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The commit stands, the receivers hear of it, and the log names nobody."""
    clock.at = datetime.now(UTC)
    with crm.begin() as tx:
        made, stays = (tx.documents.add(name="secret-name.pdf", content=PAPER) for _ in "12")

    def refusing(self: object, key: object) -> None:
        raise StorageUnreachable("EIO")

    told = list[Event]()
    crm.on(DocumentRemoved)(told.append)
    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG, "crmkit"):
        patch.setattr(type(blobs_of(crm)), "delete", refusing)
        with crm.begin() as tx:
            tx.documents.remove(made.id)
    assert (1, {made.id, stays.id}) == (len(told), kept(crm))
    assert ("StorageUnreachable" in caplog.text, "secret" in caplog.text) == (True, False)
    clock.go_on(days=2)
    assert (1, {stays.id}) == (sweep_blobs(crm.read), kept(crm))


def test_a_sweep_takes_what_no_document_names_and_is_old(crm: CRM, clock: FrozenClock) -> None:
    """Younger ones may be of a transaction that is still open."""
    clock.at = datetime.now(UTC)
    with crm.begin() as tx:
        made = [tx.documents.add(name="1.pdf", content=PAPER) for _ in range(3)]
    left = [new_id() for _ in range(5)]
    for key in left:
        blobs_of(crm).put(key, [b"left by a crash"])
    assert (0, 8) == (sweep_blobs(crm.read), len(kept(crm)))
    clock.go_on(days=2)
    assert (5, {one.id for one in made}) == (sweep_blobs(crm.read), kept(crm))
    assert 0 == sweep_blobs(crm.read, older_than=timedelta())


@pytest.mark.parametrize(("documents", "foreign"), [(0, 1), (1, 102), (10, 111)])
def test_a_sweep_spares_the_contents_of_another_store(
    crm: CRM, clock: FrozenClock, documents: int, foreign: int
) -> None:
    """A misspelt database, or two that share a folder, must not cost every contract there is."""
    clock.at = datetime.now(UTC) + timedelta(days=2)
    with crm.begin() as tx:
        for _ in range(documents):
            tx.documents.add(name="1.pdf", content=PAPER)
    for _ in range(foreign):
        blobs_of(crm).put(new_id(), [b"another's"])
    with pytest.raises(Invalid, match="belong together"):
        sweep_blobs(crm.read)
    assert documents + foreign == len(kept(crm))


def test_a_content_that_changed_or_is_gone_is_found_out(tmp_path: Path, url: str) -> None:
    """On request: reading a content does not check it."""
    with CRM.open(url, blobs=tmp_path / "blobs") as crm, crm.begin() as tx:
        made = tx.documents.add(name="1.pdf", content=PAPER)
        blobs = blobs_of(crm)
        assert isinstance(blobs, FilesystemBlobs)
        path = blobs._path(made.id)
        assert tx.documents.verify(made.id)
        path.write_bytes(PAPER.swapcase())
        assert not tx.documents.verify(made.id)
        assert PAPER.swapcase() == tx.documents.content(made.id)
        path.unlink()
        assert not tx.documents.verify(made.id)
        with pytest.raises(NotFound):
            tx.documents.content(made.id)
        with pytest.raises(NotFound):
            tx.documents.verify(new_id())


def test_too_large_a_content_is_refused_and_leaves_nothing(crm: CRM, tmp_path: Path) -> None:
    """Not even its beginning, and the transaction goes on; the last byte that fits is kept."""
    for blobs in (FilesystemBlobs(tmp_path / "small", largest=100_000), MemoryBlobs(largest=100_000)):
        crm._shared.blobs = blobs
        with crm.begin() as tx:
            for content in (bytes(100_001), io.BytesIO(bytes(100_001))):
                with pytest.raises(Invalid, match="at most 100000 bytes") as caught:
                    tx.documents.add(name="1.pdf", content=content)
                assert [("content", "too_large")] == [(one.path, one.code) for one in caught.value.faults]
            made = tx.documents.add(name="1.pdf", content=io.BytesIO(bytes(100_000)))
        assert {made.id} == kept(crm)
        assert [] == list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("content", [io.StringIO(), "text", None, 7, [b"a"], io.BytesIO, Path("x")])
def test_a_content_that_is_no_bytes_is_refused(crm: CRM, content: Any) -> None:
    """And says how to open a file."""
    with crm.begin() as tx:
        with pytest.raises(Invalid, match=r"binary mode") as caught:
            tx.documents.add(name="1.pdf", content=content)
        assert ["content"] == [one.path for one in caught.value.faults]
        assert 0 == tx.documents.count()
    assert set() == kept(crm)


def test_a_file_that_breaks_off_keeps_nothing(crm: CRM) -> None:
    """What it raises is the caller's own."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "pulled out")

    with crm.begin() as tx, pytest.raises(OSError, match="pulled out"):
        tx.documents.add(name="1.pdf", content=Broken())
    assert set() == kept(crm)


def test_a_crm_without_a_place_for_contents_says_how_to_give_one(tmp_path: Path) -> None:
    """With the first document; what needs no content works all the same."""
    with CRM.open(f"sqlite:///{tmp_path}/crm.db") as crm, crm.begin() as tx:
        assert 0 == tx.documents.count()
        with pytest.raises(Invalid, match=r"blobs='documents'"):
            tx.documents.add(name="1.pdf", content=PAPER)


@pytest.mark.parametrize("place", ["", "a\x00b", 7, b"documents", object()])
def test_a_place_that_is_none_is_invalid(place: Any) -> None:
    """Said when the CRM is opened."""
    with pytest.raises(Invalid, match="blobs"):
        CRM.open("memory://", blobs=place)


def test_who_does_not_see_a_client_sees_none_of_their_documents(tmp_path: Path, url: str) -> None:
    """Neither what is known of them nor a byte of them; what is of nobody is for those who see everything."""
    with CRM.open(url, access=OwnersOnly(), blobs=tmp_path / "blobs") as crm:
        with crm.bind(actor="boss").begin() as tx:
            mine, theirs = (tx.clients.add(name="N", owner=owner) for owner in ("17", "4"))
            seen, *hidden = (
                tx.documents.add(client_id=whose, name="1.pdf", content=PAPER) for whose in (mine.id, theirs.id, None)
            )
        with crm.bind(actor="17").begin() as tx:
            assert [seen] == list(tx.documents.list())
            reads: list[Callable[[Any], object]] = [
                tx.documents.get, tx.documents.open, tx.documents.content, tx.documents.verify, tx.documents.remove,
            ]  # fmt: skip
            for read in reads:
                for one in hidden:
                    with pytest.raises(NotFound):
                        read(one.id)


def test_who_only_reads_adds_nothing(crm: CRM) -> None:
    """And not a byte is written."""
    with crm.read() as tx, pytest.raises(ReadOnly):
        tx.documents.add(name="1.pdf", content=PAPER)
    assert set() == kept(crm)


def test_documents_follow_a_merge_and_come_back(crm: CRM, anna: Client) -> None:
    """With what was added since to a touchpoint that goes back; contents stay where they are, under the document's id."""
    with crm.begin() as tx:
        ana = tx.clients.add(name="Ana")
        touch = tx.touchpoints.record(ana.id, channel="call", direction="inbound")
        old = tx.documents.add(client_id=ana.id, name="1.pdf", content=PAPER)
        tx.clients.merge(ana.id, into=anna.id)
        since = tx.documents.add(name="call.mp3", content=b"ID3", touchpoint_id=touch.id)
        stays = tx.documents.add(client_id=ana.id, name="2.pdf", content=PAPER)
        assert 3 == tx.documents.count(client_id=anna.id)
    with crm.begin() as tx:
        tx.clients.unmerge(ana.id)
        assert {old.id, since.id} == {one.id for one in tx.documents.list(client_id=ana.id)}
        assert [stays.id] == [one.id for one in tx.documents.list(client_id=anna.id)]
        assert (PAPER, b"ID3") == (tx.documents.content(old.id), tx.documents.content(since.id))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(max_size=300), max_size=6), whole=st.booleans())
def test_any_content_comes_back_byte_for_byte(crm: CRM, pieces: list[bytes], whole: bool) -> None:
    """Given whole or as a file that hands out what it likes, less than it was asked for too."""
    content = b"".join(pieces)

    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.left = [piece for piece in pieces if piece]

        def read(self, size: int = -1) -> bytes:
            return self.left.pop(0) if self.left else b""

    with crm.begin() as tx:
        made = tx.documents.add(name="a", content=content if whole else cast("Any", Slow()))
        assert (content, len(content)) == (tx.documents.content(made.id), made.size)
        assert (hashlib.sha256(content).hexdigest(), True) == (made.sha256, tx.documents.verify(made.id))


def test_a_client_id_of_a_merged_client_adds_to_whom_they_became(crm: CRM, anna: Client) -> None:
    """As everywhere."""
    with crm.begin() as tx:
        ana = tx.clients.add(name="Ana")
        tx.clients.merge(ana.id, into=anna.id)
        made = tx.documents.add(client_id=ClientId(ana.id), name="1.pdf", content=PAPER)
        assert (anna.id, 1) == (made.client_id, tx.documents.count(client_id=ana.id))
