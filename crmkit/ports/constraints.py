"""What must hold between records, for whoever keeps them."""

from __future__ import annotations

from crmkit.domain.call import Call
from crmkit.domain.client import Client, ExternalId
from crmkit.domain.consent import Consent
from crmkit.domain.consent.slot import Slot
from crmkit.domain.datum import Datum
from crmkit.domain.deal import Deal, DealStep
from crmkit.domain.document import Document
from crmkit.domain.merge import Merge
from crmkit.domain.message import Attempt, Message
from crmkit.domain.purchase import Purchase
from crmkit.domain.records import HANGING, Record
from crmkit.domain.seal import Seal
from crmkit.domain.task import Task
from crmkit.domain.touchpoint import Touchpoint

Fields = tuple[str, ...]

#: What no two records of a kind may share; a key with an empty part never clashes.
UNIQUE: dict[type[Record], Fields] = {
    ExternalId: ("system", "value"),
    DealStep: ("deal_id", "number"),
    Purchase: ("origin", "external_id"),
    Touchpoint: ("origin", "external_id"),
    Call: ("origin", "external_id"),
    Document: ("origin", "external_id"),
    Consent: ("orig_subject", "seq"),
    Slot: ("orig_subject", "cap", "number"),
    Attempt: ("orig_subject", "seq"),
    Merge: ("merged_id",),
    Datum: ("collection", "key"),
    Seal: ("number",),
}

#: What must be there as long as something points to it. Touchpoints, calls and tasks may be of nobody we know.
POINTS_TO: dict[type[Record], dict[str, type[Record]]] = {
    **{kind: {"client_id": Client} for kind in HANGING if kind not in (Touchpoint, Call, Task)},
    DealStep: {"client_id": Client, "deal_id": Deal},
    Purchase: {"client_id": Client, "deal_id": Deal},
    Attempt: {"client_id": Client, "message_id": Message},
}
