"""A plugin's own records: the same on every storage, for whoever may see the client they are about."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID, uuid4

import attrs
import pytest
from owners_only import OwnersOnly

from crmkit import CRM, Client, Money
from crmkit.domain.collection import Collection
from crmkit.domain.datum import Datum
from crmkit.domain.ids import ClientId
from crmkit.domain.marks import Code
from crmkit.domain.query import Query
from crmkit.errors import Conflict, Fault, Invalid, NotFound, ReadOnly
from crmkit.plugins import Command, Plugin, Plugins, RecordChange, hookimpl
from crmkit.storage.opening import open_storage


class Tier(Enum):
    """How much a client is worth."""

    BASIC = "basic"
    GOLD = "gold"


@attrs.frozen
class LoyaltyPoints:
    """What one client has gathered."""

    client_id: ClientId
    points: int = 0
    tier: Tier = Tier.BASIC


@attrs.frozen
class Step:
    """One step of a parcel."""

    place: str
    at: datetime


@attrs.frozen
class Parcel:
    """One of everything that can be kept."""

    number: str
    client_id: ClientId | None = None
    weight: Decimal | None = None
    price: Money | None = None
    carrier: UUID | None = None
    due: date | None = None
    sent_at: datetime | None = None
    tier: Tier = Tier.BASIC
    state: Literal["packed", "sent"] = "packed"
    labels: frozenset[Code[str]] = frozenset()
    steps: tuple[Step, ...] = ()
    fragile: bool = False


@attrs.frozen
class Counter:
    """Something about nobody."""

    name: Code[str]
    count: int = 0


class Loyalty:
    """A plugin, as far as its collections are concerned."""

    name = "loyalty"
    points = Collection(LoyaltyPoints, key="client_id", index=("tier", "points"), client="client_id")
    parcels = Collection(Parcel, key="number", index=("weight", "due", "tier"), client="client_id")
    counters = Collection(Counter, key="name", index=("count",))


POINTS, PARCELS, COUNTERS = Loyalty.points, Loyalty.parcels, Loyalty.counters
AT = datetime(2026, 5, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=3)))


def _everything(client: Client) -> Parcel:
    return Parcel(
        "Ё-1", client.id, Decimal("1.50"), Money("9.99", "EUR"), UUID(int=7), date(2026, 5, 2), AT, Tier.GOLD, "sent",
        frozenset({"ё", "glass"}), (Step("Москва", AT), Step("Oslo", AT)), fragile=True,
    )  # fmt: skip


@contextmanager
def _seen_by(crm: CRM, url: str, actor: str) -> Generator[CRM]:
    """The same store, where everybody sees only what is their own."""
    if url == "memory://":
        yield CRM(crm._shared.storage, access=OwnersOnly()).bind(actor=actor)
        return
    with CRM(open_storage(url), access=OwnersOnly()) as other:
        yield other.bind(actor=actor)


def test_what_was_put_is_found_by_its_key(crm: CRM) -> None:
    """Whatever can be kept comes back as it was, in the same transaction and in the next."""
    with crm.begin() as tx:
        parcel = _everything(tx.clients.add(name="Anna"))
        assert parcel == tx.data(PARCELS).put(parcel) == tx.data(PARCELS).get("Ё-1")
    with crm.read() as tx:
        assert parcel == tx.data(PARCELS).get("Ё-1")
        assert 1 == tx.data(PARCELS).version_of("Ё-1")


def test_what_is_put_again_takes_the_place_of_what_was_there(crm: CRM) -> None:
    """One value under one key; every change counts, and what changes nothing is not written."""
    with crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", 1))
        tx.data(COUNTERS).put(Counter("calls", 2))
        tx.data(COUNTERS).put(Counter("calls", 2))
        assert [Counter("calls", 2)] == list(tx.data(COUNTERS).list())
        assert 2 == tx.data(COUNTERS).version_of("calls")


@pytest.mark.parametrize("there", [True, False])
def test_a_stale_version_conflicts(crm: CRM, there: bool) -> None:
    """Whoever saw another value than is there now, or one that is gone, must look again."""
    with crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", 1))
        tx.data(COUNTERS).put(Counter("calls", 2), version=1)
        if not there:
            tx.data(COUNTERS).remove("calls")
    with pytest.raises(Conflict), crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", 3), version=1)


def test_nothing_under_a_key_is_not_found(crm: CRM) -> None:
    """`find` says None where `get` and `remove` raise."""
    with crm.begin() as tx:
        data = tx.data(COUNTERS)
        assert data.find("calls") is None
        for ask in (data.get, data.remove, data.version_of):
            with pytest.raises(NotFound, match=r"loyalty\.counter datum calls"):
                ask("calls")
        data.put(Counter("calls"))
        data.remove("calls")
        assert (None, 0) == (data.find("calls"), data.count())


def test_many_are_found_by_the_keys_as_given(crm: CRM) -> None:
    """Those that nobody put are left out."""
    with crm.begin() as tx:
        for number in range(5):
            tx.data(COUNTERS).put(Counter(f"n{number}", number))
        found = tx.data(COUNTERS).get_many(["n1", "n4", "n9", "n1"])
        assert {"n1": Counter("n1", 1), "n4": Counter("n4", 4)} == found


def test_collections_do_not_see_each_other(crm: CRM) -> None:
    """One plugin's records are in nobody's way, under the same key and the same value of an index."""
    other = Collection(Counter, key="name", index=("count",), plugin="other")
    with crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", 1))
        assert (None, 0, {}) == (
            tx.data(other).find("calls"), tx.data(other).count(count=1), tx.data(other).get_many(["calls", "mails"])
        )  # fmt: skip
        tx.data(other).put(Counter("calls", 1))
        assert 1 == len(tx.data(other).list(count=1))


def test_lists_are_filtered_and_ordered_by_what_is_indexed(crm: CRM) -> None:
    """In the order of the values, not of their texts; empty comes first, and equal ones each once."""
    weights = [Decimal(text) for text in ("10", "9.5", "-3", "0", "-20.25", "9.50")]
    with crm.begin() as tx:
        data = tx.data(PARCELS)
        for number, weight in enumerate([*weights, None]):
            data.put(Parcel(f"p{number}", weight=weight, tier=Tier.GOLD if number % 2 else Tier.BASIC))
        assert [None, *sorted(weights)] == [one.weight for one in data.list(order_by="weight")]
        assert [*sorted(weights, reverse=True), None] == [one.weight for one in data.stream(order_by="-weight")]
        assert ["p1", "p5"] == [one.number for one in data.list(weight=Decimal("9.500"))]
        assert ["p6"] == [one.number for one in data.list(weight=None)]
        assert (4, 3) == (data.count(tier=Tier.BASIC), data.count(tier=Tier.GOLD))
        assert ["p1"] == [one.number for one in data.list(tier=Tier.GOLD, limit=1)]


@pytest.mark.parametrize("order_by", [None, "count", "-count"])
def test_pages_lose_nothing(crm: CRM, order_by: str | None) -> None:
    """The next page begins where the last ended, also among equals; the cursor says nothing of what is kept."""
    with crm.begin() as tx:
        for number in range(25):
            tx.data(COUNTERS).put(Counter(f"secret{number:02}", number // 7))
    with crm.read() as tx:
        found, after = list[str](), None
        while (page := tx.data(COUNTERS).list(order_by=order_by, limit=4, after=after)) and page.next:
            after = page.next
            assert "secret" not in after
            assert b"secret" not in bytes.fromhex(after.removeprefix("k"))
            found += [one.name for one in page]
        found += [one.name for one in page]
        assert [one.name for one in tx.data(COUNTERS).stream(order_by=order_by)] == found
        assert 25 == len(set(found))


def test_a_page_of_another_collection_is_refused(crm: CRM) -> None:
    """Its place would say where a stranger's records lie."""
    with crm.begin() as tx:
        for number in (1, 2):
            tx.data(COUNTERS).put(Counter(f"n{number}"))
        page = tx.data(COUNTERS).list(limit=1)
        for after in (page.next, "junk", "", 5):
            with pytest.raises(Invalid, match="Start at the first page"):
                tx.data(PARCELS).list(after=after)  # type: ignore[arg-type]


