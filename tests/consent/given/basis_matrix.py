"""Which bases carry what where, and the purposes that tests ask about: rules with something in them for every row."""

from __future__ import annotations

from oracle import Cap, Purpose, Rules

JURISDICTIONS = ("RU", "EU", "US", "other")
WRITTEN = ("email", "sms", "messenger", "push", "post")
CHANNELS = ("email", "sms", "voice", "voice_auto", "messenger:telegram", "messenger:max", "push", "post")

PURPOSES = {
    "marketing": Purpose("marketing"),
    "wine": Purpose("marketing", min_age=18),
    "profiling": Purpose("profiling"),
    "sharing": Purpose("sharing"),
    "service": Purpose("service"),
    "visits": Purpose("service", mass=True),
    "contract_notice": Purpose("contract_notice"),
    "breach_notice": Purpose("mandatory"),
}


def _carries() -> dict[tuple[str, str, str], frozenset[str]]:
    consent, opt_out = frozenset({"consent"}), frozenset({"consent", "notice_opt_out"})
    table = {
        ("marketing", channel, where): consent
        for channel in (*WRITTEN, "voice", "voice_auto")
        for where in JURISDICTIONS
    }
    table |= {("marketing", channel, "US"): opt_out for channel in ("email", "voice")}
    table |= {("marketing", channel, "EU"): consent | {"soft_opt_in"} for channel in ("email", "sms")}
    for channel in (*WRITTEN, "voice", "voice_auto"):
        for klass in ("service", "contract_notice"):
            table[klass, channel, "RU"] = frozenset({"contract", "consent"})
            table[klass, channel, "EU"] = frozenset({"contract", "legitimate_interest"})
            table |= {(klass, channel, where): frozenset({"contract"}) for where in ("US", "other")}
        for klass in ("profiling", "sharing"):
            table |= {(klass, channel, where): consent for where in JURISDICTIONS}
            table[klass, channel, "EU"] = consent | {"legitimate_interest"}
    return table


#: The default matrix of the design. What it bars altogether is barred by a rule of its own: no machine calls to sell.
RULES = Rules(PURPOSES, frozenset(CHANNELS), frozenset(JURISDICTIONS), _carries())
DAY = 24 * 60
CAPPED = Rules(
    PURPOSES,
    RULES.channels,
    RULES.jurisdictions,
    RULES.carries,
    cap=Cap(2, 7 * DAY),
    channel_caps={"messenger": Cap(1, DAY), "sms": Cap(2, 30 * DAY)},
)
