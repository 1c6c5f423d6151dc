"""Scopes: whoever asks, and however, is shown what the rule of `Scope.shows` says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import attrs

from crmkit.domain.client import Client
from crmkit.domain.ids import ClientId, ShareId
from crmkit.domain.query import Query
from crmkit.domain.records import RECORDS, Record
from crmkit.domain.scope import ACTOR, Scope
from crmkit.domain.share import Right, Share
from crmkit.domain.sight import Sees, Sight, sees
from crmkit.domain.task import Task
from crmkit.domain.user import Team, User
from crmkit.domain.where import EVERYTHING, Test
from crmkit.ports import Accelerators, Storage
from crmkit.storage.held import held_in
from crmkit.testing.builders import (
    NOON,
    a_call,
    a_client,
    a_contact_point,
    a_datum,
    a_deal,
    a_message,
    a_purchase,
    a_record,
    a_task,
    a_touchpoint,
    new_id,
)
from crmkit.testing.suite.opened import OnAStorage, commit, reading, writing

#: Two teams below one, one beside them: who works where.
TEAMS: Mapping[str, str | None] = {"shop": None, "north": "shop", "harbour": "north", "south": "shop"}
USERS: Mapping[str, str | None] = {"17": "north", "18": "harbour", "19": "south", "20": "shop", "21": None}
SIGHTS: Mapping[str, Sees] = {
    "nothing": sees(()),
    "own": sees(Sight("own")),
    "team": sees(Sight("team")),
    "pool": sees(Sight("none", pool=True)),
    "shared": sees(Sight("own", shared="read")),
    "shared to work on": sees(Sight("own", shared="write")),
    "all of a kind": sees(Sight("all", where=Test("tags", "has", "vip"))),
    "what one added": sees(Sight("all", pool=True, where=Test("created_by", "eq", ACTOR))),
    "this or that": sees([Sight("own"), Sight("all", where=Test("region", "in", ("DE", "AT", "CH")))]),
    "some of it": sees(
        Sight("team", pool=True, shared="read"),
        deal=(), purchase=Sight("own"), task=Sight("none", pool=True), call=Sight("team"), data=Sight("own"),
        touchpoint=[Sight("own"), Sight("team", pool=True, where=Test("tags", "has", "vip"))],
    ),
}  # fmt: skip
SCOPES = {
    f"{name}, {actor}": Scope(seen, actor, USERS.get(actor), NOON)
    for name, seen in SIGHTS.items()
    for actor in ("17", "20", "21")
}


class Known:
    """What a scope asks, of records in a list."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records: dict[Any, Any] = {(type(one), one.id): one for one in records}

    def client(self, id: ClientId) -> Client | None:
        """A client, if there is one."""
        return self._records.get((Client, id))

    def teams(self, user: str) -> Iterator[str]:
        """A user's team and those above it."""
        team: str | None = self._records[User, user].team if (User, user) in self._records else None
        while team is not None:
            yield team
            team = self._records[Team, team].parent

    def shares(self, id: ClientId) -> list[Share]:
        """What is shared of a client."""
        return [one for one in self._records.values() if isinstance(one, Share) and one.client_id == id]


def _people() -> list[Record]:
    teams: list[Record] = [Team(id, "A team", above, None, NOON, NOON) for id, above in TEAMS.items()]
    users: list[Record] = [User(id, "A seller", None, team, True, NOON, NOON) for id, team in USERS.items()]
    return teams + users


def _clients() -> Iterator[Client]:
    for number, owner in enumerate((*USERS, "gone", None, None)):
        for tags in (frozenset[str](), frozenset({"vip"})):
            yield a_client(
                f"Client {number}",
                owner=owner, tags=tags, created_by="17" if number % 2 else None, region="DE" if number % 3 else None,
                last_bought_at=NOON,
            )  # fmt: skip


def _shares(clients: list[Client]) -> Iterator[Share]:
    """Read and write, for ever, still, not since this instant, and not since long."""
    untils = (None, NOON + timedelta(days=1), NOON, NOON - timedelta(days=1))
    for number, client in enumerate(clients[::2]):
        rights: tuple[Right, ...] = ("read", "write")
        for right in rights[: 1 + number % 2]:
            yield Share(
                ShareId(new_id()), client.id, "17" if number % 3 else "21", right, untils[number % 4], None, NOON
            )


def _hanging(client: Client, number: int) -> Iterator[Record]:
    deal, purchase, message = a_deal(client), a_purchase(client), a_message(client)
    yield from (deal, purchase, message)
    ids: dict[str, Any] = {
        "client_id": client.id,
        "deal_id": deal.id,
        "purchase_id": purchase.id,
        "message_id": message.id,
        "orig_subject": client.id,
    }
    for kind in RECORDS:
        fields = held_in(kind)
        if "client_id" in fields and kind not in (type(deal), type(purchase), Share):
            unique = {"key": f"{number}", "value": f"{number}"}
            said: dict[str, Any] = {name: value for name, value in {**ids, **unique}.items() if name in fields}
            yield a_record(kind, **said)
    yield a_contact_point(client, f"+4930901{number:03}")
    yield a_contact_point(client, f"+4930902{number % 5:03}")


def _world() -> list[Record]:
    clients = list(_clients())
    records: list[Record] = [*_people(), *clients, *_shares(clients)]
    for number, client in enumerate(clients):
        records += _hanging(client, number)
    nobodys: list[Record] = [a_datum(None, "nobody's"), a_touchpoint(), a_call()]
    nobodys += [a_task(assignee=one) for one in (*USERS, "gone", None)]
    return records + nobodys


WORLD = _world()


