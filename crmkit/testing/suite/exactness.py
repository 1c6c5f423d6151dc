"""Values come back as they were: the first and the last instant, long texts, every letter, every number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import attrs
import pytest

from crmkit.domain.call import Call
from crmkit.domain.client import KEPT, Client
from crmkit.domain.custom import Custom
from crmkit.domain.note import Note
from crmkit.domain.query import Query
from crmkit.domain.records import RECORDS
from crmkit.domain.touchpoint import Touchpoint
from crmkit.domain.where import Op, Test
from crmkit.ports import Storage
from crmkit.storage.held import held_in
from crmkit.testing.builders import (
    HARD,
    a_call,
    a_client,
    a_deal,
    a_message,
    a_note,
    a_purchase,
    a_record,
    a_touchpoint,
    new_id,
)
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

CHANGING = tuple(kind for kind in RECORDS if "version" in held_in(kind))
#: In their order. The second and the third are one microsecond apart, and so are the two before the year 2000.
INSTANTS = (
    datetime(1000, 1, 1, tzinfo=UTC),
    datetime(1582, 10, 15, 0, 0, 0, 1, tzinfo=UTC),
    datetime(1582, 10, 15, 0, 0, 0, 2, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2000, 1, 1, 2, 59, 59, 999998, tzinfo=timezone(timedelta(hours=3))),
    datetime(1999, 12, 31, 13, 59, 59, 999999, tzinfo=timezone(-timedelta(hours=10))),
    datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
COMPARED: tuple[Op, ...] = ("lt", "eq", "gt")
TEXTS = {
    "many bytes a letter": "🙂" * 20_000,
    "Cyrillic": "Съешь ещё этих мягких французских булок, да выпей чаю. Ё ё Е е " * 300,
    "spaces": "  \t before and after \r\n\n ",
    "escapes": "\\ \\n \\0 %s %% _ ' '' \" ; -- /* {0} {{}} ${x} \x01\x1b\x1f\x7f\x85\u2028\ufeff",
    "letters in two parts": "e\u0301 \u00e9 Й И\u0306",
    "nothing": "",
}


class Exactness(OnAStorage):
    """To the last letter and the last microsecond."""

    def test_every_instant_is_kept_to_the_microsecond(self, storage: Storage) -> None:
        """From the year 1000 to the end of 9999, before 1970 and after 2038, whatever offset it was given in."""
        ada = a_client()
        touches = [attrs.evolve(a_touchpoint(ada), occurred_at=at) for at in INSTANTS]
        commit(storage, ada, *reversed(touches))
        with reading(storage) as tx:
            found = {touch.id: touch for touch in tx.get_many(Touchpoint, [touch.id for touch in touches])}
            assert list(INSTANTS) == [found[touch.id].occurred_at for touch in touches], (
                "An instant came back as another. Keep microseconds and the offset: a naive column, a type without "
                "fractions of a second and the session's time zone all lose some of it."
            )
            assert touches == tx.select(Query(Touchpoint, order_by="occurred_at"))

    def test_instants_are_compared_to_the_microsecond(self, storage: Storage) -> None:
        """Earlier, later and the same mean what they mean in Python, for every instant."""
        ada = a_client()
        touches = [attrs.evolve(a_touchpoint(ada), occurred_at=at) for at in INSTANTS]
        commit(storage, ada, *touches)
        with reading(storage) as tx:
            for place, at in enumerate(INSTANTS):
                asked = {op: Test("occurred_at", op, at) for op in COMPARED}
                found = {op: tx.select(Query(Touchpoint, where, "occurred_at")) for op, where in asked.items()}
                assert {"lt": touches[:place], "eq": [touches[place]], "gt": touches[place + 1 :]} == found

    @pytest.mark.parametrize("what", TEXTS)
    def test_every_text_is_kept_to_the_last_letter(self, storage: Storage, what: str) -> None:
        """Twenty thousand letters of four bytes each, spaces at the ends, signs that mean something elsewhere."""
        ada = a_client()
        note = a_note(ada, text=TEXTS[what])
        commit(storage, ada, note)
        with reading(storage) as tx:
            (found,) = tx.get_many(Note, [note.id])
            assert len(note.text) == len(found.text), "A text was cut: is the column too short, or counted in bytes?"
            assert note == found

    def test_long_keys_are_told_apart_by_their_last_letter(self, storage: Storage) -> None:
        """An index that holds only a beginning must not decide what is the same."""
        ada = a_client()
        calls = [a_call(ada, external_id="я🙂" * 49 + end) for end in ("ё", "е", "Е", "ё ")]
        commit(storage, ada, *calls)
        with reading(storage) as tx:
            for call in calls:
                assert [call] == tx.select(Query(Call, Test("external_id", "eq", call.external_id)))

    def test_custom_values_keep_their_type(self, storage: Storage) -> None:
        """A number stays a number and a text of digits a text, the empty text is one, and keys keep their case."""
        given: dict[str, int | str] = {
            "zero": 0,
            "least": -(2**63) + 1,
            "most": 2**63 - 1,
            "odd": 2**53 + 1,
            "n": 5,
            "N": 6,
            "text": "5",
            "long": "0" * 30,
            "empty": "",
            "hard": HARD,
            "null": "null",
            "true": "true",
        }
        ada = a_client(custom=Custom(given))
        commit(storage, ada)
        for client in (ada, attrs.evolve(ada, custom=Custom({"n": "6"}), version=2)):
            if client is not ada:
                with writing(storage) as tx:
                    tx.replace(client, 1)
            with reading(storage) as tx:
                (found,) = tx.get_many(Client, [ada.id])
                assert dict(client.custom.raw) == dict(found.custom.raw)
                assert {type(one) for one in client.custom.raw.values()} == {
                    type(one) for one in found.custom.raw.values()
                }

    @pytest.mark.parametrize("kind", CHANGING, ids=lambda kind: kind.__name__)
    def test_a_change_replaces_every_field(self, storage: Storage, kind: type[Any]) -> None:
        """Empty ones filled, filled ones emptied; only a client's kept instants stay as they are."""
        client = a_client()
        deal, purchase, message = a_deal(client), a_purchase(client), a_message(client)
        given: dict[str, Any] = {
            "client_id": client.id, "deal_id": deal.id, "purchase_id": purchase.id, "message_id": message.id,
        }  # fmt: skip
        given = {name: value for name, value in given.items() if name in held_in(kind)}
        given["id"] = new_id() if held_in(kind)["id"].type is not str else "Ё-1"
        if kind is Client:
            given |= dict.fromkeys(KEPT)
        empty = a_record(kind, **given)
        filled = a_record(kind, filled=True, **given)
        states = [attrs.evolve(one, version=place + 1) for place, one in enumerate((empty, filled, empty))]
        commit(storage, client, deal, purchase, message, states[0])
        for before, after in pairwise(states):
            with writing(storage) as tx:
                tx.replace(after, before.version)
            with reading(storage) as tx:
                assert [after] == tx.get_many(kind, [after.id])
