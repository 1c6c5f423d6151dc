"""Broken promises about values: what databases drop, cut, fold and round."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import attrs
from mutants import MUTANTS, Mutant, OneKind, breaks, keyed, opens

from crmkit.domain.custom import Custom
from crmkit.domain.ids import RecordId
from crmkit.domain.marks import Mark
from crmkit.domain.money import Money
from crmkit.domain.records import Record, Versioned
from crmkit.ports import Storage
from crmkit.storage.held import held_in
from crmkit.storage.memory.transaction import MemoryTransaction
from crmkit.storage.sql import SQLStorage

R = TypeVar("R", bound=Record)
Change = Callable[[Any], Any]


def lossy(name: str, promise: str, *noticed_by: str, type: type[Any], change: Change, personal: bool = False) -> None:
    """Enter a storage that changes every value of one type on its way in; *personal*: only free texts."""

    def changed(value: Any) -> Any:
        fields = {
            name: held
            for name, held in held_in(value.__class__).items()
            if held.type is type and name != "id" and (not personal or held.mark is Mark.PERSONAL)
        }
        given = {name: getattr(value, name) for name in fields}
        return attrs.evolve(value, **{name: change(one) for name, one in given.items() if one is not None})

    class Lossy(MemoryTransaction):
        __slots__ = ()

        def insert(self, value: Record) -> None:
            super().insert(changed(value))

        def replace(self, value: Versioned, expected_version: int) -> None:
            super().replace(changed(value), expected_version)

    assert name not in MUTANTS
    MUTANTS[name] = Mutant(promise, noticed_by, lambda _: OneKind(Lossy))


EQUAL, INSTANT, TEXT = (
    "test_every_record_comes_back_equal",
    "test_every_instant_is_kept_to_the_microsecond",
    "test_every_text_is_kept_to_the_last_letter",
)
lossy("MicrosecondsDropped", "Instants keep their microseconds.", EQUAL, INSTANT,
      type=datetime, change=lambda at: at.replace(microsecond=0))  # fmt: skip
lossy("MillisecondsOnly", "Instants keep their microseconds.", EQUAL, INSTANT,
      type=datetime, change=lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))  # fmt: skip
lossy("OffsetDropped", "Instants are aware.", EQUAL, INSTANT,
      type=datetime, change=lambda at: at.replace(tzinfo=None))  # fmt: skip
lossy("OffsetTakenForUTC", "Instants keep their offset.", EQUAL, INSTANT,
      type=datetime, change=lambda at: at.replace(tzinfo=UTC))  # fmt: skip
lossy("SecondsAsFractions", "Instants are whole microseconds, not fractions.", INSTANT,
      type=datetime, change=lambda at: datetime.fromtimestamp(round(at.timestamp(), 4), UTC))  # fmt: skip
lossy("NothingBefore1970", "Instants before 1970 are kept.", INSTANT,
      type=datetime, change=lambda at: max(at, datetime(1970, 1, 1, tzinfo=UTC)))  # fmt: skip
lossy("NothingAfter2038", "Instants after 2038 are kept.", INSTANT,
      type=datetime, change=lambda at: min(at, datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)))  # fmt: skip
lossy("TextCutAt255", "Texts are kept whole.", EQUAL, TEXT, type=str, personal=True, change=lambda text: text[:255])
lossy("TextCutAt65535Bytes", "Texts are kept whole.", TEXT, type=str, personal=True,
      change=lambda text: text.encode()[:65535].decode(errors="ignore"))  # fmt: skip
lossy("TextStripped", "Spaces are part of a text.", EQUAL, TEXT, type=str, change=str.strip)
lossy("TextComposed", "Letters in two parts stay in two parts.", TEXT,
      type=str, change=lambda text: unicodedata.normalize("NFC", text))  # fmt: skip
lossy("LinesEndedAnew", "Line ends are part of a text.", TEXT,
      type=str, change=lambda text: text.replace("\r\n", "\n"))  # fmt: skip
lossy("ThreeBytesALetter", "Letters of four bytes are letters.", EQUAL, TEXT, "test_long_keys_are_told_apart_by_their_last_letter",
      type=str, change=lambda text: "".join(one if one < "\U00010000" else "?" for one in text))  # fmt: skip
lossy("CustomNumbersAsTexts", "Custom numbers stay numbers.", EQUAL, "test_custom_values_keep_their_type",
      type=Custom, change=lambda custom: Custom({key: str(one) for key, one in custom.raw.items()}))  # fmt: skip
lossy("CustomDigitsAsNumbers", "Custom texts of digits stay texts.", "test_custom_values_keep_their_type",
      type=Custom, change=lambda custom: Custom(
          {key: int(one) if isinstance(one, str) and one.isdecimal() else one for key, one in custom.raw.items()}
      ))  # fmt: skip
lossy("CustomNumbersAsFractions", "Custom numbers are exact.", "test_custom_values_keep_their_type",
      type=Custom, change=lambda custom: Custom(
          {key: int(float(one)) if isinstance(one, int) else one for key, one in custom.raw.items()}
      ))  # fmt: skip
lossy("CustomEmptyTextsLost", "An empty custom text is one.", "test_custom_values_keep_their_type",
      type=Custom, change=lambda custom: Custom({key: one for key, one in custom.raw.items() if one != ""}))  # fmt: skip
lossy("CustomLost", "Custom values are kept.", EQUAL, "test_custom_values_keep_their_type",
      type=Custom, change=lambda _: Custom())  # fmt: skip
lossy("MoneyInCents", "Money has four decimals.", EQUAL,
      type=Money, change=lambda money: Money(round(money.amount, 2), money.currency))  # fmt: skip
lossy("TagsFolded", "Tags are told apart letter by letter.", EQUAL, "test_a_condition_means_what_it_means_in_memory",
      type=frozenset, change=lambda tags: frozenset(tag.lower() for tag in tags))  # fmt: skip

LETTERS = "test_external_ids_are_told_apart_letter_by_letter"


def _texts(change: Callable[[str], str]) -> Callable[[object, object], object]:
    return lambda _, part: change(part) if isinstance(part, str) else part


def _without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))


keyed("KeysCaseFolded", "Unique keys tell upper from lower case.", LETTERS, _texts(str.casefold))
keyed("KeysAccentFolded", "Unique keys tell ё from е and ä from a.", LETTERS, _texts(_without_accents))
keyed("KeysStripped", "Unique keys end with their last space.", LETTERS, _texts(str.rstrip))
keyed("KeysCut", "Unique keys are compared whole.", "test_long_keys_are_told_apart_by_their_last_letter",
      _texts(lambda text: text[:64]))  # fmt: skip


@opens("An empty key never clashes.", "test_an_empty_external_id_never_clashes")
def empty_keys_clash(_: Path) -> Storage:
    from crmkit.storage.memory import MemoryStorage
    from crmkit.storage.memory.table import Table, lookup_key

    class Clashing(Table):
        __slots__ = ()

        def unique_key(self, record: Any) -> tuple[object, ...] | None:
            return tuple([lookup_key(getattr(record, field)) for field in self.unique]) if self.unique else None

    storage = MemoryStorage()
    storage.tables = {kind: Clashing(kind) for kind in storage.tables}
    return storage


@breaks("The host's own ids are told apart letter by letter.", "test_ids_may_be_the_host_s_own_texts")
class IdsCaseFolded(MemoryTransaction):
    __slots__ = ()

    def get_many(self, kind: type[R], ids: Sequence[RecordId]) -> list[R]:
        texts = {id.casefold() for id in ids if not isinstance(id, UUID)}
        more = [row.id for row in self._storage.tables[kind].rows.values() if str(row.id).casefold() in texts]
        return super().get_many(kind, [*ids, *more])


def _altered(folder: Path, script: str) -> Storage:
    """SQLite as crmkit makes it, then changed behind its back."""
    url = f"sqlite:///{folder}/crm.db"
    SQLStorage(url).close()
    with sqlite3.connect(folder / "crm.db") as connection:
        connection.executescript(script)
    connection.close()
    return SQLStorage(url)


@opens("Unique keys tell upper from lower case.", LETTERS)
def sqlite_nocase(folder: Path) -> Storage:
    script = "CREATE UNIQUE INDEX folded ON crm_call (origin, external_id COLLATE NOCASE)"
    return _altered(folder, script)


@opens("Unique keys end with their last space.", LETTERS)
def sqlite_rtrim(folder: Path) -> Storage:
    return _altered(folder, "CREATE UNIQUE INDEX folded ON crm_purchase (origin, external_id COLLATE RTRIM)")


@opens("A unique key is taken once.", "test_the_same_external_id_twice_conflicts", "test_two_writers_meet")
def sqlite_without_its_unique_index(folder: Path) -> Storage:
    return _altered(folder, "DROP INDEX crm_touchpoint_once")


@opens("Instants keep their microseconds.", EQUAL, INSTANT)
def sqlite_in_seconds(folder: Path) -> Storage:
    script = """CREATE TRIGGER seconds AFTER INSERT ON crm_touchpoint BEGIN UPDATE crm_touchpoint
    SET occurred_at = occurred_at / 1000000 * 1000000 WHERE id = NEW.id; END"""
    return _altered(folder, script)


@opens("Texts are kept whole.", TEXT)
def sqlite_with_short_texts(folder: Path) -> Storage:
    script = """CREATE TRIGGER short AFTER INSERT ON crm_note BEGIN UPDATE crm_note
    SET text = substr(text, 1, 16383) WHERE id = NEW.id; END"""
    return _altered(folder, script)


@opens("The journal is kept whole.", "test_the_journal_keeps_order_and_subscribers",
       "test_every_entry_reaches_the_journal_once")  # fmt: skip
def sqlite_with_a_short_journal(folder: Path) -> Storage:
    script = """CREATE TRIGGER short AFTER INSERT ON crm_journal BEGIN DELETE FROM crm_journal
    WHERE seq < NEW.seq - 1; END"""
    return _altered(folder, script)
