"""Every verb given the wrong thing: one helpful error, and the storage is as before, even if the rest commits."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import corpus
import pytest
from right_calls import AT, CARD, VERBS, Given, World, call, dump, good_calls

from crmkit import CRM, Client, Evidence, Field, Item, Money, Note, Source, Stage, Transaction
from crmkit.errors import Conflict, ContactRefused, CRMError, Invalid, NotFound
from crmkit.fields import F
from crmkit.ports import Query

#: Of no use to any keyword of any verb, or of use to a few.
WRONG: tuple[Any, ...] = (
    0, -1, 1, 2**31, 2**63, -(2**70), 10**400, 0.5, float("nan"), float("inf"), True, Decimal("NaN"), b"bytes", object(),
    [], [1], {}, {"a": 1}, {1: "a"}, (), ("a", 1), ("", ""), {"x"}, datetime(2025, 1, 1), date(2025, 1, 1),
    datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), timedelta(1), UUID(int=1), UUID(int=0),
    Money(-1, "EUR"), Money("99999999999999.9999", "EUR"), Money(1, "XXX"), Item("", -1), Source(""),
    Source("a b", ref="\x00"), Evidence(notice=" "), F.client.owner.eq("u"), Stage("", ""), Stage, len,
    [Item("", 0, Money(-1, "EUR"))], [Item("x", 1, Money(1, "EUR")), Item("y", 1, Money(1, "USD"))], [CARD], [None],
    [CARD.to("ok"), Field("client", "unknown", str).to("x")], ["a", "a"], ["x"] * 101, [""], [b"x"], iter([1]),
)  # fmt: skip


def refused(crm: CRM, verb: str, given: Given, *, undo: bool = True) -> CRMError | None:
    """Call a verb; commit if it refused, roll back if it did not mind."""
    caught: CRMError | None = None
    try:
        with crm.begin() as tx:
            written = tx._unit.written
            try:
                call(tx, verb, given)
            except (Invalid, NotFound, ContactRefused) as error:
                caught = error
                assert written == tx._unit.written, f"{verb} wrote before it refused {given}"
            if caught is None and undo:
                raise InterruptedError  # noqa: TRY301  # rolls back
    except InterruptedError:
        return None
    except Conflict as error:
        return error
    return caught


def check_helpful(error: CRMError, verb: str, given: Given) -> None:
    sentence = str(error)
    assert sentence.endswith("."), (verb, sentence)
    assert len(sentence) < 4000, (verb, sentence[:200])
    if isinstance(error, Invalid):
        assert error.faults
        for fault in error.faults:
            keyword = fault.path.partition(".")[0]
            assert keyword in {*given, "phone"}, (verb, fault)


def test_every_changing_verb_is_tried_here(world: World) -> None:
    """A new verb, or a new keyword of one, must join the table."""
    found: dict[str, set[str]] = {}
    with world.crm.read() as tx:
        for room in [name for name in dir(tx) if not name.startswith("_")]:
            for name, method in inspect.getmembers(getattr(tx, room), callable):
                if hasattr(method, "__crm_command__"):
                    parameters = inspect.signature(method).parameters.values()
                    found[f"{room}.{name}"] = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
    table = good_calls(world.ids)
    assert sorted(found) == VERBS
    ways = {"phone", "email", "messenger", "social", "postal", "network"}
    for verb, keywords in found.items():
        spared = ways if verb in ("contact_points.add", "contact_points.replace") else set[str]()
        spared |= {"contact_point_id"} if verb == "messages.send" else set()  # or an address: not both
        assert set() == keywords - table[verb].keys() - spared, verb


@pytest.mark.parametrize("verb", VERBS)
def test_a_right_call_is_right(world: World, verb: str) -> None:
    """So that what is refused below is refused for the one thing that is wrong."""
    before = dump(world.crm)
    assert refused(world.crm, verb, good_calls(world.ids)[verb]) is None
    assert before == dump(world.crm)


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_things_are_refused_and_nothing_is_written(world: World, verb: str) -> None:
    """Each keyword in turn: never a traceback from below, never a trace in the storage."""
    good, before, refusals = good_calls(world.ids)[verb], dump(world.crm), 0
    strings = [*corpus.OURS, *world.ids.values()]
    for keyword in good:
        for wrong in (*WRONG, *strings):
            given = {**good, keyword: wrong}
            if error := refused(world.crm, verb, given):
                refusals += 1
                check_helpful(error, verb, given)
    assert refusals >= 20 * len(good)
    assert before == dump(world.crm)


@pytest.mark.parametrize("verb", VERBS)
def test_every_faulty_keyword_is_named_at_once(world: World, verb: str) -> None:
    """Not the first one only, so that a form shows all its errors."""
    good, junk = good_calls(world.ids)[verb], object()
    leading = {"id", "client_id"} & good.keys()
    wrong: Given = {keyword: value if keyword in leading else junk for keyword, value in good.items()}
    if len(wrong) == len(leading):
        wrong = dict.fromkeys(wrong, junk)
    error = refused(world.crm, verb, wrong)
    assert isinstance(error, Invalid)
    named = {fault.path.partition(".")[0] for fault in error.faults}
    assert {keyword for keyword, value in wrong.items() if value is junk} <= named, named


@pytest.mark.parametrize("verb", VERBS)
def test_a_closed_deal_or_a_foreign_record_is_refused(world: World, verb: str) -> None:
    """Closed deals by every verb that needs an open one, another client's deal, contact or purchase by all."""
    good, ids = good_calls(world.ids)[verb], world.ids
    before = dump(world.crm)
    if verb in {"deals.move", "deals.win", "deals.lose", "deals.cancel"}:
        error = refused(world.crm, verb, {**good, "id": ids["closed"], "version": None})
        assert isinstance(error, Invalid)
        assert "id" in [fault.path for fault in error.faults]
    foreign = {"deal_id": ids["foreign_deal"], "contact_id": ids["point"], "purchase_id": ids["deal"]}
    for keyword in foreign.keys() & good.keys():
        if good[keyword] is not None:
            error = refused(world.crm, verb, {**good, keyword: foreign[keyword]})
            assert isinstance(error, Invalid), (verb, keyword)
            assert [keyword] == [fault.path for fault in error.faults]
    assert before == dump(world.crm)


