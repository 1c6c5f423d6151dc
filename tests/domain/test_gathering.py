"""Faults of several verbs, told together."""

from __future__ import annotations

import pytest

from crmkit import CRM, Faults
from crmkit.errors import Fault, Invalid, NotFound, TransactionOver
from crmkit.ids import deal_id


def test_the_faults_of_a_form_come_at_once_and_nothing_is_written() -> None:
    """In the order of the verbs, each once; what was fine is rolled back with the rest."""
    with CRM.open("memory://") as crm:
        with crm.begin() as tx:
            ada = tx.clients.add(name="Ada")
        with pytest.raises(Invalid) as caught, crm.begin() as tx, Faults() as faults:
            with faults:
                tx.clients.assign(ada.id, owner="17")
            with faults:
                tx.clients.update(ada.id, name="", language="german")
            with faults:
                tx.clients.update(ada.id, name="")
            faults.add("captcha", "wrong", "Type the letters again.")
            with faults:
                tx.contact_points.add(ada.id, email="nobody")
        assert ["name", "language", "captcha", "email"] == [fault.path for fault in caught.value.faults]
        assert Fault("captcha", "wrong", "Type the letters again.") in caught.value.faults
        assert caught.value.__suppress_context__
        with crm.read() as tx:
            assert ada == tx.clients.get(ada.id)


def test_without_a_fault_nothing_is_raised() -> None:
    """And all of it is written."""
    with CRM.open("memory://") as crm:
        with crm.begin() as tx:
            ada = tx.clients.add(name="Ada")
            with Faults() as faults:
                with faults:
                    tx.clients.update(ada.id, name="Ada King")
                with faults:
                    tx.clients.assign(ada.id, owner="17")
        with crm.read() as tx:
            assert "17" == tx.clients.get(ada.id).owner


def test_a_fault_outside_any_inner_block_joins_the_others() -> None:
    """The outer block ends there."""
    with CRM.open("memory://") as crm, crm.begin() as tx:
        with pytest.raises(Invalid) as caught, Faults() as faults:
            with faults:
                tx.clients.add(name="")
            tx.clients.add(name="Ada", email="nobody")
        assert ["name", "email"] == [fault.path for fault in caught.value.faults]


def test_whatever_is_no_invalid_input_passes_through() -> None:
    """It would be a mistake to go on after it: the transaction may be over."""
    with CRM.open("memory://") as crm, crm.begin() as tx:
        ada = tx.clients.add(name="Ada")
        with pytest.raises(NotFound), Faults() as faults:
            with faults:
                tx.clients.add(name="")
            with faults:
                tx.deals.get(deal_id(str(ada.id)))
            pytest.fail("It went on.")
    with pytest.raises(TransactionOver), Faults() as faults, faults:
        tx.clients.add(name="Bob")


def test_what_was_told_is_not_told_again() -> None:
    """One of them may serve several forms."""
    faults = Faults()
    with CRM.open("memory://") as crm:
        for _ in range(2):
            with pytest.raises(Invalid) as caught, crm.begin() as tx, faults, faults:
                tx.clients.add(name="")
            assert ["name"] == [fault.path for fault in caught.value.faults]
        with crm.begin() as tx, faults, faults:
            tx.clients.add(name="Ada")
        with pytest.raises(KeyError), crm.begin() as tx, faults:
            with faults:
                tx.clients.add(name="")
            raise KeyError
        with crm.begin() as tx, faults:
            tx.clients.add(name="Bob")