class Scoped(OnAStorage):
    """One rule on every way to read."""

    def test_a_scope_shows_what_the_rule_says(self, storage: Storage) -> None:
        """Of every kind: by id, in lists, page by page, counted, to who reads and to who writes."""
        commit(storage, *WORLD)
        known = Known(WORLD)
        for name, scope in SCOPES.items():
            for opened in (reading, writing):
                with opened(storage, scope) as tx:
                    for kind in RECORDS:
                        there: list[Any] = [one for one in WORLD if type(one) is kind]
                        shown = {one.id for one in there if scope.shows(one, known)}
                        assert shown == {one.id for one in tx.select(Query(kind))}, (name, kind)
                        assert len(shown) == tx.count(kind, EVERYTHING), (name, kind)
                        assert shown == {one.id for one in tx.get_many(kind, [one.id for one in there])}, (name, kind)
                        first: list[Any] = tx.select(Query(kind, limit=2))
                        rest = [tx.select(Query(kind, limit=1000, after=(one.id, one.id))) for one in first[1:]]
                        assert len(shown) == len(first) + sum(map(len, rest)), (name, kind)

    def test_whatever_is_faster_shows_no_more(self, storage: Storage) -> None:
        """Numbers, names elsewhere, words, cards, months and outcomes: each as its plain form; and one id as many."""
        commit(storage, *WORLD)
        known = Known(WORLD)
        clients = [one for one in WORLD if isinstance(one, Client)]
        for name, scope in SCOPES.items():
            with reading(storage, scope) as tx:
                for number, client in enumerate(clients):
                    phone = f"+4930901{number:03}"
                    assert tx.find("phone", phone) == Accelerators.find(tx, "phone", phone), name
                    assert tx.find_external("", f"{number}") == Accelerators.find_external(tx, "", f"{number}"), name
                    assert tx.card(client.id) == Accelerators.card(tx, client.id), name
                    assert tx.months(client.id) == Accelerators.months(tx, client.id), name
                    assert tx.consent_head(client.id) == Accelerators.consent_head(tx, client.id), name
                    assert tx.consent_heads(client.id) == Accelerators.consent_heads(tx, client.id), name
                    assert scope.shows(client, known) == bool(tx.get_many(Client, [client.id])), name
                assert tx.shared_keys(None, 9) == Accelerators.shared_keys(tx, None, 9), name
                assert tx.months() == Accelerators.months(tx), name
                assert tx.outcomes(NOON, {"bought"}) == Accelerators.outcomes(tx, NOON, {"bought"}), name
                for words in ((("client",),), (("4930901",),)):
                    asked = Query(Client), words
                    assert tx.search(*asked) == Accelerators.search(tx, *asked), name
                    assert tx.count_found(EVERYTHING, words) == Accelerators.count_found(tx, EVERYTHING, words), name

    def test_another_scope_can_be_asked_about(self, storage: Storage) -> None:
        """Whatever this one shows: who may write is asked of who reads; and kept instants are raised under it only."""
        commit(storage, *WORLD)
        known = Known(WORLD)
        clients = [one for one in WORLD if isinstance(one, Client)]
        for name, scope in SCOPES.items():
            reached = {one.id for one in clients if scope.shows(one, known)}
            with writing(storage) as tx:
                assert reached == set(tx.among(Client, [one.id for one in clients], scope)), name
                assert len(clients) == tx.count(Client, EVERYTHING), name
                for keep in (type(tx).keep, Accelerators.keep):
                    kept = {one.id for one in clients if keep(tx, one.id, "last_bought_at", NOON, scope)}
                    assert reached == kept, name

    def test_a_scope_can_be_narrowed_once_it_is_known_who_acts(self, storage: Storage) -> None:
        """In a transaction that has begun: from then on it shows no more than that."""
        mine, theirs = a_client(owner="17"), a_client(owner="18")
        commit(storage, mine, theirs)
        for opened in (reading, writing):
            with opened(storage) as tx:
                assert 2 == tx.count(Client, EVERYTHING)
                tx.narrow(Scope.own("17"))
                assert [mine] == tx.select(Query(Client)) == tx.get_many(Client, [mine.id, theirs.id])
                assert tx.card(theirs.id) is None

    def test_a_scope_follows_teams_shares_and_people_at_once(self, storage: Storage) -> None:
        """Within the transaction that changes them, and after its end."""
        scope = Scope(sees(Sight("team", shared="read")), "17", "north", NOON)
        harbour = Team("harbour", "A team", "south", None, NOON, NOON)
        people = [one for one in _people() if one.id != "harbour"]
        theirs, shared = a_client(owner="18"), a_client(owner="19")
        commit(storage, harbour, *people, theirs, shared, a_task(assignee="18"))
        share = Share(ShareId(new_id()), shared.id, "17", "read", None, None, NOON)
        with writing(storage) as tx:
            tx.insert(share)
            tx.replace(attrs.evolve(harbour, parent="north", version=2), 1)
            tx.narrow(scope)
            assert {theirs.id, shared.id} == {one.id for one in tx.select(Query(Client))}
            assert 1 == tx.count(Task, EVERYTHING)
        with writing(storage) as tx:
            tx.delete(Share, share.id)
            tx.insert(Team("quay", "A team", "harbour", None, NOON, NOON))
            (seller,) = tx.get_many(User, ["18"])
            tx.replace(attrs.evolve(seller, team="quay", version=2), 1)
        with reading(storage, scope) as tx:
            assert [theirs.id] == [one.id for one in tx.select(Query(Client))]
        with writing(storage) as tx:
            tx.replace(attrs.evolve(harbour, parent=None, version=3), 2)
        with reading(storage, scope) as tx:
            assert ([], 0) == (tx.select(Query(Client)), tx.count(Task, EVERYTHING))
