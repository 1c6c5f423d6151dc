"""The file of the demo: made, or found as it was left; never one that holds somebody else's records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from crmkit import CRM, Transaction
from crmkit.demo.loading import ORIGIN, FixedClock
from crmkit.demo.shop import Shop
from crmkit.errors import CRMError, Fault, Invalid, StorageUnreachable

_SAID = {
    "SQLITE_CANTOPEN": "This file cannot be opened or made. Check that its folder is there and can be written.",
    "SQLITE_NOTADB": "This file is no database. Name another one with --db.",
    "SQLITE_READONLY": "This file cannot be written. Check whose it is, or name another one with --db.",
}
_OF_A_CRM = "crmkit_revision"
_NOT_OURS = "This database holds something else than the demo. Name another file with --db; this one was left alone."


def opened(db: Path, shop: Shop) -> CRM:
    """
    Open *db*, with a clock that stands one day after the shop's last invoice.

    The demo is loaded into a new file or into its own: what a host keeps in a database is not to be mixed with it.
    """
    crm = CRM.open(url_of(db.absolute()), clock=FixedClock(shop.today), migrate=_migrate(db))
    try:
        with crm.read() as tx:
            ours = _is_ours(tx, shop)
    except BaseException:
        crm.close()
        raise
    if not ours:
        crm.close()
        raise _not_ours(db)
    return crm


def _migrate(db: Path) -> Literal["create", "never"]:
    """
    Make a schema where there is nothing at all: no file, an empty one, or what a run left that was killed at once.

    Looked at from outside first, for opening a CRM puts a strange database into write-ahead mode.
    """
    if not db.exists() or not db.stat().st_size:
        return "create"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(db.absolute()))}?mode=ro", uri=True)) as file:
            tables = {str(name) for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return "never"  # whatever is wrong with it, opening it says so
    if tables and _OF_A_CRM not in tables:
        raise _not_ours(db)
    return "never" if tables else "create"


def _not_ours(db: Path) -> Invalid:
    return Invalid(Fault(str(db), "not_the_demo", _NOT_OURS))


def url_of(db: Path) -> str:
    """A file's URL, whatever letters its name has."""
    return f"sqlite:///{quote(str(db), safe='/:')}"


def sentence(db: Path, error: CRMError | OSError) -> str:
    """What went wrong with *db*, and what to do."""
    if isinstance(error, StorageUnreachable) and error.code in _SAID:
        return f"{db}: {_SAID[error.code]}"
    if isinstance(error, Invalid):
        return str(error)
    if isinstance(error, CRMError):
        return f"{db}: {error}"
    return f"{db}: {error.strerror or 'This file cannot be used'}. Name another one with --db."


def _is_ours(tx: Transaction, shop: Shop) -> bool:
    """Nobody is here yet, or people of the shop are."""
    if tx.clients.count():
        return any(tx.clients.find(external_id=(ORIGIN, row["customer_id"])) for row in shop.customers)
    emails = {row["employee_id"]: row["email"] for row in shop.employees}
    return all(emails.get(user.id) == user.email for user in tx.users.stream())