def test_what_cannot_be_asked_is_said_with_everything_that_can(crm: CRM) -> None:
    """Every fault at once, each by the keyword it was given by."""
    with crm.read() as tx:
        with pytest.raises(Invalid) as caught:
            tx.data(PARCELS).list(limit=0, order_by="labels", labels="x", weight="heavy", client_id=5, tier="silver")
        assert ["limit", "labels", "weight", "client_id", "tier", "order_by"] == [
            one.path for one in caught.value.faults
        ]
        with pytest.raises(Invalid, match="weight, due, tier, client_id"):
            tx.data(PARCELS).count(state="sent")
        with pytest.raises(Invalid):
            tx.data(PARCELS).stream(order_by="nothing")


@pytest.mark.parametrize(
    ("key", "code"), [("", "not_a_key"), ("x" * 101, "not_a_key"), (" x", "not_a_key"), (5, "not_a_text"), ("a\x00", "not_a_text")],
)  # fmt: skip
def test_a_key_must_be_what_its_field_holds(crm: CRM, key: Any, code: str) -> None:
    """The same rule where it is asked for and where it is put."""
    with crm.begin() as tx:
        asks: tuple[Callable[[Any], object], ...] = (
            tx.data(COUNTERS).find,
            lambda key: tx.data(COUNTERS).put(Counter(key)),
        )
        for ask in asks:
            with pytest.raises(Invalid) as caught:
                ask(key)
            assert [code] == [fault.code for fault in caught.value.faults]


