"""From a URL to a storage."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from crmkit.errors import Invalid, StorageUnreachable
from crmkit.storage import opening
from crmkit.storage.memory import MemoryStorage
from crmkit.storage.opening import open_storage
from crmkit.storage.sql import SQLStorage
from crmkit.storage.sql.history import HEAD


def test_a_url_names_its_storage(tmp_path: Path) -> None:
    """The scheme decides; each storage says what it is."""
    with_a_file = open_storage(f"sqlite:///{tmp_path}/crm.db")
    with_its_driver = open_storage(f"sqlite+pysqlite:///{tmp_path}/crm.db")
    assert ["memory", "sqlite", "sqlite"] == [
        open_storage("memory://").name,
        with_a_file.name,
        with_its_driver.name,
    ]
    assert [None, HEAD] == [open_storage("memory://").revision(), with_a_file.revision()]
    with_a_file.close()
    with_its_driver.close()


@pytest.mark.parametrize(
    "url",
    [None, 5, "", "shop.db", "memory:", b"memory://", "memory://shop", "oracle://shop", "sqlite://", "sqlite:///",
     "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "sqlite:///shop.db?colour=red", "://", "sqlite:// /"],
)  # fmt: skip
def test_what_names_no_storage_is_invalid(url: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence that says what to write instead, and no file left behind."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid) as caught:
        open_storage(url)
    assert ["url"] == [fault.path for fault in caught.value.faults]
    assert [] == list(tmp_path.iterdir())


def test_an_unknown_scheme_is_answered_with_the_known_ones() -> None:
    """The caller sees what is installed."""
    with pytest.raises(Invalid, match="mariadb://, memory://, mysql://, postgresql://, sqlite://"):
        open_storage("oracle://shop")


def test_a_password_is_never_shown() -> None:
    """A URL that cannot be read may hold one all the same."""
    with pytest.raises(Invalid) as caught:
        SQLStorage("sqlite://anna:secret@[::1/shop.db")
    assert "secret" not in str(caught.value)


def test_an_installed_scheme_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the entry points of `crmkit.storages.v1`; ours cannot be replaced by accident."""
    points = [EntryPoint(name, "crmkit.storage.memory:opened", opening.GROUP) for name in ("elsewhere", "sqlite")]

    def installed(group: str) -> list[EntryPoint]:
        return points if group == opening.GROUP else []

    monkeypatch.setattr(opening, "entry_points", installed)
    with pytest.raises(Invalid, match="no name"):
        open_storage("elsewhere://")
    with pytest.raises(StorageUnreachable):
        open_storage("sqlite:////nowhere/at/all.db")
    assert isinstance(open_storage("memory://"), MemoryStorage)


def test_a_relative_path_is_meant_from_where_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that changes its folder later still has one store."""
    monkeypatch.chdir(tmp_path)
    storage = SQLStorage("sqlite:///shop.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    one, two = storage.connections.take(), storage.connections.take()
    assert one is not two
    for connection in (one, two):
        storage.connections.give(connection)
    storage.close()
    assert [] == list((tmp_path / "elsewhere").iterdir())
