"""tx.audit: who changed what, what got out, and whether the record of it is as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

import attrs

from crmkit.domain.audited import Audited
from crmkit.domain.exposure import Exposure
from crmkit.domain.ids import ClientId
from crmkit.domain.query import Page
from crmkit.domain.seal import Head
from crmkit.domain.verified import Verified
from crmkit.ports import Traced
from crmkit.services.auditing.exposing import exposed
from crmkit.services.auditing.listing import listed, names_of
from crmkit.services.checks import Checks
from crmkit.services.room import MOST, is_first
from crmkit.services.sealing.verifying import Progress, verify
from crmkit.services.unit import Unit


class Audit:
    """
    What was done, by whom and from where, with what was overwritten.

    Under an access policy it shows what `evidence` reaches: an event whose every client an actor reaches so; one of no
    client to who reaches everybody, and of users, teams and pipelines to who administers them.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm:
    ...     with crm.bind(actor="17").begin() as tx:
    ...         anna = tx.clients.update(tx.clients.add(name="Ana").id, name="Anna")
    ...     with crm.read() as tx:
    ...         for one in tx.audit.list(client_id=anna.id):
    ...             one.event.actor, one.event.topic, [(was.before, was.after) for was in one.personal]
    ('17', 'client.updated', [('Ana', 'Anna')])
    ('17', 'client.added', [])
    """

    __slots__ = ("_unit",)

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def list(
        self, *, client_id: ClientId | None = None, actor: str | None = None, since: datetime | None = None,
        until: datetime | None = None, limit: int = 50, after: str | None = None,
    ) -> Page[Audited]:  # fmt: skip
        """
        Events with what personal fields held, newest first: of a client, by an actor, not before *since*, before *until*.

        A client's are those of whom were merged into it, too. `Forbidden` without evidence of the client.
        """
        check = Checks()
        check.maybe(check.id, "client_id", client_id)
        asked = Traced(
            check.maybe(check.instant, "since", since), check.maybe(check.instant, "until", until),
            check.maybe(check.key, "actor", actor),
        )  # fmt: skip
        check.whole("limit", limit, 1, MOST)
        check.done()
        if client_id is not None:
            asked = attrs.evolve(asked, ids=names_of(self._unit, client_id))
        return listed(self._unit, asked, limit, None if is_first(after) else after)

    def exposure(
        self, *, since: datetime, until: datetime | None = None, actor: str | None = None, naming: UUID | None = None
    ) -> Exposure:
        """
        Whose data an *actor* read, exported or changed, which of it and when; or whose an event *naming* this id was about.

        An export, for instance, is named by what it wrote. Reads are known where the CRM was opened with
        `audit=Audit(reads=True)`. The journal is looked through from end to end: of one actor among a
        million entries it takes seconds, of everybody minutes.
        """
        check = Checks()
        asked = Traced(
            check.instant("since", since), check.maybe(check.instant, "until", until),
            check.maybe(check.key, "actor", actor), newest_first=False,
        )  # fmt: skip
        check.maybe(check.id, "naming", naming)
        check.done()
        ids = frozenset[UUID]() if naming is None else frozenset({naming})
        return exposed(self._unit, attrs.evolve(asked, ids=ids))

    def verify(self, heads: Iterable[Head] = (), *, progress: Progress | None = None) -> Verified:
        """
        Compare the whole journal with its seals, and the seals with the *heads* that were kept elsewhere.

        Every entry that was edited, deleted, inserted or swapped after it was sealed is found, with its position; so is
        an end cut off behind one of the heads, and a chain that was made anew. *progress* hears how many entries of
        about how many are done. `Forbidden` to who is no admin.
        """
        check = Checks()
        known = _heads(check, heads)
        check.done()
        self._unit.permits.administer("verify", "journal")
        with self._unit.permits.all_shown():  # else a database that hides the journal would have it look empty
            return verify(self._unit.store, known, progress)


def _heads(check: Checks, given: object) -> list[Head]:
    known: list[object] = [given]
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        known = list(cast("Iterable[object]", given))
    heads = [one for one in known if isinstance(one, Head)]
    if len(heads) < len(known):
        check.fault("heads", "not_heads", "Give Head objects, as a sink was given them.")
    return heads
