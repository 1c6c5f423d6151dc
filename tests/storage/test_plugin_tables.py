"""A plugin's own tables come, change and go by its own revisions, and its statements touch nothing else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from crmkit.domain.scope import EVERYONE
from crmkit.errors import Conflict, CRMError, Invalid, ReadOnly, TransactionOver
from crmkit.storage.sql import SQLStorage, check
from crmkit.storage.sql.own_tables import OwnTables, prefix_of
from crmkit.storage.sql.plugin_tables import PluginTables
from crmkit.storage.sql.schema import metadata as crmkits
from crmkit.testing import a_client
from crmkit.testing.suite.opened import commit

FIRST = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{label}_0001", None, ("{label}",), "crmkit_0003"

def upgrade():
    op.create_table("{label}__answer", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
                    sa.Column("text", sa.String(100)), sa.Column("at", sa.DateTime()))
    op.create_index("{label}__answer_text", "{label}__answer", ["text"])

def downgrade():
    op.drop_table("{label}__answer")
"""
SECOND = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{label}_0002", "{label}_0001", None, None

def upgrade():
    answer = sa.table("{label}__answer", sa.column("id"), sa.column("text"))
    with op.batch_alter_table("{label}__answer") as batch:
        batch.add_column(sa.Column("stars", sa.Integer, nullable=False, server_default="0"))
    op.execute(sa.update(answer).values(text="seen"))
    op.create_table("{label}__more", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("answer", sa.Integer, sa.ForeignKey("{label}__answer.id")))

def downgrade():
    op.drop_table("{label}__more")
    with op.batch_alter_table("{label}__answer") as batch:
        batch.drop_column("stars")
"""
WRONG = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "bad_0001", None, ("bad",), None

def upgrade():
    {upgrade}

def downgrade():
    pass
"""
metadata = sa.MetaData()
answer = sa.Table(
    "web_forms__answer", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(100)),
    sa.Column("at", sa.DateTime()),
)  # fmt: skip
client = crmkits.tables["crm_client"]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.db"
    new: str = request.getfixturevalue(f"{request.param}_server").new()
    return new


