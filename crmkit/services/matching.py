"""What somebody is looked for by, read."""

from __future__ import annotations

from typing import cast

import attrs

from crmkit.domain.contact_point import PointKind
from crmkit.domain.search import Question, question
from crmkit.services.checks import LINE, Checks
from crmkit.services.points import Spelling, read_email, read_phone

#: How many words one text may ask for.
MOST_WORDS = 32


@attrs.frozen
class Match:
    """The keys to look under, the surest first, and the name another system has."""

    keys: tuple[tuple[PointKind, str], ...]
    external_id: tuple[str, str] | None

    @property
    def is_one(self) -> bool:
        """Whether one question finds all."""
        return len(self.keys) + (self.external_id is not None) == 1

    def names(self) -> list[str]:
        """What to lock so that nobody adds the same client meanwhile."""
        named = [] if self.external_id is None else ["external:" + ":".join(self.external_id)]
        return named + [f"{kind}:{key}" for kind, key in self.keys]


def read_match(check: Checks, phone: object, email: object, external_id: object, region: str | None) -> Match:
    """Read what a caller looks for; at least one must be given."""
    if phone is None and email is None and external_id is None:
        check.fault("phone", "missing", "Say phone=, email= or external_id=.")
    spellings: list[Spelling] = [] if phone is None else [read_phone(check, "phone", phone, region)]
    spellings += [] if email is None else [read_email(check, "email", email)]
    keys: tuple[tuple[PointKind, str], ...] = tuple(
        [(one.kind, one.match_key) for one in spellings if one.match_key is not None]
    )
    return Match(keys, None if external_id is None else _external(check, external_id))


def read_question(check: Checks, text: object, region: str | None) -> Question:
    """Read what a caller typed into a search box; at least one word must be in it."""
    typed = check.text("text", text)
    if not typed or len(typed) > LINE:
        return ()
    asked = question(typed, region)
    if not asked:
        check.fault("text", "wordless", "Give a word to look for: of a name or an email, or digits of a phone.")
    elif len(asked) > MOST_WORDS:
        check.fault("text", "too_many", f"Ask for at most {MOST_WORDS} words at once.")
    return asked


def _external(check: Checks, raw: object) -> tuple[str, str]:
    if not isinstance(raw, tuple) or len(cast("tuple[object, ...]", raw)) != 2:
        check.fault("external_id", "not_a_pair", "Give the system and its id, such as ('shop', '42').")
        return "", ""
    system, value = cast("tuple[object, object]", raw)
    return check.code("external_id", system), check.key("external_id", value)