def test_a_value_that_would_not_come_back_is_refused(crm: CRM) -> None:
    """No annotation holds anybody to its type; all faults at once, nothing is written."""
    wrong: Any = Parcel
    with crm.begin() as tx:
        with pytest.raises(Invalid) as caught:
            tx.data(PARCELS).put(
                wrong(
                    "p1", weight="heavy", price=Decimal(5), due=AT, sent_at=datetime(2026, 1, 1), state="lost",
                    labels=["x"], steps=(Step("half \ud800", AT),), fragile=1, carrier=Decimal("1E+999999"),
                )
            )  # fmt: skip
        faults = [fault.path for fault in caught.value.faults]
        assert [
            "weight",
            "price",
            "carrier",
            "due",
            "sent_at",
            "state",
            "labels",
            "steps[0].place",
            "fragile",
        ] == faults
        with pytest.raises(Invalid, match="Give a Parcel"):
            tx.data(PARCELS).put(wrong)
        assert 0 == tx.data(PARCELS).count()


def test_what_is_too_large_is_refused(crm: CRM) -> None:
    """A value of 64 KiB, an indexed text of a hundred letters: up to there it is kept."""
    texts = Collection(Note, key="name", index=("text",), plugin="texts")
    long = Collection(Note, key="name", plugin="long")
    with crm.begin() as tx:
        for text in ("🙂" * 100, "", "=", None):
            tx.data(texts).put(Note("n", text))
            assert [Note("n", text)] == list(tx.data(texts).list(text=text))
        with pytest.raises(Invalid, match="at most 100 characters"):
            tx.data(texts).put(Note("n", "x" * 101))
        tx.data(long).put(Note("n", "x" * 65_500))
        with pytest.raises(Invalid, match="65536 bytes"):
            tx.data(long).put(Note("n", "x" * 65_536))
        assert "x" * 65_500 == tx.data(long).get("n").text


@attrs.frozen
class Note:
    """A text under a name."""

    name: str
    text: str | None = None


def test_texts_are_told_apart_letter_by_letter(crm: CRM) -> None:
    """As keys and in an index: databases like to take some for the same."""
    texts = Collection(Note, key="name", index=("text",), plugin="texts")
    names = ["Ё", "ё", "е", "E", "e", "é", "e\u0301", "ß", "ss", "🙂"]
    with crm.begin() as tx:
        for name in names:
            tx.data(texts).put(Note(name, f"{name} "))
        for name in names:
            assert Note(name, f"{name} ") == tx.data(texts).get(name)
            assert [name] == [one.name for one in tx.data(texts).list(text=f"{name} ")]
            assert 0 == tx.data(texts).count(text=name)
        assert sorted(names) == [one.name for one in tx.data(texts).list()]
        assert sorted(names) == [one.name for one in tx.data(texts).list(order_by="text")]


def test_a_newer_class_reads_what_an_older_one_wrote(crm: CRM) -> None:
    """New fields get their defaults, and what an even newer one wrote is passed over."""
    old = Collection(Counter, key="name", name="things", plugin="p")
    new = Collection(Newer, key="name", name="things", plugin="p")
    with crm.begin() as tx:
        tx.data(old).put(Counter("a", 5))
        assert Newer("a", 5, "red") == tx.data(new).get("a")
        tx.data(new).put(Newer("a", 6, "blue"))
        assert Counter("a", 6) == tx.data(old).get("a")


