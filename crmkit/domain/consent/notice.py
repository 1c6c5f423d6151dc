"""The texts people are shown before they say yes: kept once each, under the hash of what they say."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

import attrs

from crmkit.domain.marks import Code, Masked, Personal


@attrs.frozen
class Notice(Masked):
    """
    One edition of a notice in one language: its id is the hash of all of this, so that no word can change unnoticed.

    `standalone`: it asks for this consent and for nothing else, in a document of its own (152-FZ art. 9).

    >>> notice_id("news", "2", "en", "May we write to you?", standalone=True)[:12]
    '92bed5946806'
    """

    id: Code[str]
    name: Code[str]
    edition: Code[str]
    language: Code[str]
    standalone: bool
    text: Personal[str]
    created_at: datetime

    @property
    def is_intact(self) -> bool:
        """Whether it still says what its id was made of."""
        return self.id == notice_id(self.name, self.edition, self.language, self.text, standalone=self.standalone)


def notice_id(name: str, edition: str, language: str, text: str, *, standalone: bool) -> str:
    """The id of a notice that says this."""
    said = json.dumps([name, edition, language, standalone, text], ensure_ascii=True, separators=(",", ":"))
    return sha256(said.encode("ascii")).hexdigest()
