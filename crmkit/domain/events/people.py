"""What happens to clients, their contacts and contact points, and to the host's own people."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.domain.client import ClientKind, Lifecycle
from crmkit.domain.contact_point import PointKind
from crmkit.domain.events.envelope import Change, Event
from crmkit.domain.ids import ClientId, ContactId, ContactPointId, MergeId, ShareId
from crmkit.domain.marks import Code
from crmkit.domain.share import Right


@attrs.frozen
class UserPut(Event):
    """A user was added or changed."""

    user_id: Code[str]
    changes: tuple[Change, ...]


@attrs.frozen
class TeamPut(Event):
    """A team was added or changed."""

    team_id: Code[str]
    changes: tuple[Change, ...]


@attrs.frozen
class ShareGranted(Event):
    """A client was shared with a user, until an instant or until it is revoked."""

    share_id: ShareId
    client_id: ClientId
    user: Code[str]
    right: Right
    until: datetime | None


@attrs.frozen
class ShareRevoked(Event):
    """A client is shared with a user no more."""

    share_id: ShareId
    client_id: ClientId
    user: Code[str]


@attrs.frozen
class ClientAdded(Event):
    """A client is known from now on."""

    client_id: ClientId
    kind: ClientKind
    owner: Code[str | None]
    points: tuple[ContactPointId, ...]


@attrs.frozen
class ClientUpdated(Event):
    """Fields of a client changed."""

    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class ClientAssigned(Event):
    """Another owner, or none, is responsible for a client."""

    client_id: ClientId
    from_owner: Code[str | None]
    to_owner: Code[str | None]
    reason: Code[str | None]


@attrs.frozen
class ClientActivated(Event):
    """A prospect bought for the first time."""

    client_id: ClientId


@attrs.frozen
class ClientReactivated(Event):
    """A dormant or lost client bought again."""

    client_id: ClientId
    was: Lifecycle


@attrs.frozen
class ClientWentDormant(Event):
    """An active client has been silent for too long."""

    client_id: ClientId
    idle_since: datetime


@attrs.frozen
class ClientLost(Event):
    """We do not count on this client any more."""

    client_id: ClientId
    reason: Code[str]


@attrs.frozen
class ClientArchived(Event):
    """A client was put away."""

    client_id: ClientId
    reason: Code[str | None]


@attrs.frozen
class ClientRestored(Event):
    """An archived client is back where it was."""

    client_id: ClientId
    lifecycle: Lifecycle


@attrs.frozen
class ClientMerged(Event):
    """Another client turned out to be this one; `moved` records came along, and its old id leads here."""

    client_id: ClientId
    merged_id: ClientId
    merge_id: MergeId
    reason: Code[str | None]
    moved: int


@attrs.frozen
class ClientKeptApart(Event):
    """Two clients who share a way to be reached are two, whatever it looks like."""

    client_id: ClientId
    other_id: ClientId


@attrs.frozen
class ClientUnmerged(Event):
    """A merged client is one of its own again; `moved` records went back to it."""

    client_id: ClientId
    survivor_id: ClientId
    merge_id: MergeId
    moved: int


@attrs.frozen
class ContactAdded(Event):
    """Somebody at a client is known."""

    contact_id: ContactId
    client_id: ClientId
    roles: Code[tuple[str, ...]]


@attrs.frozen
class ContactUpdated(Event):
    """Fields of a contact changed."""

    contact_id: ContactId
    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class ContactRemoved(Event):
    """A contact is gone; their contact points stay with the client."""

    contact_id: ContactId
    client_id: ClientId


@attrs.frozen
class ContactPointAdded(Event):
    """There is one more way to reach a client."""

    contact_point_id: ContactPointId
    client_id: ClientId
    kind: PointKind


@attrs.frozen
class ContactPointUpdated(Event):
    """Fields of a contact point changed."""

    contact_point_id: ContactPointId
    client_id: ClientId
    changes: tuple[Change, ...]


@attrs.frozen
class ContactPointVerified(Event):
    """A contact point was seen to work."""

    contact_point_id: ContactPointId
    client_id: ClientId


@attrs.frozen
class ContactPointInvalidated(Event):
    """A contact point reaches nobody."""

    contact_point_id: ContactPointId
    client_id: ClientId
    reason: Code[str | None]


@attrs.frozen
class ContactPointRemoved(Event):
    """A contact point is gone."""

    contact_point_id: ContactPointId
    client_id: ClientId