def texts_of(good: Given) -> list[str]:
    return [keyword for keyword, value in good.items() if isinstance(value, str)]


@pytest.mark.parametrize("verb", VERBS)
def test_strings_nobody_here_wrote_are_kept_or_refused(world: World, verb: str) -> None:
    """A sample of the corpora through every text keyword of every verb."""
    _try_strings(world, verb, random.Random(verb).sample(corpus.naughty_strings(), 60))


@pytest.mark.parametrize(
    "world",
    [pytest.param("memory", marks=pytest.mark.heavy), pytest.param("sqlite", marks=pytest.mark.nightly)],
    indirect=True,
)
@pytest.mark.parametrize("verb", VERBS)
def test_every_string_nobody_here_wrote_is_kept_or_refused(world: World, verb: str) -> None:
    """All of them, through every text keyword of every verb: what is refused, a verb refuses before a storage sees it."""
    _try_strings(world, verb, corpus.naughty_strings())


def _try_strings(world: World, verb: str, strings: Any) -> None:
    good, before = good_calls(world.ids)[verb], dump(world.crm)
    for keyword in texts_of(good):
        for text in strings:
            given = {**good, keyword: text}
            if error := refused(world.crm, verb, given):
                check_helpful(error, verb, given)
    assert before == dump(world.crm)


def test_what_is_accepted_comes_back_as_it_was(world: World) -> None:
    """Names and notes, trimmed, letter by letter, on every storage."""
    kept = 0
    for text in corpus.naughty_strings():
        for verb, keyword in (("clients.add", "name"), ("notes.add", "text")):
            given: Given = {"name": text} if verb == "clients.add" else {"client_id": world.ids["client"], "text": text}
            try:
                with world.crm.begin() as tx:
                    made: Any = call(tx, verb, given)
                    kind: type[Any] = Client if verb == "clients.add" else Note
                    tx._unit.store.select(Query(kind, limit=1))  # writes out what is buffered
                    (read,) = tx._unit.store.get_many(kind, [made.id])
                    assert text.strip() == getattr(made, keyword) == getattr(read, keyword)
                    kept += 1
                    raise InterruptedError  # noqa: TRY301  # rolls back
            except (Invalid, InterruptedError):
                pass
    assert kept > len(corpus.naughty_strings())


READS: dict[str, Callable[[Transaction, Any], object]] = {
    "get": lambda tx, wrong: tx.clients.get(wrong),
    "get_many": lambda tx, wrong: tx.clients.get_many([wrong]),
    "card": lambda tx, wrong: tx.clients.card(wrong),
    "find phone": lambda tx, wrong: tx.clients.find(phone=wrong),
    "find email": lambda tx, wrong: tx.clients.find(email=wrong),
    "find external": lambda tx, wrong: tx.clients.find(external_id=wrong),
    "list limit": lambda tx, wrong: tx.clients.list(limit=wrong),
    "list order": lambda tx, wrong: tx.clients.list(order_by=wrong),
    "list after": lambda tx, wrong: tx.clients.list(after=wrong),
    "list where": lambda tx, wrong: tx.clients.list(where=wrong),
    "list owner": lambda tx, wrong: tx.clients.list(owner=wrong),
    "list text": lambda tx, wrong: tx.clients.list(text=wrong),
    "count text": lambda tx, wrong: tx.clients.count(text=wrong),
    "stream text": lambda tx, wrong: list(tx.clients.stream(text=wrong)),
    "list tag": lambda tx, wrong: tx.clients.list(tag=wrong),
    "count": lambda tx, wrong: tx.deals.count(stage=wrong),
    "stream": lambda tx, wrong: list(tx.purchases.stream(since=wrong)),
    "board": lambda tx, wrong: tx.deals.board(pipeline=wrong),
    "agenda": lambda tx, wrong: tx.tasks.agenda(assignee=wrong),
    "agenda until": lambda tx, wrong: tx.tasks.agenda(until=wrong),
    "timeline": lambda tx, wrong: tx.touchpoints.timeline(wrong),
    "journey": lambda tx, wrong: tx.touchpoints.journey(wrong),
    "since": lambda tx, wrong: tx.outcomes.since(wrong),
    "kinds": lambda tx, wrong: tx.outcomes.since(AT, kinds=wrong),
    "may_contact": lambda tx, wrong: tx.consents.may_contact(wrong, purpose="marketing", channel="email"),
    "may_contact purpose": lambda tx, wrong: tx.consents.may_contact(tx._unit.new_id(), purpose=wrong, channel="email"),  # type: ignore[arg-type]
    "history": lambda tx, wrong: tx.deals.history(wrong),
    "totals": lambda tx, wrong: tx.purchases.totals(wrong),
    "user": lambda tx, wrong: tx.users.get(wrong),
}


@pytest.mark.parametrize("question", READS)
def test_wrong_questions_are_refused_too(world: World, question: str) -> None:
    """Reads answer, or say what is wrong."""
    for wrong in (*WRONG, *corpus.OURS, None):
        with world.crm.read() as tx:
            said = "."
            try:
                READS[question](tx, wrong)
            except (Invalid, NotFound) as error:
                said = str(error)
            assert said.endswith(".")
