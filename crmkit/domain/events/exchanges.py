"""What passes between a client and us: touchpoints, calls."""

from __future__ import annotations

import attrs

from crmkit.domain.call import CallOutcome, Disposition
from crmkit.domain.events.envelope import Event
from crmkit.domain.ids import CallId, ClientId, DealId, TaskId, TouchpointId
from crmkit.domain.marks import Code
from crmkit.domain.touchpoint import Channel, Direction, Initiator


@attrs.frozen
class TouchpointRecorded(Event):
    """A contact took place."""

    touchpoint_id: TouchpointId
    client_id: ClientId | None
    deal_id: DealId | None
    channel: Channel
    direction: Direction
    initiator: Initiator
    outcome: Code[str | None]


@attrs.frozen
class CallDialed(Event):
    """Somebody of ours asked to be put through to a client."""

    call_id: CallId
    client_id: ClientId | None
    purpose: Code[str]


@attrs.frozen
class CallStarted(Event):
    """A telephone rings."""

    call_id: CallId
    client_id: ClientId | None
    direction: Direction
    line: Code[str | None]


@attrs.frozen
class CallAnswered(Event):
    """Two people talk."""

    call_id: CallId
    client_id: ClientId | None
    answered_by: Code[str | None]


@attrs.frozen
class CallEnded(Event):
    """A call is over, and left a touchpoint."""

    call_id: CallId
    client_id: ClientId | None
    touchpoint_id: TouchpointId
    disposition: Disposition
    outcome: CallOutcome | None
    seconds: int


@attrs.frozen
class CallRecorded(Event):
    """A finished call was reported in one piece, and left a touchpoint."""

    call_id: CallId
    client_id: ClientId | None
    touchpoint_id: TouchpointId
    disposition: Disposition
    outcome: CallOutcome | None
    seconds: int


@attrs.frozen
class CallMissed(Event):
    """Nobody of ours answered; a task asks to call back."""

    call_id: CallId
    client_id: ClientId | None
    task_id: TaskId
