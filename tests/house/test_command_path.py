from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from typing import Any

import pytest

import crmkit.services
from crmkit import CRM
from crmkit.services.data import Data
from crmkit.services.room import Room

#: Verbs that only answer. What is not named here changes something, and takes the command path.
READS = {"get", "get_many", "list", "count", "stream"}
READS_OF = {
    "clients": {"find", "matches", "decision_makers", "card", "duplicates"},
    "deals": {"board", "history"},
    "documents": {"open", "content", "verify"},
    "touchpoints": {"timeline", "journey"},
    "consents": {"may_contact", "receipt", "verify", "history", "watermark", "confirmation"},
    "messages": {"attempts"},
    "tasks": {"agenda"},
    "outcomes": {"since"},
    "reports": {"run"},
    "privacy": {"what_we_know", "export"},
    "audit": {"exposure", "verify"},
    "purchases": {"months", "refunds", "totals"},
}

#: The rooms of the first release: should these tests ever look at an empty house, this says so.
SETTLED = {
    "users", "teams", "clients", "contacts", "contact_points", "pipelines", "deals", "purchases", "touchpoints",
    "calls", "consents", "messages", "notices", "tasks", "notes", "tickets", "documents", "outcomes", "shares", "audit",
}  # fmt: skip


def test_every_changing_verb_takes_the_command_path(rooms: Mapping[str, type[Any]]) -> None:
    """Around, check, filter and project hooks see every change: a verb beside the path would be a hole in them."""
    missing = [
        f"{name}.{verb}"
        for name, room in rooms.items()
        for verb, method in _verbs(room).items()
        if verb not in READS | READS_OF.get(name, set()) and not hasattr(method, "__crm_command__")
    ]
    assert [] == missing


def test_a_verb_that_only_answers_stays_off_the_command_path(rooms: Mapping[str, type[Any]]) -> None:
    """It must work in `crm.read()`, where commands are refused."""
    wrong = [
        f"{name}.{verb}"
        for name, room in rooms.items()
        for verb, method in _verbs(room).items()
        if verb in READS | READS_OF.get(name, set()) and hasattr(method, "__crm_command__")
    ]
    assert [] == wrong


def test_a_command_is_called_by_the_name_its_caller_uses(rooms: Mapping[str, type[Any]]) -> None:
    """`tx.deals.win` is `deals.win` to every hook."""
    called = {
        f"{name}.{verb}": getattr(method, "__crm_command__", None)
        for name, room in rooms.items()
        for verb, method in _verbs(room).items()
    }
    assert {} == {name: said for name, said in called.items() if said not in {None, name}}


def test_plugins_records_take_the_command_path_too() -> None:
    """Their room is no attribute of `tx`, so it is looked at by itself."""
    called = {verb: getattr(method, "__crm_command__", None) for verb, method in _verbs(Data).items()}
    assert {"put": "data.put", "remove": "data.remove"} == {verb: name for verb, name in called.items() if name}
    assert called.keys() == READS | {"find", "version_of", "put", "remove"}


def test_no_room_is_out_of_reach(rooms: Mapping[str, type[Any]]) -> None:
    """What these tests look at is every room there is: each kind of room hangs on `tx`."""
    for module in pkgutil.walk_packages(crmkit.services.__path__, "crmkit.services."):
        importlib.import_module(module.name)
    assert set() == _kinds_of(Room) - set(rooms.values())
    assert set() == SETTLED - rooms.keys()


@pytest.mark.parametrize("door", ["begin", "read"])
def test_both_doors_lead_to_the_same_rooms(door: str, rooms: Mapping[str, type[Any]]) -> None:
    """There is no second, smaller set of rooms that the rules of the house would not see."""
    with CRM.open("memory://") as crm, getattr(crm, door)() as tx:
        assert rooms == {name: type(getattr(tx, name)) for name in rooms}


def _verbs(room: type[Any]) -> dict[str, object]:
    """The public methods of a room, inherited ones too."""
    return {name: method for name, method in inspect.getmembers(room, callable) if not name.startswith("_")}


def _kinds_of(room: type[Any]) -> set[type[Any]]:
    """Every class below *room* that is no mere step on the way to one."""
    below = {kind for kind in room.__subclasses__() if kind.__module__.startswith("crmkit.services")}
    leaves = {kind for kind in below if not kind.__subclasses__()}
    return leaves.union(*(_kinds_of(kind) for kind in below - leaves))