@attrs.frozen
class Newer:
    """A counter, some versions later."""

    name: Code[str]
    count: int = 0
    colour: Code[str] = "red"


@attrs.frozen
class Harder:
    """A counter that asks for what was never written."""

    name: Code[str]
    count: int
    size: int


@attrs.frozen
class Stricter:
    """A counter that refuses what was written."""

    name: Code[str]
    count: int = attrs.field(validator=attrs.validators.gt(100))


def test_what_a_class_cannot_read_any_more_says_what_to_do(crm: CRM) -> None:
    """By plugin, collection and field, and never with what is stored."""
    told: dict[type[Any], Fault] = {}
    with crm.begin() as tx:
        tx.data(Collection(Counter, key="name", name="things", plugin="p")).put(Counter("a", 77))
        for kind in (Harder, Stricter):
            with pytest.raises(Invalid) as caught:
                tx.data(Collection(kind, key="name", name="things", plugin="p")).get("a")
            (told[kind],) = caught.value.faults
    assert ("size", "missing") == (told[Harder].path, told[Harder].code)
    assert "p.things.size" in told[Harder].message
    assert "default" in told[Harder].message
    assert "p.things" in told[Stricter].message
    assert "77" not in str(told)


def test_a_plugins_record_shows_nobody_in_a_repr(crm: CRM) -> None:
    """Keys, indexed values and data may be anybody's name; the collection is none."""
    with crm.begin() as tx:
        tx.data(Collection(Note, key="name", index=("text",), plugin="p")).put(Note("Anna", "Anna"))
        (datum,) = tx._unit.store.select(Query(Datum))
        assert "Anna" not in repr(datum)
        assert "p.note" in repr(datum)


def test_both_verbs_take_the_command_path(crm: CRM) -> None:
    """Hooks see what plugins keep, by the names of the verbs; `crm.read` refuses them."""
    seen = Seen()
    crm._shared.slots = Plugins([seen]).slots
    with crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls"))
        tx.data(COUNTERS).remove("calls")
        assert [] == tx._unit.events
    assert ["data.put", "data.put Datum", "data.remove", "data.remove None"] == seen.commands
    crm._shared.slots = None
    with crm.read() as tx, pytest.raises(ReadOnly):
        tx.data(COUNTERS).put(Counter("calls"))


class Seen(Plugin[None]):
    """Notes what comes by."""

    def __init__(self) -> None:
        super().__init__()
        self.commands = list[str]()

    @hookimpl
    def crm_around_command(self, command: Command) -> Generator[None]:
        self.commands.append(command.name)
        yield

    @hookimpl
    def crm_check_change(self, changes: Sequence[RecordChange]) -> None:
        self.commands += [f"{one.command} {one.after and type(one.after).__name__}" for one in changes]


def test_whoever_may_not_see_a_client_sees_nothing_about_them(crm: CRM, url: str) -> None:
    """By key, in lists and counts; and nobody can put anything about a client they do not see."""
    with crm.begin() as tx:
        mine, theirs = tx.clients.add(name="Anna", owner="17"), tx.clients.add(name="Bob", owner="4")
        for client in (mine, theirs):
            tx.data(POINTS).put(LoyaltyPoints(client.id, 5))
            tx.data(PARCELS).put(Parcel(client.name, client.id))
    with _seen_by(crm, url, "17") as own, own.begin() as tx:
        assert [mine.id] == [one.client_id for one in tx.data(POINTS).list()]
        assert (1, None) == (tx.data(PARCELS).count(), tx.data(PARCELS).find("Bob"))
        assert {mine.id} == tx.data(POINTS).get_many([mine.id, theirs.id]).keys()
        for verb in (tx.data(POINTS).get, tx.data(POINTS).remove):
            with pytest.raises(NotFound):
                verb(theirs.id)
        with pytest.raises(NotFound):
            tx.data(POINTS).put(LoyaltyPoints(theirs.id, 6))
        tx.data(POINTS).put(LoyaltyPoints(mine.id, 6))


def test_what_is_about_nobody_is_everybodys(crm: CRM, url: str) -> None:
    """A plugin's counter counts whoever acts."""
    with crm.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", 1))
        tx.data(PARCELS).put(Parcel("p1"))
    with _seen_by(crm, url, "17") as own, own.begin() as tx:
        tx.data(COUNTERS).put(Counter("calls", tx.data(COUNTERS).get("calls").count + 1))
        assert (2, 1) == (tx.data(COUNTERS).get("calls").count, tx.data(PARCELS).count(client_id=None))


