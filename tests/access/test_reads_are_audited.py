"""Whatever a public read hands out of a person's data is written down: found by trying every one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from busy_shop import Shop
from every_read import READS, Points, answer

from crmkit import CRM, Client, MemoryStorage
from crmkit.access import System
from crmkit.audit import Audit
from crmkit.domain.marks import personal_fields
from crmkit.events import DataRead
from crmkit.ports import Storage
from crmkit.storage.opening import open_storage


def whose(answered: object) -> Iterator[tuple[str, Any]]:
    """Each client whose personal data is somewhere in an answer, with the class that it is in."""
    if isinstance(answered, Client):
        yield "Client", answered.id
    elif attrs.has(kind := type(answered)):  # pyright: ignore[reportUnknownArgumentType]
        is_personal = kind is Points or personal_fields(kind)
        if is_personal and (id := getattr(answered, "client_id", None)) is not None:
            yield kind.__name__, id
        for field in attrs.fields(kind):
            yield from whose(getattr(answered, field.name))
    elif isinstance(answered, Mapping):
        for value in answered.values():  # pyright: ignore[reportUnknownVariableType]
            yield from whose(value)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(answered, (tuple, list, frozenset)):
        for value in answered:  # pyright: ignore[reportUnknownVariableType]
            yield from whose(value)  # pyright: ignore[reportUnknownArgumentType]


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return MemoryStorage() if request.param == "memory" else open_storage(f"sqlite:///{tmp_path}/shop.db")


def test_every_read_leaves_its_clients_in_the_audit(storage: Storage) -> None:
    """Nobody is handed out unsaid, by whatever way, and each kind has a way here."""
    shop = Shop(storage, seed=7, users=3)
    for _ in range(60):
        shop.go_on()
    shop.everything()
    crm = CRM(storage, clock=shop.clock, region="RU", blobs=shop.blobs, audit=Audit(reads=True))
    asked, said = dict[str, list[tuple[str, Any]]](), dict[str, set[Any]]()
    for name in sorted(READS):
        for seed in range(4):
            with crm.bind(actor="17", correlation_id=f"{name} {seed}").read() as tx:
                asked[f"{name} {seed}"] = [*whose(answer(tx, name, shop.lot(seed)))]
    with crm.bind(actor=System("house")).read() as tx:
        for entry in tx._unit.store.journal():
            for event in entry.events:
                if isinstance(event, DataRead) and event.actor == "17":
                    said.setdefault(str(event.correlation_id), set()).update(event.client_ids)
    unsaid = {(name, kind) for name, found in asked.items() for kind, id in found if id not in said.get(name, ())}
    met = {kind for found in asked.values() for kind, _ in found}
    assert set() == unsaid
    assert {
        "Call", "Client", "Consent", "Contact", "ContactPoint", "Deal", "Document", "Message", "Note", "Outcome", "PersonalChange", "Points",
        "Purchase", "Task", "Ticket", "Touchpoint",
    } == met  # fmt: skip
    crm.close()
