"""Tenants of one server know nothing of each other."""

from __future__ import annotations

import logging
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from brute_force import storage_of
from busy_shop import Shop
from every_read import READS, Lot, answer
from private_servers.postgresql import PostgreSQLServer

from crmkit import CRM, MemoryStorage
from crmkit.errors import CRMError, Invalid, SchemaBehind
from crmkit.storage import opening
from crmkit.storage.opening import open_storage
from crmkit.storage.sql import url_of_tenant

TENANTS = ("acme", "globex", "initech")


@pytest.fixture(params=["memory", "sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store that no tenant has used."""
    if request.param in ("postgresql", "mariadb"):
        return str(request.getfixturevalue(f"{request.param}_server").new())
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/shop.db"


def test_each_is_told_only_of_their_own(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The comparison of who sees what, with tenants for actors: asked with the ids and words of all (safety A10)."""
    caplog.set_level(logging.DEBUG)
    shops = {name: Shop(open_storage(url, tenant=name), seed, users=3) for seed, name in enumerate(TENANTS)}
    for _ in range(12):
        for shop in shops.values():
            shop.go_on()
    everything = {name: shop.everything() for name, shop in shops.items()}
    ids, words = dict[str, list[object]](), list[str]()
    for shop in shops.values():
        one = shop.lot(0)
        words += one.words
        for kind, known in one.ids.items():
            ids.setdefault(kind, []).extend(known)
    tried, random = 0, Random(10)
    for name, shop in shops.items():
        theirs = everything[name]
        only = CRM(
            storage_of(theirs.records, theirs.journal),
            clock=shop.clock,
            region="RU",
            blobs=shop.blobs,
            consent="permissive",
        )
        with shop.house.read() as tx, only.read() as oracle:
            for asked in sorted(READS) * 3:
                seed = random.randrange(1 << 30)
                told, right = (
                    answer(one, asked, Lot(Random(seed), ids, words, shop.lot(0).phones)) for one in (tx, oracle)
                )
                assert right == told, (name, asked, seed)
                tried += 1
    assert tried == 3 * 3 * len(READS)
    for shop in shops.values():
        shop.crm.close()


@pytest.mark.parametrize("url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_what_one_keeps_is_there_when_it_comes_back(url: str, tmp_path: Path) -> None:
    """At a URL of its own, which programs that know of no tenants use; its contents lie in a folder of its own."""
    for tenant in TENANTS:
        with CRM.open(url, tenant=tenant, blobs=tmp_path / "blobs") as crm, crm.begin() as tx:
            client = tx.clients.add(name=f"Of {tenant}")
            tx.documents.add(client_id=client.id, name="Contract", content=b"Sign here.")
    for tenant in TENANTS:
        with CRM.open(url_of_tenant(url, tenant), migrate="never") as crm, crm.read() as tx:
            assert [f"Of {tenant}"] == [client.name for client in tx.clients.list()]
    assert {*TENANTS} == {folder.name for folder in (tmp_path / "blobs").iterdir()}
    with CRM.open(url) as crm, crm.read() as tx:
        assert 0 == tx.clients.count()


def test_who_may_not_make_a_tenants_room_may_use_it(postgresql_server: PostgreSQLServer) -> None:
    """Programs connect as a role that owns nothing: to open what is there takes no right to make anything."""
    url = postgresql_server.new()
    with CRM.open(url, tenant="acme") as crm, crm.begin() as tx:
        tx.clients.add(name="Anna")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for said in (
            "CREATE ROLE clerk LOGIN", "GRANT USAGE ON SCHEMA crm_acme TO clerk",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm_acme TO clerk",
        ):  # fmt: skip
            connection.exec_driver_sql(said)
    as_clerk = sa.make_url(url).set(username="clerk").render_as_string(hide_password=False)
    with CRM.open(as_clerk, tenant="acme") as crm, crm.read() as tx:
        assert 1 == tx.clients.count()
    with pytest.raises(CRMError):
        CRM.open(as_clerk, tenant="globex")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP OWNED BY clerk")
        connection.exec_driver_sql("DROP ROLE clerk")
    engine.dispose()


def test_nothing_is_made_for_a_tenant_that_is_not_to_be_made(tmp_path: Path) -> None:
    """With migrate="never" a stranger's name is no new store."""
    with pytest.raises(SchemaBehind):
        CRM.open(f"sqlite:///{tmp_path}/shop.db", tenant="acme", migrate="never")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("tenant", ["", "Acme", "7up", "a-b", "../acme", "a;drop schema public", "x" * 32, 7])
def test_a_name_that_is_none_is_refused(tenant: str) -> None:
    """On whatever storage, before anything is opened."""
    for url in ("memory://", "sqlite:///shop.db", "postgresql+psycopg://nobody@localhost:1/shop"):
        with pytest.raises(Invalid, match="small letters"):
            CRM.open(url, tenant=tenant)


def _of_one(url: str, *, migrate: str) -> MemoryStorage:  # what an entry point names is called so
    return MemoryStorage()


def test_a_store_that_keeps_no_tenants_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's storage that knows of none; and a URL of SQLite that names no plain file."""
    monkeypatch.setattr(opening, "_opener", {"elsewhere": _of_one}.get)
    with pytest.raises(Invalid, match="give each a URL"):
        CRM.open("elsewhere://", tenant="acme")
    monkeypatch.undo()
    with pytest.raises(Invalid, match="beside a file"):
        CRM.open(f"sqlite:///file:{tmp_path}/shop.db?mode=rw&uri=true", tenant="acme")
