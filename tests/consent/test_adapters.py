"""The same decisions wherever the ledger lies: each database is asked the oracle's questions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import attrs
import pytest
from basis_matrix import RULES
from histories import Question, questions
from hypothesis import HealthCheck, given, settings
from translating import consents, expected, instant, named, policy_of, told

from crmkit import CRM, Field
from crmkit.domain.consent import Decision
from crmkit.domain.ids import ClientId
from crmkit.services.consenting.addresses import Address
from crmkit.services.consenting.judging import decision
from crmkit.storage.opening import open_storage
from crmkit.testing import FrozenClock

BORN = Field("client", "born", date)
POLICY = attrs.evolve(policy_of(RULES), birthday=BORN)
ONE_STORE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
DATABASES = ("memory", "sqlite", "postgresql", "mariadb")


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest) -> Iterator[CRM]:
    """An empty store on one database, which each question leaves as it was."""
    url = "memory://" if database == "memory" else request.getfixturevalue(f"{database}_url")
    with CRM(open_storage(url), clock=FrozenClock(), fields=[BORN], consent=POLICY, delivery="external") as crm:
        yield crm


class _Undone(Exception):  # it is no error
    """Leaves the store as it was."""


def asked(crm: CRM, question: Question) -> Decision:
    """What the store answers, once the ledger lies there."""
    answers = list[Decision]()
    try:
        with crm.begin() as tx:
            whose = ClientId(named(question.cell.subject))
            born = date(instant(question.now.now).year - 31, 1, 1)
            made = tx.clients.add(name="Anna", custom=[BORN.to(born)])
            client = attrs.evolve(made, id=whose)
            tx._unit.store.insert(client)
            for one in consents([said for said in question.said if said.subject == question.cell.subject]):
                tx._unit.store.insert(one)
            cell = question.cell
            answers.append(decision(
                tx._unit, client, purpose=cell.purpose, channel=cell.channel, address=Address(cell.endpoint),
                at=instant(question.now.now), jurisdiction=question.now.jurisdiction,
            ))  # fmt: skip
            raise _Undone  # noqa: TRY301
    except _Undone:
        return answers[0]


@pytest.mark.parametrize("database", DATABASES)
@given(question=questions(calm=True))
@settings(max_examples=60, suppress_health_check=ONE_STORE)
def test_each_database_answers_as_the_oracle_does(store: CRM, question: Question) -> None:
    """With the same reason and the same evidence."""
    assert expected(question) == told(asked(store, question))


@pytest.mark.heavy
@pytest.mark.parametrize("database", ["memory"])
@given(question=questions(calm=True))
@settings(max_examples=5000, suppress_health_check=ONE_STORE)
def test_five_thousand_questions_are_answered_in_memory(store: CRM, question: Question) -> None:
    """As above."""
    assert expected(question) == told(asked(store, question))


@pytest.mark.heavy
@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
@given(question=questions(calm=True))
@settings(max_examples=500, suppress_health_check=ONE_STORE)
def test_five_hundred_questions_are_answered_on_each_database(store: CRM, question: Question) -> None:
    """As above."""
    assert expected(question) == told(asked(store, question))