def test_a_client_nobody_has_is_not_found(crm: CRM) -> None:
    """Nothing is kept about somebody there is not."""
    with crm.begin() as tx:
        with pytest.raises(NotFound):
            tx.data(POINTS).put(LoyaltyPoints(ClientId(uuid4())))
        assert tx.data(POINTS).find(ClientId(uuid4())) is None


def test_a_merge_takes_along_what_plugins_keep(crm: CRM) -> None:
    """It is the survivor's then, under the keys it had; the old id leads on in every question."""
    with crm.begin() as tx:
        old, new = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        tx.data(POINTS).put(LoyaltyPoints(old.id, 5))
        tx.data(PARCELS).put(Parcel("p1", old.id))
        tx.clients.merge(old.id, into=new.id)
        data, theirs = tx.data(POINTS), LoyaltyPoints(new.id, 5)
        assert [theirs] * 2 == [data.get(old.id), data.get(new.id)]
        assert {old.id: theirs, new.id: theirs} == data.get_many([old.id, new.id])
        assert {old.id: theirs} == data.get_many([old.id, uuid4()])
        parcels = tx.data(PARCELS)
        for ask in (parcels.list, parcels.stream):
            assert [Parcel("p1", new.id)] == list(ask(client_id=old.id)) == list(ask(client_id=new.id))
        assert (1, 1) == (parcels.count(client_id=old.id), parcels.count(client_id=new.id))
        assert LoyaltyPoints(new.id, 6) == data.put(LoyaltyPoints(old.id, 6)) == data.get(new.id)
        assert Parcel("p2", new.id) == parcels.put(Parcel("p2", old.id))
        assert (1, 2) == (data.count(), parcels.count(client_id=new.id))


def test_the_survivors_own_comes_first(crm: CRM) -> None:
    """Both had something: neither is lost, by either id the same is found, and removing leaves nothing under it."""
    with crm.begin() as tx:
        old, new = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        data = tx.data(POINTS)
        data.put(LoyaltyPoints(old.id, 5))
        data.put(LoyaltyPoints(new.id, 7))
        tx.clients.merge(old.id, into=new.id)
        assert [LoyaltyPoints(new.id, 7)] * 2 == [data.get(old.id), data.get(new.id)]
        assert [5, 7] == sorted(one.points for one in data.list(client_id=old.id))
        data.put(LoyaltyPoints(old.id, 12))
        assert [5, 12] == sorted(one.points for one in data.list())
        data.remove(old.id)
        assert (None, None, 0) == (data.find(old.id), data.find(new.id), data.count())


def test_an_unmerged_client_has_its_own_again(crm: CRM) -> None:
    """What came goes back, under its key; what was the survivor's stays."""
    with crm.begin() as tx:
        old, new = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        for client, points in ((old, 5), (new, 7)):
            tx.data(POINTS).put(LoyaltyPoints(client.id, points))
        tx.data(PARCELS).put(Parcel("p1", old.id))
    with crm.begin() as tx:
        tx.clients.merge(old.id, into=new.id)
    with crm.begin() as tx:
        tx.clients.unmerge(old.id)
        data = tx.data(POINTS)
        assert [LoyaltyPoints(old.id, 5), LoyaltyPoints(new.id, 7)] == [data.get(old.id), data.get(new.id)]
        assert Parcel("p1", old.id) == tx.data(PARCELS).get("p1")


def test_what_is_no_collection_is_refused(crm: CRM) -> None:
    """With a sentence that says what one looks like."""
    wrong: Any = LoyaltyPoints
    with crm.read() as tx, pytest.raises(Invalid, match=r"Loyalty\.points"):
        tx.data(wrong)


def test_instants_and_days_are_kept_in_utc_order(crm: CRM) -> None:
    """An instant is the same wherever the clock stood that told it."""
    stamps = Collection(Step, key="place", index=("at",), plugin="p")
    with crm.begin() as tx:
        tx.data(stamps).put(Step("Moscow", AT))
        tx.data(stamps).put(Step("Oslo", AT.astimezone(UTC) - timedelta(microseconds=1)))
        assert ["Oslo", "Moscow"] == [one.place for one in tx.data(stamps).list(order_by="at")]
        assert ["Moscow"] == [one.place for one in tx.data(stamps).list(at=AT.astimezone(UTC))]
