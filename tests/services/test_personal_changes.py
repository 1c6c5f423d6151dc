"""What personal fields held before a change and after it: in the audit alone, proven by the event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from crmkit import CRM, Field, PersonalChange, Transaction
from crmkit.domain.events import Change
from crmkit.domain.query import Query
from crmkit.events import ClientUpdated, Event
from crmkit.testing import FrozenClock

CARD = Field("client", "card", str, pii=True)
LEVEL = Field("client", "level", int)


def kept(crm: CRM) -> list[PersonalChange]:
    with crm.read() as tx:
        return tx._unit.store.select(Query(PersonalChange))


def told(crm: CRM) -> list[Event]:
    with crm.read() as tx:
        return [event for entry in tx._unit.store.journal() for event in entry.events]


def changes_of(event: Any) -> tuple[Change, ...]:
    """What an event says of fields."""
    changes: tuple[Change, ...] = event.changes
    return changes


Does = Callable[[Transaction, Any], Any]
#: What changes a personal field of a client, or of what hangs on it: field, values, and how.
UPDATES: list[tuple[str, str, str, Does, Does]] = [
    ("name", "Ana", "Anna", lambda _, client: client, lambda tx, one: tx.clients.update(one, name="Anna")),
    (
        "text", "Late", "Never late", lambda tx, one: tx.notes.add(one, text="Late").id,
        lambda tx, one: tx.notes.update(one, text="Never late"),
    ),
    (
        "title", "Order", "Web order", lambda tx, one: tx.deals.open(one, title="Order").id,
        lambda tx, one: tx.deals.update(one, title="Web order"),
    ),
    (
        "name", "Boss", "The boss", lambda tx, one: tx.contacts.add(one, name="Boss").id,
        lambda tx, one: tx.contacts.update(one, name="The boss"),
    ),
    (
        "subject", "Late", "Too late", lambda tx, one: tx.tickets.open(one, subject="Late", kind="complaint").id,
        lambda tx, one: tx.tickets.update(one, subject="Too late"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("field", "before", "after", "add", "update"), UPDATES)
def test_what_was_overwritten_is_kept_with_the_client(
    crm: CRM, field: str, before: str, after: str, add: Does, update: Does
) -> None:
    """Both values, of which record, and by which event it was said; nothing of it in the event."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Ana")
        id = add(tx, client.id)
    with crm.begin() as tx:
        update(tx, id)
    (values,), event = kept(crm), told(crm)[-1]
    assert (field, before, after, str(id)) == (values.field, values.before, values.after, values.record_id)
    assert (client.id, event.id) == (values.client_id, event.id)
    assert after not in str(attrs.asdict(event))
    assert values.is_proven_by(next(change for change in changes_of(event) if change.field == field))


def test_a_user_is_of_no_client(crm: CRM) -> None:
    """Your people's names are personal, too."""
    for name in ("Anna", "Anna B."):
        with crm.begin() as tx:
            tx.users.put("17", name=name)
    (values,) = kept(crm)
    assert (None, "user", "17", "Anna") == (values.client_id, values.record, values.record_id, values.before)


def test_nothing_is_kept_of_what_is_new_or_no_secret(crm: CRM) -> None:
    """What was added has no former value, and codes are in the event itself."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Ana", phone="+4930901820")
        tx.notes.add(client.id, text="Late")
        tx.clients.update(client.id, region="DE", name="Ana")
    assert [] == kept(crm)


def test_of_custom_fields_the_personal_ones(clock: FrozenClock) -> None:
    """A loyalty card is somebody's, a level is not; a field nobody declares any more could be anything."""
    with CRM.open("memory://", fields=[CARD, LEVEL], clock=clock) as crm:
        with crm.begin() as tx:
            client = tx.clients.add(name="Ana", custom=[CARD.to("A-16"), LEVEL.to(1)])
            tx.clients.update(client.id, custom=[CARD.to("A-17"), LEVEL.to(2)])
        (values,), event = kept(crm), told(crm)[-1]
        assert ("custom.card", "A-16", "A-17") == (values.field, values.before, values.after)
        assert isinstance(event, ClientUpdated)
        assert [("custom.card", None, True), ("custom.level", "2", False)] == [
            (change.field, change.after, values.is_proven_by(change)) for change in event.changes
        ]


def test_equal_values_have_unlike_proofs(crm: CRM) -> None:
    """Whoever holds the journal, and knows a phone book, cannot try the names one by one."""
    with crm.begin() as tx:
        for _ in "12":
            tx.clients.update(tx.clients.add(name="Ana").id, name="Anna")
    one, other = kept(crm)
    assert one.proof != other.proof
    assert not attrs.evolve(one, after="Hanna").is_proven_by(attrs.evolve(one))


def test_a_refused_update_keeps_nothing(crm: CRM) -> None:
    """The values go in the commit of the change, or not at all."""
    with crm.begin() as tx:
        client = tx.clients.add(name="Ana")
    with pytest.raises(RuntimeError), crm.begin() as tx:
        tx.clients.update(client.id, name="Anna")
        raise RuntimeError
    assert [] == kept(crm)


def test_what_was_changed_since_goes_back_with_its_record(crm: CRM) -> None:
    """Two clients that are told apart again: each has what was said of its own records, whenever it was said."""
    with crm.begin() as tx:
        ana, anna = tx.clients.add(name="Ana"), tx.clients.add(name="Anna")
        note = tx.notes.add(ana.id, text="Late")
        theirs = tx.notes.add(anna.id, text="Early")
    with crm.begin() as tx:
        tx.notes.update(note.id, text="Later")
        tx.clients.merge(ana.id, into=anna.id)
        tx.notes.update(note.id, text="Latest")
        tx.notes.update(theirs.id, text="Earliest")
    assert {anna.id} == {one.client_id for one in kept(crm)}
    with crm.begin() as tx:
        tx.clients.unmerge(ana.id)
    assert {("Later", ana.id), ("Latest", ana.id), ("Earliest", anna.id)} == {
        (one.after, one.client_id) for one in kept(crm)
    }
