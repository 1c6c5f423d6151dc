"""What guards, filters and those who choose look at, and what they answer."""

from __future__ import annotations

import attrs

from crmkit.domain.client import Client
from crmkit.domain.deal import Deal
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code
from crmkit.domain.records import Record


@attrs.frozen
class Veto:
    """
    An objection: a code for programs, a sentence for people, and the field of the caller's it is about.

    Every objection of every plugin is told, with the plugin's name; never put a person's data into the sentence.

    >>> Veto("discount", "Above 20 % a manager has to agree.", path="amount").code
    'discount'
    """

    code: str
    message: str
    path: str = ""


@attrs.frozen
class RecordChange:
    """
    One record on its way into the store: by which verb, from what, to what.

    `before` is None for a new record, `after` None for one that is removed. Both are final: filters have run.

    >>> RecordChange("notes.remove", None, None).command
    'notes.remove'
    """

    command: str
    before: Record | None = attrs.field(repr=False)
    after: Record | None = attrs.field(repr=False)


@attrs.frozen
class ContactAttempt:
    """
    Somebody is about to be called or written to, and has not said no: through which channel, and what for.

    >>> from crmkit.testing import a_client
    >>> ContactAttempt(a_client().id, "sms", "marketing").channel
    'sms'
    """

    client_id: ClientId
    channel: Code[str]
    purpose: Code[str]


@attrs.frozen
class DealMove:
    """
    A deal that is about to stand elsewhere: opened (`before` is None), moved, won, lost, cancelled or reopened.

    >>> from crmkit.testing import a_client, a_deal
    >>> DealMove("deals.open", None, a_deal(a_client())).after.status
    'open'
    """

    command: str
    before: Deal | None
    after: Deal


@attrs.frozen
class MergeQuestion:
    """
    Two clients about to become one.

    >>> from crmkit.testing import a_client
    >>> MergeQuestion(keep=a_client(), drop=a_client()).keep.version
    1
    """

    keep: Client
    drop: Client


@attrs.frozen
class MergePlan:
    """
    Which of the two is kept; everything of the other moves there.

    >>> from crmkit.testing import a_client
    >>> ada = a_client()
    >>> MergePlan(keep=ada.id).keep == ada.id
    True
    """

    keep: ClientId


@attrs.frozen
class Command:
    """
    A verb that is being done, such as `deals.win`, and who does it.

    >>> Command("deals.win", "17").name
    'deals.win'
    """

    name: str
    actor: str | None