@pytest.fixture
def storage(url: str) -> Generator[SQLStorage]:
    storage = SQLStorage(url)
    yield storage
    storage.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[str, SQLStorage]]:
    """A store for many tests that leave it as it was: making one takes a server half a second."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('lasting')}/crm.db"
    else:
        url = str(request.getfixturevalue(f"{request.param}_server").new())
    storage = SQLStorage(url)
    yield url, storage
    storage.close()


@pytest.fixture
def forms(storage: SQLStorage, tmp_path: Path) -> PluginTables:
    return _plugin(storage, tmp_path, "web-forms", FIRST)


def _plugin(storage: SQLStorage, folder: Path, name: str, *revisions: str) -> PluginTables:
    own = folder / name
    own.mkdir(exist_ok=True)
    label = prefix_of(name).removesuffix("__")
    for number, text in enumerate(revisions):
        (own / f"{number + 1:04}_step.py").write_text(text.replace("{label}", label), encoding="utf-8")
    return PluginTables(storage, name, own)


def _tables(storage: SQLStorage) -> set[str]:
    with storage.engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def test_a_plugins_tables_come_change_and_go(
    storage: SQLStorage, url: str, forms: PluginTables, tmp_path: Path
) -> None:
    """Each step is asked for once; what crmkit and another plugin keep stays as it is."""
    before = _tables(storage)
    other = _plugin(storage, tmp_path, "other", FIRST)
    other.upgrade()
    assert forms.behind()
    forms.upgrade()
    assert (False, False) == (forms.behind(), other.behind())
    with storage.engine.connect() as connection:
        connection.execute(sa.insert(answer), [{"id": 1, "text": "new"}])
        connection.commit()
    _plugin(storage, tmp_path, "web-forms", FIRST, SECOND)
    assert forms.behind()
    for _ in "twice":
        forms.upgrade()
    assert {"web_forms__answer", "web_forms__more", "other__answer"} == _tables(storage) - before
    with storage.engine.connect() as connection:
        assert [(1, "seen")] == [tuple(row) for row in connection.execute(sa.select(answer.c.id, answer.c.text))]
    assert () == check(url)
    forms.uninstall()
    assert {"other__answer"} == _tables(storage) - before
    assert (True, False) == (forms.behind(), other.behind())
    ada = a_client()
    commit(storage, ada)
    SQLStorage(url, migrate="upgrade").close()


@pytest.mark.parametrize(
    ("upgrade", "named"),
    [
        ('op.create_table("answer", sa.Column("id", sa.Integer))', "answer"),
        ('op.create_table("forms__answer", sa.Column("id", sa.Integer))', "forms__answer"),
        ('op.drop_table("crm_note")', "crm_note"),
        ('op.add_column("crm_client", sa.Column("bad__x", sa.Integer))', "crm_client"),
        ('op.create_index("bad__name", "crm_client", ["name"])', "crm_client"),
        ('op.drop_index("crm_client_created_at")', "crm_client_created_at"),
        ('op.rename_table("crm_note", "bad__note")', "crm_note"),
        ('op.execute("DELETE FROM crm_note")', "SQL as text"),
        ('op.get_bind().exec_driver_sql("DROP TABLE crm_note")', "SQL as text"),
        ('op.execute(sa.delete(sa.table("crm_note")))', "crm_note"),
        ('op.create_table("bad__x", sa.Column("id", sa.Integer), sa.Column("c", sa.Integer, sa.ForeignKey("crm_team.id")))', "crm_team"),
    ],
)  # fmt: skip
def test_a_revision_that_touches_others_tables_is_refused(
    lasting: tuple[str, SQLStorage], tmp_path: Path, upgrade: str, named: str
) -> None:
    """Before it does, and by name: where making tables cannot be rolled back, too."""
    url, storage = lasting
    before = _tables(storage)
    bad = _plugin(storage, tmp_path, "bad", WRONG.replace("{upgrade}", upgrade))
    with pytest.raises(Invalid, match=f"not .*{named}"):
        bad.upgrade()
    assert before == _tables(storage)
    assert bad.behind()
    assert () == check(url)


def test_a_folder_without_the_plugins_branch_is_refused(lasting: tuple[str, SQLStorage], tmp_path: Path) -> None:
    """Another's revisions are not run in its name."""
    _, storage = lasting
    tables = PluginTables(storage, "mine", _plugin(storage, tmp_path, "other", FIRST).folder)
    for ask in (tables.behind, tables.upgrade, tables.uninstall):
        with pytest.raises(Invalid, match="branch_labels = \\('mine',\\)"):
            ask()


def _own(storage: SQLStorage, *, write: bool = True) -> tuple[Any, OwnTables]:
    tx = storage.begin(write=write, scope=EVERYONE)
    return tx, OwnTables(tx, "web-forms", writable=write)


def test_statements_run_in_the_transaction(storage: SQLStorage, forms: PluginTables) -> None:
    """They see what it wrote, are committed with it, and undone with it."""
    forms.upgrade()
    for ends, expected in (("rollback", 0), ("commit", 1)):
        tx, own = _own(storage)
        ada = a_client()
        tx.insert(ada)
        own.execute(sa.insert(answer), [{"id": 1, "text": "Ё"}, {"id": 2, "text": None}])
        own.execute(sa.delete(answer).where(answer.c.id.in_([2, 3])))
        assert [(1, "Ё", None)] == [tuple(row) for row in own.execute(sa.select(answer))]
        getattr(tx, ends)()
        reader, own = _own(storage, write=False)
        assert expected == own.execute(sa.select(sa.func.count()).select_from(answer))[0][0]
        assert expected == len(reader.get_many(type(ada), [ada.id]))
        reader.rollback()
        with pytest.raises(TransactionOver):
            own.execute(sa.select(answer))


