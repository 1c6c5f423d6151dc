from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit import CRM, Stage
from crmkit.errors import Invalid, NotFound
from crmkit.events import Event, PipelineDefined
from crmkit.services.users import DEEPEST


def test_the_hosts_people_are_mirrored_under_its_own_keys(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """Put again with nothing new, nothing is written."""
    with crm.begin() as tx:
        tx.teams.put("shop", name="Shop", lead="1")
        tx.teams.put("sales", name="Sales", parent="shop", lead="2")
        anna = tx.users.put("17", name="Anna", email="anna@example.org", team="sales")
        assert anna == tx.users.put("17", name="Anna", email="anna@example.org", team="sales")
        left = tx.users.put("17", name="Anna", team="sales", active=False)
    assert (1, 2, False, None) == (anna.version, left.version, left.active, left.email)
    assert ["team.put", "team.put", "user.put", "user.put"] == topics()
    with crm.read() as tx:
        assert left == tx.users.get("17")
        assert ["sales"] == [team.id for team in tx.teams.list(parent="shop")]
        assert {"17": left} == tx.users.get_many(["17", "18"])
        assert (1, 0) == (tx.users.count(team="sales"), tx.users.count(active=True))
        with pytest.raises(NotFound):
            tx.users.get("18")


def test_teams_form_a_tree(crm: CRM) -> None:
    """No team stands below itself, nor below one that is not there."""
    with crm.begin() as tx:
        tx.teams.put("a", name="A")
        tx.teams.put("b", name="B", parent="a")
        for id, parent in (("a", "b"), ("a", "a"), ("c", "nowhere")):
            with pytest.raises(Invalid, match="parent"):
                tx.teams.put(id, name="X", parent=parent)
        with pytest.raises(Invalid, match="team"):
            tx.users.put("1", name="X", team="nowhere")
        assert {"a": None, "b": "a"} == {team.id: team.parent for team in tx.teams.list()}


def test_pages_of_string_keys_follow_one_another(crm: CRM) -> None:
    """Keys may hold anything a host likes."""
    keys = ["17", "Ё", "a b", "anna@shop", "🙂"]
    with crm.begin() as tx:
        for key in keys:
            tx.users.put(key, name=f"User {key}")
        found, after = list[str](), None
        for _ in range(20):
            page = tx.users.list(limit=2, after=after)
            found += [user.id for user in page]
            if (after := page.next) is None:
                break
    assert sorted(keys) == found
    assert 5 == len(set(found))


def test_a_standard_pipeline_stands_there_until_defined(crm: CRM, topics: Callable[[], list[str]]) -> None:
    """In get, list, count and stream alike."""
    with crm.begin() as tx:
        assert ["new", "qualified", "offer", "negotiation"] == [stage.key for stage in tx.pipelines.get("sales").stages]
        assert (1, ["sales"]) == (tx.pipelines.count(), [one.id for one in tx.pipelines.stream()])
        tx.pipelines.define("repairs", stages=["in", ("out", "Repaired"), Stage("paid", "Paid")])
        assert ["repairs", "sales"] == [one.id for one in tx.pipelines.list()]
        tx.pipelines.define("sales", stages=["lead", "offer"], name="Our way")
        assert ["Lead", "Offer"] == [stage.name for stage in tx.pipelines.get("sales").stages]
        assert (2, ["repairs", "sales"]) == (tx.pipelines.count(), [one.id for one in tx.pipelines.list()])
    assert ["pipeline.defined", "pipeline.defined"] == topics()


def test_a_stage_that_holds_open_deals_stays(crm: CRM) -> None:
    """Of the standard pipeline, too; the same definition again changes nothing."""
    with crm.begin() as tx:
        tx.deals.open(tx.clients.add(name="Anna").id, title="Order")
        with pytest.raises(Invalid, match="new holds open deals"):
            tx.pipelines.define("sales", stages=["lead", "offer"])
        made = tx.pipelines.define("sales", stages=["new", "offer"])
        assert made == tx.pipelines.define("sales", stages=["new", "offer"])


@pytest.mark.parametrize("stages", [[], ["a", "a"], "new", [1], ["with space"], [("a", "")], None, ["x"] * 51])
def test_stages_are_a_list_of_different_keys(crm: CRM, stages: object) -> None:
    """Anything else is Invalid."""
    with crm.begin() as tx, pytest.raises(Invalid, match="stages"):
        tx.pipelines.define("p", stages=stages)  # type: ignore[arg-type]


def test_a_pipeline_that_is_defined_says_its_stages(crm: CRM, heard: list[Event]) -> None:
    """The first time and each time they change; and pages of pipelines follow each other."""
    with crm.begin() as tx:
        tx.pipelines.define("a", stages=["one"])
        tx.pipelines.define("a", stages=["one", "two"])
        tx.pipelines.define("z", stages=["one"])
        first = tx.pipelines.list(limit=2)
        rest = tx.pipelines.list(limit=2, after=first.next)
        assert (["a", "sales"], ["z"]) == ([one.id for one in first], [one.id for one in rest])
        assert {"sales", "z"} == set(tx.pipelines.get_many(one for one in ("sales", "z", "nowhere")))
    assert [("one",), ("one", "two"), ("one",)] == [
        event.stages for event in heard if isinstance(event, PipelineDefined)
    ]


def test_a_stage_is_named_by_its_key_unless_it_is_told(crm: CRM) -> None:
    """In words; at most fifty in a pipeline."""
    with crm.begin() as tx:
        made = tx.pipelines.define("repairs", stages=["taken_in", ("out", "Repaired"), Stage("paid", "Paid up")])
        assert ("repairs", ["Taken in", "Repaired", "Paid up"]) == (made.name, [stage.name for stage in made.stages])
        assert 50 == len(tx.pipelines.define("long", stages=[f"s{number}" for number in range(50)]).stages)
        again = tx.pipelines.define("repairs", stages=["taken_in"], name="Workshop")
        assert ("Workshop", 2) == (tx.pipelines.define("repairs", stages=["taken_in"]).name, again.version)


def test_a_person_is_all_that_was_put_last(crm: CRM) -> None:
    """What is left out is gone, but for who works there."""
    with crm.begin() as tx:
        tx.teams.put("a", name="A")
        tx.teams.put("b", name="B", parent="a", lead="1")
        user = tx.users.put("1", name="Anna", email="a@example.org", team="a", active=False)
        assert ("Anna", "a@example.org", "a", False) == (user.name, user.email, user.team, user.active)
        user = tx.users.put("1", name="Ann", team="b")
        assert ("Ann", None, "b", True, 2) == (user.name, user.email, user.team, user.active, user.version)
        team = tx.teams.get("b")
        assert ("B", "a", "1") == (team.name, team.parent, team.lead)
        team = tx.teams.put("b", name="Bb", lead="2")
        assert ("Bb", None, "2", 2) == (team.name, team.parent, team.lead, team.version)
        assert team == tx.teams.get("b") == tx.teams.put("b", name="Bb", lead="2")


def test_teams_stand_so_deep_and_no_deeper(crm: CRM) -> None:
    """A tree that goes on forever is a mistake of the host's."""
    with crm.begin() as tx:
        for depth in range(DEEPEST + 1):
            tx.teams.put(f"t{depth}", name="T", parent=f"t{depth - 1}" if depth else None)
        with pytest.raises(Invalid, match="parent"):
            tx.teams.put("below", name="T", parent=f"t{DEEPEST}")
