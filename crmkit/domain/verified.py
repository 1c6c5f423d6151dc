"""What a look through the journal and its seals found."""

from __future__ import annotations

from typing import Literal

import attrs

#: What may have been done to an entry, or to a seal; `cut` is the end of the chain gone.
Tampering = Literal["edited", "deleted", "inserted", "swapped", "seal_edited", "seal_deleted", "seal_replaced", "cut"]


@attrs.frozen
class Breach:
    """
    One thing that is not as it was sealed.

    `position` is where in the journal, `seal` the number of the seal that says so. Of a `swapped` entry `other` is the
    position it was sealed at; of a `cut` the positions from `position` to `other` are what the chain ended with.

    >>> print(Breach("edited", position=7, seal=1))
    Entry 7 was edited: it is not what seal 1 says.
    """

    kind: Tampering
    position: int | None = attrs.field(default=None, kw_only=True)
    seal: int | None = attrs.field(default=None, kw_only=True)
    other: int | None = attrs.field(default=None, kw_only=True)

    def __str__(self) -> str:
        return _SAID[self.kind].format(position=self.position, seal=self.seal, other=self.other)


_SAID: dict[Tampering, str] = {
    "edited": "Entry {position} was edited: it is not what seal {seal} says.",
    "deleted": "Entry {position} was deleted: seal {seal} says that there was one.",
    "inserted": "Entry {position} was inserted: no seal knows of it, and it is too late to be new.",
    "swapped": "Entry {position} is the one that was sealed at {other}, by seal {seal}.",
    "seal_edited": "Seal {seal}, or the one before it, was edited: its link does not follow.",
    "seal_deleted": "Seal {seal} was deleted: what it covered is proven no more.",
    "seal_replaced": "Seal {seal} is not the one whose head was kept: the chain was made anew, from here or from before.",
    "cut": "The end was cut off: a head was kept of seal {seal}, and nothing of it from entry {position} to {other} is sealed.",
}  # fmt: skip


@attrs.frozen
class Verified:
    """
    What `tx.audit.verify` saw and found: how many entries and seals, and `breaches`, the first thousand of them.

    Entries behind the position `sealed_upto` are not sealed yet, and neither are those at the positions `late`, which
    were committed after a later one was sealed: the next seal covers both, `unsealed` of them. `more` breaches were
    found than are told.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://") as crm, crm.read() as tx:
    ...     tx.audit.verify().is_sound
    True
    """

    entries: int
    seals: int
    unsealed: int
    sealed_upto: int | None
    late: tuple[int, ...]
    breaches: tuple[Breach, ...]
    more: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.breaches
