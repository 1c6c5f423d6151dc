"""What a personal field held before a change and after it: nowhere but here, and gone when this is erased."""

from __future__ import annotations

import json
from hashlib import sha256

import attrs

from crmkit.domain.ids import ClientId, EventId, PersonalChangeId
from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class PersonalChange(Masked):
    """
    The values of one personal field that an event names without saying them; as text, None for an empty field.

    The event's `Change` carries their `proof`, which says nothing to whoever has not the `salt`. So the journal holds
    to what was said here, and keeps nothing of it once this is erased.

    >>> from crmkit.domain.events import Change
    >>> from uuid import UUID
    >>> said = PersonalChange(UUID(int=1), None, UUID(int=2), "user", "17", "name", "Ana", "Anna", "9f3c")
    >>> said.is_proven_by(Change("name", proof=said.proof)), "Anna" in repr(said)
    (True, False)
    """

    id: PersonalChangeId
    client_id: ClientId | None
    event_id: EventId
    record: Code[str]
    record_id: Code[str]
    field: Code[str]
    before: Personal[str | None]
    after: Personal[str | None]
    salt: Code[str]

    @property
    def proof(self) -> str:
        """What the event's change has to carry for these values."""
        return proof_of(self.salt, self.field, self.before, self.after)

    def is_proven_by(self, change: object) -> bool:
        """Whether a change of an event was said of these very values."""
        return getattr(change, "field", None) == self.field and getattr(change, "proof", None) == self.proof


def proof_of(salt: str, field: str, before: str | None, after: str | None) -> str:
    """
    Bind values to a text that does not tell them.

    >>> proof_of("7", "name", "Ana", "Anna")[:16]
    '5e945236c0250bcc'
    """
    said = json.dumps([salt, field, before, after], ensure_ascii=True, separators=(",", ":"))
    return sha256(said.encode("ascii")).hexdigest()
