"""A telephone call while it rings, and what it was when it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from crmkit.domain.ids import CallId, ClientId, TouchpointId
from crmkit.domain.marks import Code, Masked, Personal
from crmkit.domain.touchpoint import Direction

CallState = Literal["dialing", "ringing", "talking", "ended"]
Disposition = Literal["answered", "no_answer", "busy", "failed", "rejected", "voicemail", "abandoned"]
CallOutcome = Literal["talked", "callback_requested", "wrong_number", "refused", "do_not_call"]
#: What an inbound call ended as when nobody on our side spoke to the caller.
MISSED: frozenset[Disposition] = frozenset({"no_answer", "busy", "failed", "rejected", "voicemail", "abandoned"})


@attrs.frozen
class Call(Masked):
    """
    A call lives here while it rings and leaves one touchpoint at its end. Withheld and garbled callers are kept too.

    >>> from datetime import UTC, datetime
    >>> from crmkit import CRM
    >>> with CRM.open("memory://", region="RU") as crm, crm.begin() as tx:
    ...     call = tx.calls.start(number="8 912 345-67-89", origin="pbx", external_id="c-1")
    ...     tx.calls.end(call.id, disposition="no_answer").state
    'ended'
    """

    id: CallId
    client_id: ClientId | None
    direction: Direction
    state: CallState
    number: Personal[str]
    match_key: Personal[str | None]
    line: Code[str | None]
    answered_by: Code[str | None]
    disposition: Disposition | None
    outcome: CallOutcome | None
    origin: Code[str]
    external_id: Code[str | None]
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    touchpoint_id: TouchpointId | None
    updated_at: datetime
    version: int = 1
