"""Clients by text: every way to spell them finds them, and nothing else does; by the faster form and the plain one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from crmkit.domain.client import Client
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.query import Query
from crmkit.domain.records import Record
from crmkit.domain.scope import Scope
from crmkit.domain.search import question
from crmkit.domain.where import EVERYTHING, Test, Where
from crmkit.ports import Accelerators, Storage, StorageTransaction
from crmkit.ports.accelerators import CHUNK
from crmkit.testing.builders import a_client, a_contact, a_contact_point
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

ANNA = a_client("Анна Семёнова", owner="17")
FIRM = a_client("ООО «Ромашка-Юг»", owner="4", kind="organization")
ZOE = a_client("Zoë Müller", owner="17")
ODD = a_client("100% \"Best\" 'O''Neil' \\ _x_ № 12-34567", owner="4")
EVERYBODY = (ANNA, FIRM, ZOE, ODD)
ELKIN = a_contact(FIRM, "Пётр Ёлкин")
AROUND: tuple[Record, ...] = (
    ELKIN,
    a_contact_point(ANNA, "+79123456789", value="8 (912) 345-67-89"),
    a_contact_point(ANNA, "anna.s@example.org", kind="email", value="Anna.S@Example.org"),
    a_contact_point(FIRM, "+78005553535", value="8 800 555-35-35 доб. 12", contact_id=ELKIN.id),
    a_contact_point(FIRM, "ул. анны ахматовой 1", kind="postal", value="ул. Анны Ахматовой, 1"),
    a_contact_point(ZOE, "+4930901820", value="030 901820"),
    a_contact_point(ZOE, "telegram:zoe_m", kind="messenger", network="telegram", value="@Zoe_M"),
    a_contact_point(ODD, None, value="ask at 44-55-66"),
    a_contact_point(ODD, None, kind="email", value="odd@somewhere"),
)
#: What is typed, and who is found; with the region of whoever types where it matters.
ASKED: dict[str, tuple[Client, ...]] = {
    **dict.fromkeys(("анна", "АННА СЕМЕНОВА", "семёнова а", "семенова", "  Анна,  семе  "), (ANNA,)),
    **dict.fromkeys(("ромашка", "юг", "ООО ромашка-юг", "«Ромашка", "петр", "ЕЛКИН пётр", "петр ромашка", "доб"), (FIRM,)),
    **dict.fromkeys(("zoe", "ZOË", "muller", "Müller z", "@zoe", "zoe_m", "ｚｏｅ", "zoe\u0308"), (ZOE,)),
    **dict.fromkeys(("+7 912 345-67-89", "89123456789", "8 912", "912 345", "912345", "67-89", "6789", "семенова 89"), (ANNA,)),
    **dict.fromkeys(("8 (800) 5", "3535", "+7800", "елкин 8800555", "8 800 555-35-35 доб. 12"), (FIRM,)),
    **dict.fromkeys(("030 901820", "+49 (0)30 9018", "+49 30 901820", "0049 30 901820", "1820", "30 901 820"), (ZOE,)),
    **dict.fromkeys(("anna.s@example.org", "ANNA.S@Ex", "anna.s@", "@example.org", "example", "anna org"), (ANNA,)),
    **dict.fromkeys(("100%", "best", "o''neil", "x", "12-34567", "1234567", "odd@some", "44-55-66", "5566"), (ODD,)),
    **dict.fromkeys(("анн", "а"), (ANNA,)),
    **dict.fromkeys(("нна", "семёнова ё", "йанна", "2345", "456-78", "23456", "zoe 6789", "анна ромашка"), ()),
    **dict.fromkeys(("ахматовой", "example.net", "annas@example.org", "na.s@example.org", "telegram", "nobody"), ()),
    **dict.fromkeys(("10%0", "b_st", "_", "%", "\\", "'", '"', "best' OR 1=1", "+912345", "+89123456789"), ()),
}  # fmt: skip
#: Ends of the ranges that texts with a common beginning make up.
ENDS = ("\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010fffe", "\U0010ffff", "\U0010ffff\U0010ffff", "z")


def names(tx: StorageTransaction, text: str, where: Where = EVERYTHING, region: str | None = "RU") -> list[str]:
    """Whom both forms find, by id; and both count as many."""
    asked = question(text, region)
    found = tx.search(Query(Client, where), asked) if asked else []
    if asked:
        assert Accelerators.search(tx, Query(Client, where), asked) == found
        assert len(found) == tx.count_found(where, asked) == Accelerators.count_found(tx, where, asked)
    return [client.name for client in found]


def _paged(tx: StorageTransaction, query: Query[Client], asked: Any, form: Any) -> Iterator[Client]:
    while page := form.search(tx, query, asked):
        yield from page
        query = attrs.evolve(query, after=(getattr(page[-1], query.order_by), page[-1].id))


class Searching(OnAStorage):
    """What `search` and `count_found` are asked."""

    @pytest.mark.parametrize("text", ASKED)
    def test_who_is_meant_is_found_and_nobody_else(self, storage: Storage, text: str) -> None:
        """By beginnings of words, by both ends of numbers, whatever the case, the accents and the punctuation."""
        commit(storage, *EVERYBODY, *AROUND)
        region = "DE" if ASKED[text] == (ZOE,) else "RU"
        with reading(storage) as tx:
            assert [one.name for one in ASKED[text]] == names(tx, text, region=region)

    def test_without_words_everybody_answers(self, storage: Storage) -> None:
        """An empty question is `select` and `count`."""
        commit(storage, *EVERYBODY)
        mine = Test("owner", "eq", "17")
        with reading(storage) as tx:
            assert [ANNA, ZOE] == tx.search(Query(Client, mine), ()) == Accelerators.search(tx, Query(Client, mine), ())
            assert 2 == tx.count_found(mine, ()) == Accelerators.count_found(tx, mine, ())

    def test_each_word_may_be_met_by_another_record_but_of_one_client(self, storage: Storage) -> None:
        """A firm answers through its people and its phones; two clients never answer together."""
        commit(storage, *EVERYBODY, *AROUND)
        with reading(storage) as tx:
            assert [FIRM.name] == names(tx, "ромашка елкин 3535")
            assert [] == names(tx, "ромашка елкин 6789")
            assert [ZOE.name] == names(tx, "zoe m")
            assert [] == names(tx, "zoe семенова")

    def test_what_was_changed_is_found_by_what_it_is_now(self, storage: Storage) -> None:
        """The old name, the old number and what was deleted find nobody, in the transaction and after it."""
        commit(storage, *EVERYBODY, *AROUND)
        with reading(storage) as tx:
            assert [ANNA.name] == names(tx, "семенова")  # whatever a storage keeps for searching is in use by now
        phone, email = (one for one in AROUND if isinstance(one, ContactPoint) and one.client_id == ANNA.id)
        with writing(storage) as tx:
            tx.replace(attrs.evolve(ANNA, name="Анна Ёжикова", version=2), 1)
            tx.replace(attrs.evolve(phone, match_key="+79990001122", value="+7 999 000-11-22", version=2), 1)
            tx.delete(ContactPoint, email.id)
            tx.replace(attrs.evolve(ELKIN, name="Иван Петров", version=2), 1)
            self._changed(tx)
        with reading(storage) as tx:
            self._changed(tx)
        with writing(storage) as tx:
            tx.delete(Contact, ELKIN.id)
            assert [] == names(tx, "петров")
        with reading(storage) as tx:
            assert ([], [FIRM.name]) == (names(tx, "петров"), names(tx, "ромашка"))

    def test_all_changes_since_the_last_search_count(self, storage: Storage) -> None:
        """Several in one transaction, or one in each of several, are as good as one."""
        commit(storage, ANNA)
        with reading(storage) as tx:
            assert [ANNA.name] == names(tx, "анна")
        for version, name in enumerate(("Вера", "Ида"), 1):
            with writing(storage) as tx:
                tx.replace(attrs.evolve(ANNA, name=name, version=version + 1), version)
        with writing(storage) as tx:
            assert [[], [], ["Ида"]] == [names(tx, text) for text in ("анна", "вера", "ида")]
            for version, name in enumerate(("Ада", "Эмма", "Яна"), 3):
                tx.replace(attrs.evolve(ANNA, name=name, version=version + 1), version)
                if version == 3:
                    assert ["Ада"] == names(tx, "ада")
            assert [[], [], [], ["Яна"]] == [names(tx, text) for text in ("ида", "ада", "эмма", "яна")]

    @staticmethod
    def _changed(tx: StorageTransaction) -> None:
        assert ["Анна Ёжикова"] == names(tx, "анна ежик") == names(tx, "8 999 000") == names(tx, "1122")
        assert [FIRM.name] == names(tx, "иван ромашка")
        for gone in ("семенова", "6789", "8912", "anna.s@example.org", "елкин"):
            assert [] == names(tx, gone), gone

    def test_what_waits_in_a_transaction_is_found_by_it_alone(self, storage: Storage) -> None:
        """A transaction searches its own writes; a rollback leaves nothing to be found."""
        commit(storage, ANNA)
        tx = storage.begin(write=True, scope=Scope())
        for record in (ZOE, *(one for one in AROUND if getattr(one, "client_id", None) in (ANNA.id, ZOE.id))):
            tx.insert(record)
        assert [ZOE.name] == names(tx, "zoe m", region="DE") == names(tx, "030 9018", region="DE")
        assert [ANNA.name] == names(tx, "анна 6789")
        tx.delete(ContactPoint, AROUND[1].id)
        assert [] == names(tx, "анна 6789")
        tx.rollback()
        with reading(storage) as after:
            assert ([ANNA.name], [], []) == (names(after, "анна"), names(after, "анна 6789"), names(after, "zoe"))

    def test_a_snapshot_searches_what_it_saw_first(self, storage: Storage) -> None:
        """Later commits change neither what is found nor by what."""
        commit(storage, *EVERYBODY, *AROUND)
        with reading(storage) as tx:
            assert [ANNA.name] == names(tx, "семенова")
            with writing(storage) as other:
                other.replace(attrs.evolve(ANNA, name="Анна Ёжикова", version=2), 1)
                other.delete(Contact, ELKIN.id)
                other.insert(a_client("Семенова Ольга"))
                other.insert(a_contact(ZOE, "Ольга"))
            assert [ANNA.name] == names(tx, "семенова")
            assert ([FIRM.name], [], []) == (names(tx, "елкин"), names(tx, "ежикова"), names(tx, "ольга"))
        with reading(storage) as tx:
            assert ["Семенова Ольга"] == names(tx, "семенова")
            assert ([], ["Анна Ёжикова"]) == (names(tx, "елкин"), names(tx, "ежикова"))

    def test_own_scope_finds_own_clients_only(self, storage: Storage) -> None:
        """A foreign client's number finds nobody, and is not counted."""
        commit(storage, *EVERYBODY, *AROUND)
        with writing(storage, Scope.own("17")) as tx:
            assert [[], [], [ANNA.name]] == [names(tx, text) for text in ("ромашка", "3535", "6789")]
            assert [ANNA.name, ZOE.name] == names(tx, "example") + names(tx, "muller")
            tx.replace(attrs.evolve(ANNA, owner="4", version=2), 1)
            assert [] == names(tx, "6789")

    def test_conditions_and_words_are_met_together(self, storage: Storage) -> None:
        """Filters narrow what is found."""
        commit(storage, *EVERYBODY, *AROUND, a_contact_point(FIRM, "+79123456789"))
        with reading(storage) as tx:
            assert [ANNA.name, FIRM.name] == names(tx, "8912345")
            assert [ANNA.name] == names(tx, "8912345", Test("owner", "eq", "17"))
            assert [FIRM.name] == names(tx, "8912345", ~Test("owner", "eq", "17"))

    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    @pytest.mark.parametrize("field", ["id", "name", "owner", "last_touched_at"])
    def test_pages_of_a_search_are_in_order_and_lose_nobody(
        self, storage: Storage, field: str, descending: bool
    ) -> None:
        """As those of any other list."""
        several = [a_client(f"Ёлкин {number % 3}", owner=str(number) if number % 2 else None) for number in range(9)]
        commit(storage, *several, *EVERYBODY)
        asked = question("елкин", None)
        with reading(storage) as tx:
            ordered = [one for one in tx.select(Query(Client, EVERYTHING, field, descending)) if one in several]
            for limit in (1, 4, None):
                query = Query(Client, EVERYTHING, field, descending, limit)
                for form in (type(tx), Accelerators):
                    assert ordered[:limit] == form.search(tx, query, asked)
                    assert ordered == list(_paged(tx, query, asked, form))

    def test_a_beginning_ends_where_the_next_text_begins(self, storage: Storage) -> None:
        """Whatever its last character: those at the ends of planes and around the surrogates are characters, too."""
        clients = [a_client(f"{number}") for number in range(len(ENDS))]
        spelled = dict(zip(ENDS, clients, strict=True))
        commit(storage, *clients, *(
            a_contact_point(client, None, kind="email", value=f"a@{end}{tail}")
            for end, client in spelled.items() for tail in ("", "\ufffd", "\U0010ffff")
        ))  # fmt: skip
        with reading(storage) as tx:
            for end in ENDS:
                wanted = [client.name for other, client in spelled.items() if f"{other}\U0010ffff".startswith(end)]
                assert wanted == names(tx, f"a@{end}"), ascii(end)
            assert [client.name for client in clients] == names(tx, "a@")

    def test_many_clients_are_searched_alike(self, storage: Storage) -> None:
        """More than any storage looks at in one go."""
        many = [a_client(f"Client N{number:04}") for number in range(CHUNK + 50)]
        commit(storage, *many, *(a_contact_point(one, f"+7912{at:07}") for at, one in enumerate(many)))
        with reading(storage) as tx:
            asked = question("client 8912", "RU")
            assert many == tx.search(Query(Client), asked) == Accelerators.search(tx, Query(Client), asked)
            assert len(many) == tx.count_found(EVERYTHING, asked)
            assert ["Client N0549"] == names(tx, "client 0000549") == names(tx, "n0549 79")
            assert [f"Client N00{number}" for number in range(10, 20)] == names(tx, "n001")
