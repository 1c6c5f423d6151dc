"""Policy packs: what the laws that are known ask, as data. No legal advice: have a lawyer read the page of yours.

Sources: GDPR art. 6, 7, 21; ePrivacy directive art. 13; 152-FZ art. 9 as of 1 September 2025 (156-FZ); 38-FZ art. 18;
41-FZ as of 1 September 2025; CAN-SPAM; TCPA.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final, get_args

import attrs

from crmkit.domain.consent.ledger import EVERY, Basis
from crmkit.domain.consent.policy import Cap, Law, Matrix, Policy
from crmkit.domain.consent.purposes import PURPOSE_CLASSES
from crmkit.domain.reaching.hours import Hours

YES: Final = frozenset[Basis]({"consent"})
OWED: Final = frozenset[Basis]({"contract", "consent"})
WEIGHED: Final = frozenset[Basis]({"consent", "legitimate_interest"})
KNOWN_BUYER: Final = frozenset[Basis]({"consent", "soft_opt_in"})
TOLD: Final = frozenset[Basis]({"consent", "notice_opt_out"})
DUTY: Final = frozenset[Basis]({"legal_obligation"})
EVERYTHING: Final = frozenset[Basis](get_args(Basis))


def _law(**others: frozenset[Basis]) -> Matrix:
    """Everything needs a consent but what is owed, and what the law commands."""
    return {
        ("marketing", EVERY): YES,
        ("profiling", EVERY): others.get("profiling", YES),
        ("sharing", EVERY): others.get("profiling", YES),
        ("service", EVERY): others.get("service", OWED),
        ("contract_notice", EVERY): others.get("service", OWED),
        ("mandatory", EVERY): DUTY,
    }


LAWS: Final = {
    "RU": Law(_law(), standalone=True, autodial_barred=True, mass_consent=True),
    "EU": Law(
        {
            **_law(profiling=WEIGHED, service=OWED | WEIGHED),
            ("marketing", "email"): KNOWN_BUYER,
            ("marketing", "sms"): KNOWN_BUYER,
        }
    ),
    "US": Law({**_law(), ("marketing", "email"): TOLD, ("marketing", "voice"): TOLD}),
    "other": Law(_law()),
}
DAYTIME: Final = Hours(time(9), time(21))
BY_DAY: Final[dict[str, Hours]] = dict.fromkeys(("voice", "voice_auto", "sms", "messenger", "push"), DAYTIME)
CAPS: Final = (Cap(3, timedelta(days=7)),)

#: The European Union's rules: a consent by email is confirmed by its reader.
GDPR: Final = Policy(
    "gdpr-2026.11", "EU", LAWS, confirmed=frozenset({"email"}), caps=CAPS, hours=BY_DAY,
)  # fmt: skip
#: The Russian Federation's: besides, a consent is a document of its own, and no machine calls with advertising.
RU_152FZ: Final = attrs.evolve(GDPR, name="ru_152fz-2026.11", jurisdiction="RU")
#: Whatever was said carries everything, at every hour: for tests and first steps.
PERMISSIVE: Final = Policy(
    "permissive",
    "other",
    {name: Law({(kind, EVERY): EVERYTHING for kind in PURPOSE_CLASSES}) for name in LAWS},
    proven=False,
)
PACKS: Final = {"gdpr": GDPR, "ru_152fz": RU_152FZ, "permissive": PERMISSIVE}
#: Where each rule of the packs comes from, by jurisdiction, or by the name of the rule; the page of policies tells it.
SOURCES: Final[dict[str, tuple[str, ...]]] = {
    "RU": (
        (
            "Federal Law 38-FZ of 13 March 2006 on advertising, art. 18(1): advertising by telephone, message or email "
            "needs a prior consent, which the sender has to prove, and stops at once on demand"
        ),
        (
            "Federal Law 152-FZ of 27 July 2006 on personal data, art. 6(1)(5): a contract with the person carries what it "
            "needs; art. 9: a consent is specific, informed and provable, and may be withdrawn; art. 15: no offers of "
            "goods without a prior consent"
        ),
    ),
    "EU": (
        (
            "Directive 2002/58/EC (ePrivacy), art. 13(1): electronic mail and calling machines need a prior consent for "
            "direct marketing; art. 13(2): a house's own customer, whose address came with a sale, may be told of similar "
            "goods, with a way to refuse each time (`soft_opt_in`)"
        ),
        (
            "Regulation (EU) 2016/679 (GDPR), art. 6(1)(a), (b), (c) and (f): consent, contract, legal obligation, "
            "legitimate interest; art. 21(2) and (3): an objection to direct marketing is absolute"
        ),
    ),
    "US": (
        (
            "CAN-SPAM Act, 15 U.S.C. 7704: commercial email may be sent until it is refused, and tells how "
            "(`notice_opt_out`)"
        ),
        (
            "Telephone Consumer Protection Act, 47 U.S.C. 227, and 47 CFR 64.1200: messages and calling machines need a "
            "prior written consent; calls by people may be made until they are refused"
        ),
    ),
    "other": ("no law in particular: marketing needs a consent, as where it is strictest",),
    "standalone": ("152-FZ, art. 9(1), as of 1 September 2025 (156-FZ)",),
    "autodial_barred": ("38-FZ, art. 18(2)",),
    "mass_consent": ("Federal Law 41-FZ of 1 April 2025, as of 1 September 2025",),
    "proven": ("GDPR, art. 7(1)", "152-FZ, art. 9(3)", "38-FZ, art. 18(1)"),
    "pre_ticked": ("Court of Justice of the European Union, C-673/17 (Planet49)",),
    "balancing": ("GDPR, art. 6(1)(f) and recital 47",),
    "withdrawal": ("GDPR, art. 7(3)", "152-FZ, art. 9(2)", "38-FZ, art. 18(1)"),
    "restricted": ("GDPR, art. 18", "152-FZ, art. 21(1)"),
    "confirmed": ("no law names it: it proves that the address is theirs, which GDPR, art. 7(1) asks",),
    "caps": ("the house's own rule, no law",),
    "ask_again_after": ("the house's own rule, no law",),
    "hours": ("the house's own rule, narrower than 47 CFR 64.1200(c)(1): calls from 8:00 to 21:00 where they are",),
}


def pack_for(region: str | None) -> Policy:
    """
    The pack that is taken when nobody chose one.

    >>> pack_for("RU").name, pack_for(None).name
    ('ru_152fz-2026.11', 'gdpr-2026.11')
    """
    return RU_152FZ if region == "RU" else GDPR
