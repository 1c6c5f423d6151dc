"""tx.notices: the texts people are shown before they say yes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict, Unpack

from crmkit.domain.consent.notice import Notice, notice_id
from crmkit.domain.events import NoticeAdded
from crmkit.domain.query import Page
from crmkit.domain.where import Where
from crmkit.services.checks import Checks, options
from crmkit.services.command import command
from crmkit.services.room import Room

NoticeOrder = Literal["id", "-id"]


class NoticeFilters(TypedDict, total=False):
    """Typed filters of notices."""

    name: str
    edition: str
    language: str


class Notices(Room[Notice, str]):
    """
    Every text kept once, under the hash of what it says: what somebody agreed to can be shown years later.

    >>> from crmkit import CRM, Evidence
    >>> with CRM.open("memory://") as crm, crm.begin() as tx:
    ...     text = "We write about offers, at most three times a week. Stop any time: reply STOP."
    ...     shown = tx.notices.add(name="offers", edition="2026-11", language="en", text=text)
    ...     anna = tx.clients.add(name="Anna", phone="+47 22 22 22 22")
    ...     proof = Evidence(notice=shown.id, method="web_form")
    ...     yes = tx.consents.grant(anna.id, purpose="marketing", channel="sms", evidence=proof)
    ...     yes.evidence.edition, shown.is_intact
    ('2026-11', True)
    """

    __slots__ = ()
    _kind = Notice
    _filters = frozenset(NoticeFilters.__annotations__)
    _orders = options(NoticeOrder)

    @command
    def add(self, *, name: str, edition: str, language: str, text: str, standalone: bool = False) -> Notice:
        """
        Keep a text before it is shown, letter by letter; the same again is the same notice.

        *standalone* says that it asks for one consent and nothing else, in a document of its own.
        """
        unit, check = self._unit, Checks()
        check.code("name", name)
        check.code("edition", edition)
        check.language("language", language)
        kept = check.prose("text", text)
        check.flag("standalone", standalone)
        check.done()
        id = notice_id(name, edition, language, kept, standalone=standalone)
        for known in unit.store.get_many(Notice, [id]):
            return known
        notice = unit.insert(Notice(id, name, edition, language, standalone, kept, unit.now))
        unit.happened(NoticeAdded(*unit.envelope(), id, name, edition, language))
        return notice

    def list(
        self, *, where: Where | None = None, order_by: NoticeOrder = "id", limit: int = 50, after: str | None = None,
        **filters: Unpack[NoticeFilters],
    ) -> Page[Notice]:  # fmt: skip
        """One page of notices."""
        return self._page(where, filters, order_by, limit, after)

    def count(self, *, where: Where | None = None, **filters: Unpack[NoticeFilters]) -> int:
        """How many such notices there are."""
        return self._count(where, filters)

    def stream(
        self, *, where: Where | None = None, order_by: NoticeOrder = "id", **filters: Unpack[NoticeFilters]
    ) -> Iterator[Notice]:
        """Every such notice, a chunk at a time, inside the block."""
        return self._stream(where, filters, order_by)

    def _is_id(self, id: object) -> None:
        check = Checks()
        check.key("id", id)
        check.done()
