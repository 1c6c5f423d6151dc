"""Every event: a verb's past participle, frozen, with ids and changes and never a personal value."""

from __future__ import annotations

from crmkit.domain.events.consents import (
    ConsentConfirmed as ConsentConfirmed,
    ConsentGranted as ConsentGranted,
    ConsentInvalidated as ConsentInvalidated,
    ConsentObjectedTo as ConsentObjectedTo,
    ConsentRefused as ConsentRefused,
    ConsentRequested as ConsentRequested,
    ConsentSuppressed as ConsentSuppressed,
    ConsentUnsuppressed as ConsentUnsuppressed,
    ConsentWithdrawn as ConsentWithdrawn,
    NoticeAdded as NoticeAdded,
)
from crmkit.domain.events.data import (
    DataBulkAccessDetected as DataBulkAccessDetected,
    DataExported as DataExported,
    DataRead as DataRead,
    DataTaken as DataTaken,
)
from crmkit.domain.events.documents import (
    DocumentAdded as DocumentAdded,
    DocumentRemoved as DocumentRemoved,
    DocumentUpdated as DocumentUpdated,
)
from crmkit.domain.events.envelope import (
    BY_TOPIC as BY_TOPIC,
    NOUNS as NOUNS,
    Change as Change,
    Event as Event,
    UnknownEvent as UnknownEvent,
    topic_of as topic_of,
)
from crmkit.domain.events.exchanges import (
    CallAnswered as CallAnswered,
    CallDialed as CallDialed,
    CallEnded as CallEnded,
    CallMissed as CallMissed,
    CallRecorded as CallRecorded,
    CallStarted as CallStarted,
    TouchpointRecorded as TouchpointRecorded,
)
from crmkit.domain.events.messages import (
    MessageCancelled as MessageCancelled,
    MessageDeferred as MessageDeferred,
    MessageFailed as MessageFailed,
    MessageHeld as MessageHeld,
    MessageQueued as MessageQueued,
    MessageReceived as MessageReceived,
    MessageRefused as MessageRefused,
    MessageReported as MessageReported,
    MessageSent as MessageSent,
)
from crmkit.domain.events.people import (
    ClientActivated as ClientActivated,
    ClientAdded as ClientAdded,
    ClientArchived as ClientArchived,
    ClientAssigned as ClientAssigned,
    ClientKeptApart as ClientKeptApart,
    ClientLost as ClientLost,
    ClientMerged as ClientMerged,
    ClientReactivated as ClientReactivated,
    ClientRestored as ClientRestored,
    ClientUnmerged as ClientUnmerged,
    ClientUpdated as ClientUpdated,
    ClientWentDormant as ClientWentDormant,
    ContactAdded as ContactAdded,
    ContactPointAdded as ContactPointAdded,
    ContactPointInvalidated as ContactPointInvalidated,
    ContactPointRemoved as ContactPointRemoved,
    ContactPointUpdated as ContactPointUpdated,
    ContactPointVerified as ContactPointVerified,
    ContactRemoved as ContactRemoved,
    ContactUpdated as ContactUpdated,
    ShareGranted as ShareGranted,
    ShareRevoked as ShareRevoked,
    TeamPut as TeamPut,
    UserPut as UserPut,
)
from crmkit.domain.events.sales import (
    DealAssigned as DealAssigned,
    DealCancelled as DealCancelled,
    DealLost as DealLost,
    DealMoved as DealMoved,
    DealOpened as DealOpened,
    DealReopened as DealReopened,
    DealUpdated as DealUpdated,
    DealWon as DealWon,
    PipelineDefined as PipelineDefined,
    PurchaseRecorded as PurchaseRecorded,
    PurchaseRefunded as PurchaseRefunded,
)
from crmkit.domain.events.work import (
    NoteAdded as NoteAdded,
    NoteUpdated as NoteUpdated,
    TaskCancelled as TaskCancelled,
    TaskCompleted as TaskCompleted,
    TaskPlanned as TaskPlanned,
    TaskPostponed as TaskPostponed,
    TaskStarted as TaskStarted,
    TaskUpdated as TaskUpdated,
    TicketAssigned as TicketAssigned,
    TicketClosed as TicketClosed,
    TicketOpened as TicketOpened,
    TicketReopened as TicketReopened,
    TicketResolved as TicketResolved,
    TicketResponded as TicketResponded,
    TicketUpdated as TicketUpdated,
)

#: Events raised by a rule instead of a verb of their own.
DERIVED: tuple[type[Event], ...] = (
    ClientActivated,
    ClientReactivated,
    ClientWentDormant,
    CallMissed,
    MessageQueued,
    MessageDeferred,
    MessageRefused,
    MessageHeld,
    MessageFailed,
    DataTaken,  # of doors, which are no room: crm.export_clients and its kin
    DataExported,
    DataRead,
    DataBulkAccessDetected,
)
