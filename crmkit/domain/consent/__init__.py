"""What clients allow: the ledger of what they said, the rules it is judged by, and the answer."""

from __future__ import annotations

from crmkit.domain.consent.channels import CHANNELS as CHANNELS, REACHED_BY as REACHED_BY
from crmkit.domain.consent.deciding import Circumstances as Circumstances, decide as decide
from crmkit.domain.consent.ledger import (
    EVERY as EVERY,
    NOES as NOES,
    Basis as Basis,
    Consent as Consent,
    ConsentKind as ConsentKind,
    Decision as Decision,
    Evidence as Evidence,
)
from crmkit.domain.consent.policy import Cap as Cap, Law as Law, Policy as Policy
from crmkit.domain.consent.purposes import ConsentPurpose as ConsentPurpose
