"""Whatever is changed in what was said, or in what was shown, is found; nothing is found where nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import attrs
from receipts import chain_of_fifty

from crmkit.domain.consent import Consent, Evidence
from crmkit.domain.consent.chain import broken
from crmkit.domain.consent.notice import Notice, notice_id
from crmkit.domain.frozen_map import FrozenMap

MUTATIONS = 1000
#: What a merge changes, so that the chain leaves it out.
MOVED = {"client_id"}


def other(value: Any, chance: Random) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice((-1, 1, 1000))
        case str():
            at = chance.randrange(len(value) + 1)
            return value[:at] + chance.choice("xyz") + value[at:]
        case datetime():
            return value + timedelta(microseconds=chance.choice((-1, 1, 10**9)))
        case UUID():
            return UUID(int=value.int ^ (1 << chance.randrange(100)))
        case FrozenMap():
            return FrozenMap({"somebody": 1})
        case None:
            return "x"
        case _:
            return _with_another(value, chance)


def _with_another(value: Any, chance: Random) -> Any:
    """A record with one of its fields changed, or of those of its records."""
    fields: Any = attrs.fields(value.__class__)
    name = chance.choice([field.name for field in fields if field.name not in MOVED])
    return attrs.evolve(value, **{name: other(getattr(value, name), chance)})


def mutants(said: list[Consent]) -> Iterator[tuple[int, list[Consent]]]:
    chance = Random(27560)  # a draw that comes again
    for _ in range(MUTATIONS):
        at = chance.randrange(len(said))
        yield at, [*said[:at], _with_another(said[at], chance), *said[at + 1 :]]


def test_every_change_of_one_field_of_one_consent_is_found() -> None:
    """A thousand changes, none missed; and whatever is named is the one that was changed, or stands behind it."""
    said, hit = chain_of_fifty(), set[str]()
    assert [] == broken(said)
    for at, changed in mutants(said):
        hit |= {field.name for field in attrs.fields(Consent) if _differs(said[at], changed[at], field.name)}
        found = broken(changed)
        assert found, (at, changed[at])
        assert {one.orig_subject for one in found} <= {said[at].orig_subject, changed[at].orig_subject}
    assert hit == {field.name for field in attrs.fields(Consent)} - MOVED


def test_what_is_left_out_or_put_in_between_is_found() -> None:
    """Each of the fifty but a subject's last, which nothing stands behind."""
    said = chain_of_fifty()
    for at in range(len(said) - 2):
        assert broken([*said[:at], *said[at + 1 :]])
        twin = attrs.evolve(said[at], id=said[at + 1].id)
        assert broken([*said[: at + 1], twin, *said[at + 1 :]])


def test_what_was_erased_breaks_nothing_and_hides_nothing() -> None:
    """With its salt went all that the proof was of; what stands there all the same was put there, or never chained."""
    said = chain_of_fifty()
    for at, one in enumerate(said):
        gone = attrs.evolve(one, salt="", endpoint="", evidence=Evidence())
        for changed, names in (
            (gone, []),
            (attrs.evolve(gone, evidence=Evidence(document="forged")), [one.id]),
            (attrs.evolve(gone, endpoint="other@example.org"), [one.id]),
        ):
            assert names == [each.id for each in broken([*said[:at], changed, *said[at + 1 :]])]
    last = attrs.evolve(said[-1], digest="")
    assert [last] == broken([*said[:-1], last])


def test_every_change_of_a_notice_is_found() -> None:
    """A thousand changes of its words, its edition, its language or its name."""
    text = "We write about offers, at most three times a week. Stop any time: reply STOP."
    made = notice_id("offers", "2026-11", "en", text, standalone=True)
    notice = Notice(made, "offers", "2026-11", "en", True, text, datetime(2026, 1, 1))  # not hashed
    assert notice.is_intact
    chance = Random(27560)  # a draw that comes again
    for _ in range(MUTATIONS):
        name = chance.choice(("id", "name", "edition", "language", "standalone", "text", "text", "text"))
        changed = attrs.evolve(notice, **{name: other(getattr(notice, name), chance)})
        assert not changed.is_intact, name


def test_notices_whose_fields_run_into_each_other_differ() -> None:
    """A word that moves from one field into the next makes another notice."""
    assert notice_id("ab", "c", "en", "x", standalone=True) != notice_id("a", "bc", "en", "x", standalone=True)


def _differs(one: Consent, two: Consent, name: str) -> bool:
    return bool(getattr(one, name) != getattr(two, name))
