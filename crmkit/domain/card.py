"""A client at a glance."""

from __future__ import annotations

import attrs

from crmkit.domain.client import Client
from crmkit.domain.consent import Consent
from crmkit.domain.contact import Contact
from crmkit.domain.contact_point import ContactPoint
from crmkit.domain.deal import Deal
from crmkit.domain.note import Note
from crmkit.domain.purchase import Purchase
from crmkit.domain.task import Task
from crmkit.domain.ticket import Ticket
from crmkit.domain.touchpoint import Touchpoint

#: How many of each a card shows.
CARD_LIMIT = 50


@attrs.frozen
class Card:
    """
    One client with everything on one screen.

    Of each kind the latest fifty, newest first; of tasks the open ones, soonest due first; contacts, contact points and consents in the order they came. Ask the rooms for more.

    >>> from crmkit import CRM
    >>> with CRM.open("memory://", region="RU") as crm, crm.begin() as tx:
    ...     anna = tx.clients.add(name="Anna", phone="8 912 345-67-89")
    ...     len(tx.clients.card(anna.id).contact_points)
    1
    """

    client: Client
    contacts: tuple[Contact, ...]
    contact_points: tuple[ContactPoint, ...]
    touchpoints: tuple[Touchpoint, ...]
    deals: tuple[Deal, ...]
    purchases: tuple[Purchase, ...]
    tasks: tuple[Task, ...]
    tickets: tuple[Ticket, ...]
    notes: tuple[Note, ...]
    consents: tuple[Consent, ...]
