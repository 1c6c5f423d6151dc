"""The envelope every event travels in, and the one rule that names it.

The class name is the only spelling: `DealMoved` is `deal.moved` everywhere.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

import attrs

from crmkit.domain.ids import EventId, RecordId
from crmkit.domain.marks import Code
from crmkit.domain.source import Source

NOUNS = (
    "ContactPoint", "Contact", "Client", "Deal", "Purchase", "Touchpoint", "Call", "Consent", "Notice", "Message",
    "Task", "Note",
    "Ticket", "Document", "Share", "Data", "Pipeline", "User", "Team",
)  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Every event class by its topic: the catalogue.
BY_TOPIC: dict[str, type[Event]] = {}


def topic_of(class_name: str) -> str:
    """
    Derive an event's topic; the dot stands after the noun.

    >>> topic_of("ContactPointAdded"), topic_of("ClientWentDormant")
    ('contact_point.added', 'client.went_dormant')
    """
    noun = next((noun for noun in NOUNS if class_name.startswith(noun)), "")
    return f"{_snake(noun)}.{_snake(class_name[len(noun) :])}"


def _snake(words: str) -> str:
    return _HUMP.sub("_", words).lower()


@attrs.frozen
class Event:
    """
    Something that happened to one record, its subject. Ids, codes and changes; never a person's data.

    `at` is when the transaction began, `version` the subject's version after the change (1 for what has none),
    `actor` a user's key or None, `correlation_id` what the caller gave to tell its own work by.

    >>> from crmkit import CRM
    >>> from crmkit.events import Event
    >>> crm, topics = CRM.open("memory://"), []
    >>> _ = crm.on(Event)(lambda event: topics.append(event.topic))
    >>> with crm.begin() as tx:
    ...     _ = tx.clients.add(name="Anna")
    >>> topics
    ['client.added']
    """

    topic: ClassVar[str] = ""
    #: Since which version it goes, None if it stays, and which event comes instead.
    deprecated: ClassVar[tuple[str, str] | None] = None
    #: Whether what it says of several clients may be said of some of them: it tells nothing of how many there were.
    divisible: ClassVar[bool] = False
    id: EventId
    at: datetime
    actor: Code[str | None]
    source: Source
    correlation_id: Code[str | None]
    version: int

    def __init_subclass__(cls) -> None:  # attrs makes the class anew for its slots; the second one wins
        topic = vars(cls).get("topic")
        if not isinstance(topic, property):
            cls.topic = topic or topic_of(cls.__name__)
            BY_TOPIC[cls.topic] = cls

    @property
    def subject(self) -> RecordId:
        """The id of the record this happened to: the first thing an event says of its own."""
        own: RecordId = getattr(self, attrs.fields(type(self))[len(attrs.fields(Event))].name)
        return own


@attrs.frozen
class UnknownEvent(Event):
    """
    An event that this crmkit cannot read: of a plugin that is not installed here, or of a newer version.

    `about` is its subject's id as text, `data` what it says besides. It is in no catalogue, and nobody is told of it.

    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> envelope = EventId(UUID(int=1)), datetime(2026, 1, 1, tzinfo=UTC), None, Source("code"), None, 1
    >>> UnknownEvent(*envelope, "7", "loyalty.card_lost", "{}").topic
    'loyalty.card_lost'
    """

    about: Code[str]
    said_topic: Code[str]
    data: Code[str]

    @property
    def topic(self) -> str:  # type: ignore[override]  # of each its own, not of the class
        """What it calls itself."""
        return self.said_topic


@attrs.frozen
class Change:
    """
    One field's change, as text. Of a personal field only the name is said.

    What a personal one held is in the audit; `proof` holds the audit to it (see `crmkit.domain.personal_change`).

    >>> Change("owner", "17", "4").after
    '4'
    """

    field: Code[str]
    before: Code[str | None] = None
    after: Code[str | None] = None
    proof: Code[str | None] = None
