"""tx.documents: recordings, attachments, contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, TypedDict, Unpack

import attrs

from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.document import Document
from crmkit.domain.events import DocumentAdded, DocumentRemoved, DocumentUpdated
from crmkit.domain.ids import ClientId, DealId, DocumentId, TouchpointId
from crmkit.domain.query import Page, Query
from crmkit.domain.source import Source
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import Test, Where
from crmkit.errors import NotFound
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.contents import content_of, digest
from crmkit.services.room import KEEP, Omitted, Room

if TYPE_CHECKING:
    from mimetypes import MimeTypes

DocumentOrder = Literal["created_at", "-created_at"]
UNKNOWN_TYPE = "application/octet-stream"
_WORD = r"[A-Za-z0-9!#$&^_.+-]+"
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(\s*;.*)?").fullmatch


class DocumentFilters(TypedDict, total=False):
    """Typed filters of documents; `client_id=None` finds those of nobody we know."""

    client_id: ClientId | None
    deal_id: DealId | None
    touchpoint_id: TouchpointId | None
    kind: str


class Documents(Room[Document, DocumentId]):
    """
    Files: what is known of each, and its content, which a committed document always has.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna")
    ...     call = tx.documents.add(client_id=anna.id, name="call.mp3", content=b"ID3...", kind="recording")
    ...     tx.documents.content(call.id), tx.documents.count(client_id=anna.id, kind="recording")
    (b'ID3...', 1)
    """

    __slots__ = ()
    _kind = Document
    _filters = frozenset(DocumentFilters.__annotations__)
    _orders = options(DocumentOrder)

    @command
    def add(
        self, *, content: bytes | IO[bytes], name: str, media_type: str | None = None,
        client_id: ClientId | None = None, deal_id: DealId | None = None, touchpoint_id: TouchpointId | None = None,
        kind: str = "attachment", origin: str | None = None, external_id: str | None = None,
        source: Source | None = None,
    ) -> Document:  # fmt: skip
        """
        Keep a file; it is of the client of its deal or touchpoint unless told. Without a media type the name tells it.

        A file is read from where it stands to its end, in pieces; fetch what takes long before the transaction begins.
        The same *external_id* of the same *origin* (the source's channel unless given) is kept once and returned again.
        """
        unit, check = self._unit, Checks()
        blobs = unit.blobs
        taken = content_of(check, "content", content, blobs.largest)
        title = check.text("name", name)
        type_ = _type_by_name(title) if media_type is None else _media_type(check, media_type)
        check.maybe(check.id, "client_id", client_id)
        check.maybe(check.id, "deal_id", deal_id)
        check.maybe(check.id, "touchpoint_id", touchpoint_id)
        check.code("kind", kind)
        check.maybe(check.code, "origin", origin)
        check.maybe(check.key, "external_id", external_id)
        given_by = unit.source if source is None else check.source("source", source)
        check.done()
        reported_by = origin if origin is not None or external_id is None else given_by.channel
        if external_id is not None:
            same = Test("origin", "eq", reported_by) & Test("external_id", "eq", external_id)
            for known in unit.store.select(Query(Document, same, limit=1)):
                if client_id is not None and not unit.is_of(known.client_id, client_id):
                    check.fault("external_id", "taken", "Another client's document has this id of this origin.")
                    check.done()
                return known
        whose = None if client_id is None else unit.get(Client, client_id).id
        whose = self._linked(check, whose, deal_id, touchpoint_id, known=client_id is not None)
        id = DocumentId(unit.new_id())
        forget = partial(blobs.delete, id)
        unit.instead.append(forget)
        blobs.put(id, taken)
        try:
            document = unit.insert(
                Document(
                    id, whose, deal_id, touchpoint_id, kind, title, type_, taken.size, taken.sha256, reported_by,
                    external_id, given_by, unit.now, unit.now,
                )
            )  # fmt: skip
        except BaseException:
            forget()  # the transaction may go on without this document
            raise
        unit.happened(DocumentAdded(*unit.envelope(), id, whose, deal_id, touchpoint_id, kind, type_, taken.size))
        return document

    @command
    def update(
        self, id: DocumentId, *, version: int | None = None, name: str | Omitted = KEEP,
        media_type: str | Omitted = KEEP, kind: str | Omitted = KEEP, deal_id: DealId | Omitted | None = KEEP,
        touchpoint_id: TouchpointId | Omitted | None = KEEP,
    ) -> Document:  # fmt: skip
        """Correct what is known of a document. Its content stays: another content is another document."""
        unit, check = self._unit, Checks()
        before = self.get(id)
        deal = before.deal_id if deal_id is KEEP else deal_id
        touchpoint = before.touchpoint_id if touchpoint_id is KEEP else touchpoint_id
        check.maybe(check.id, "deal_id", deal)
        check.maybe(check.id, "touchpoint_id", touchpoint)
        after = attrs.evolve(
            before,
            name=before.name if name is KEEP else check.text("name", name),
            media_type=before.media_type if media_type is KEEP else _media_type(check, media_type),
            kind=before.kind if kind is KEEP else check.code("kind", kind),
            deal_id=deal,
            touchpoint_id=touchpoint,
        )
        check.version(version)
        check.done()
        new_deal = None if deal == before.deal_id else deal
        new_touchpoint = None if touchpoint == before.touchpoint_id else touchpoint
        self._linked(check, before.client_id, new_deal, new_touchpoint, known=True)
        return unit.changed(before, after, version, DocumentUpdated, before.client_id)

    @command
    def remove(self, id: DocumentId, *, version: int | None = None) -> None:
        """Forget a document; its content goes once the transaction is committed."""
        unit, check = self._unit, Checks()
        document = self.get(id)
        check.version(version)
        check.done()
        unit.unchanged(document, version)
        blobs = unit.blobs
        unit.delete(document)
        unit.afterwards.append(partial(blobs.delete, document.id))
        unit.happened(DocumentRemoved(*unit.envelope(document.version), document.id, document.client_id))

    def open(self, id: DocumentId) -> BinaryIO:
        """The content from its start, to be closed by you; it may be read after the transaction, too."""
        return self._unit.blobs.open(self.get(id).id)

    def content(self, id: DocumentId) -> bytes:
        """The whole content at once."""
        with self.open(id) as file:
            return file.read()

    def verify(self, id: DocumentId) -> bool:
        """Say whether the content is there and is what was added, byte for byte. It is read to its end."""
        document = self.get(id)
        try:
            with self._unit.blobs.open(document.id) as file:
                return digest(file) == document.sha256
        except NotFound:
            return False

    def list(
        self, *, where: Where | None = None, order_by: DocumentOrder = "created_at", limit: int = 50,
        after: str | None = None, **filters: Unpack[DocumentFilters],
    ) -> Page[Document]:  # fmt: skip
        """One page of documents."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[DocumentFilters]) -> int:
        """How many such documents there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: DocumentOrder = "created_at", **filters: Unpack[DocumentFilters]
    ) -> Iterator[Document]:
        """Every such document, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _linked(
        self, check: Checks, whose: ClientId | None, deal_id: DealId | None, touchpoint_id: TouchpointId | None, *,
        known: bool,
    ) -> ClientId | None:  # fmt: skip
        """The client of all these: a deal and a touchpoint must be of the same one, who is *known* or theirs."""
        store = self._unit.store
        deals = [] if deal_id is None else store.get_many(Deal, [deal_id])
        if deals and not known:
            whose, known = deals[0].client_id, True
        if deal_id is not None and not (deals and deals[0].client_id == whose):
            check.fault("deal_id", "not_found", "This client has no such deal.")
        touches = [] if touchpoint_id is None else store.get_many(Touchpoint, [touchpoint_id])
        if touches and not known:
            whose = touches[0].client_id
        if touchpoint_id is not None and not (touches and touches[0].client_id == whose):
            check.fault("touchpoint_id", "not_found", "This client has no such touchpoint.")
        check.done()
        return whose


def _media_type(check: Checks, value: object) -> str:
    if not (isinstance(value, str) and _MEDIA_TYPE(value)):
        return str(check.fault("media_type", "not_a_media_type", "Give a media type, such as 'audio/mpeg'."))
    return check.key("media_type", value)


def _type_by_name(name: str) -> str:
    """The media type of a name's ending; a packed one is the packing's, of which Python's table says nothing."""
    type_, packed = _known_types().guess_type(f"name.{name.rpartition('.')[2]}")
    return type_ if type_ is not None and packed is None else UNKNOWN_TYPE


@cache
def _known_types() -> MimeTypes:
    """Python's own table, without what a machine's files add to it: the same answer everywhere."""
    from mimetypes import MimeTypes

    return MimeTypes()