FOREIGN: dict[str, Callable[[], Any]] = {
    "read": lambda: sa.select(client),
    "join": lambda: sa.select(answer).join(client, sa.true()),
    "below": lambda: sa.select(answer).where(answer.c.text.in_(sa.select(client.c.name))),
    "insert": lambda: sa.insert(client).values(id=UUID(int=1), name="x"),
    "from select": lambda: sa.insert(answer).from_select(["text"], sa.select(client.c.name)),
    "values": lambda: sa.insert(answer).values([{"text": sa.select(client.c.name).scalar_subquery()}, {"text": "x"}]),
    "update": lambda: sa.update(client).values(name="x"),
    "delete": lambda: sa.delete(client),
    "using": lambda: sa.delete(answer).where(client.c.name == answer.c.text),
    "cte": lambda: sa.select(sa.select(client.c.name).cte("own")),
    "lightweight": lambda: sa.select(sa.table("crm_client", sa.column("name"))),
    "union": lambda: sa.union(sa.select(answer.c.text), sa.select(client.c.name)),
    "other schema": lambda: sa.select(sa.table("web_forms__answer", sa.column("id"), schema="other")),
    "like ours": lambda: sa.select(sa.table("web_formsX", sa.column("id"))),
}
TEXTS: dict[str, Callable[[], Any]] = {
    "text": lambda: sa.text("SELECT 1"),
    "string": lambda: "SELECT 1",
    "where": lambda: sa.select(answer).where(sa.text("1 = 1")),
    "literal": lambda: sa.select(answer, sa.literal_column("name")),
    "prefix": lambda: sa.select(answer).prefix_with("ALL"),
    "suffix": lambda: sa.select(answer).suffix_with("FOR UPDATE"),
    "op": lambda: sa.select(answer.c.id.op("OR EXISTS (SELECT 1 FROM crm_client) AND")(1)),
    "hint": lambda: sa.select(answer).with_hint(answer, ", crm_client"),
    "statement hint": lambda: sa.select(answer).with_statement_hint("FOR UPDATE"),
    "set": lambda: sa.update(answer).values(text=sa.text("'x'")),
    "order": lambda: sa.select(answer).order_by(sa.text("1")),
    "lambda": lambda: sa.lambda_stmt(lambda: sa.select(answer)),
    "ddl": lambda: sa.schema.DropTable(answer),
}


@pytest.mark.parametrize("made", [*FOREIGN.values(), *TEXTS.values()], ids=[*FOREIGN, *TEXTS])
def test_a_statement_that_is_not_all_the_plugins_is_refused(made: Callable[[], Any], tmp_path: Path) -> None:
    """Wherever in it another's table stands, or text that could name one; the transaction goes on."""
    storage = SQLStorage(f"sqlite:///{tmp_path}/crm.db")
    tx, own = _own(storage)
    with pytest.raises(Invalid) as caught:
        own.execute(made())
    assert ["statement"] == [fault.path for fault in caught.value.faults]
    tx.insert(a_client())
    tx.commit()
    storage.close()


def test_who_only_reads_cannot_write(storage: SQLStorage, forms: PluginTables) -> None:
    """Not even to its own tables, nor by the way."""
    forms.upgrade()
    tx, own = _own(storage, write=False)
    with pytest.raises(ReadOnly):
        own.execute(sa.insert(answer).values(id=1))
    assert [] == list(own.execute(sa.select(answer)))
    tx.rollback()


def test_what_a_database_refuses_ends_the_transaction(storage: SQLStorage, forms: PluginTables) -> None:
    """By crmkit's errors, without a word of what was written."""
    forms.upgrade()
    tx, own = _own(storage)
    tx.insert(a_client())
    own.execute(sa.insert(answer).values(id=1, text="secret"))
    with pytest.raises(Conflict) as caught:
        own.execute(sa.insert(answer).values(id=1, text="secret"))
    assert "secret" not in f"{caught.value} {caught.value.__context__} {caught.value.__cause__}"
    with pytest.raises(CRMError):
        tx.commit()
    tx, own = _own(storage)
    assert [] == list(own.execute(sa.select(answer)))
    with pytest.raises(Invalid, match="do not fit"):
        own.execute(sa.select(answer).where(answer.c.id == sa.bindparam("wanted")))
    tx.rollback()
