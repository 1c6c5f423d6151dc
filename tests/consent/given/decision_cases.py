"""Questions that meet one row of the decision table, and those that meet two neighbours, of which the upper answers."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from basis_matrix import CAPPED, DAY, RULES
from histories import Question, added, agreed
from oracle import Answer, Cell, Circumstances, Rules, Said

CELL = Cell("ann", "marketing", "voice", "one")
MAIL = attrs.evolve(CELL, channel="email")
WINE = attrs.evolve(CELL, purpose="wine")
VISITS = attrs.evolve(CELL, purpose="visits")
SERVICE = attrs.evolve(CELL, purpose="service")
ROBOT = attrs.evolve(CELL, channel="voice_auto")
BREACH = attrs.evolve(CELL, purpose="breach_notice")
NOW = Circumstances(100 * DAY)
LISTED = attrs.evolve(NOW, suppressed=frozenset({("one", "*", "*")}))
DEAD = attrs.evolve(NOW, dead=frozenset({"one"}))
EU = attrs.evolve(NOW, jurisdiction="EU")
#: Two attempts within the week and one before it: the older of the two leaves the window a day from now.
SENT = attrs.evolve(NOW, sent=((94 * DAY, "sms"), (90 * DAY, "voice"), (99 * DAY, "post")))
ASLEEP = attrs.evolve(NOW, awake=(False, 100 * DAY + 30))
NOTHING: tuple[Said, ...] = ()
YES = added(NOTHING, "grant", CELL)
CONTRACT = added(NOTHING, "grant", CELL, basis="contract")
INTEREST = added(NOTHING, "grant", SERVICE, basis="legitimate_interest", balanced=False)
#: Everything carries everything: what the default matrix never lets come together.
LOOSE = attrs.evolve(
    CAPPED,
    carries=dict.fromkeys(CAPPED.carries, ("consent", "contract", "legitimate_interest")),
    mass_needs_consent=frozenset({"RU", "EU"}),
    purposes={
        **CAPPED.purposes,
        "news": attrs.evolve(CAPPED.purposes["wine"], mass=True),
    },
)
NEWS = attrs.evolve(ROBOT, purpose="news")


@attrs.frozen
class Case:
    """A question with its answer; `rows` are the names of the rows that have one of their own for it."""

    rows: tuple[str, ...]
    question: Question
    answer: Answer


def case(
    rows: str, answer: Answer, said: tuple[Said, ...], cell: Cell, now: Circumstances = NOW, rules: Rules = RULES
) -> Case:
    """One case."""
    return Case(tuple(rows.split()), Question(said, cell, rules, now), answer)


def no(reason: str) -> Answer:
    """A refusal."""
    return Answer("DENY", reason)


def yes(*by: Said) -> Answer:
    """A permission, with the grants it rests on."""
    return Answer("ALLOW", "granted", None, frozenset({one.id for one in by}))


def later(reason: str, until: int, *by: Said) -> Answer:
    """A permission put off."""
    return Answer("DEFER", reason, until, frozenset({one.id for one in by}))


def single_rows() -> Iterator[Case]:
    """At least one case a row, of which nothing but that row and the last has an answer."""
    yield case("unknown_purpose", no("unknown_purpose"), YES, attrs.evolve(CELL, purpose="gossip"))
    yield case("unknown_channel", no("unknown_channel"), YES, attrs.evolve(CELL, channel="telepathy"))
    yield case("unknown_jurisdiction", no("unknown_jurisdiction"), YES, CELL, attrs.evolve(NOW, jurisdiction="mars"))
    yield case("unknown_endpoint", no("unknown_endpoint"), YES, CELL, attrs.evolve(NOW, endpoint_known=False))
    yield case("erased", no("erased"), added(YES, "erase", CELL), CELL)
    yield case("mandatory", Answer("ALLOW", "legal_obligation"), NOTHING, BREACH)
    yield case("restricted", no("restricted"), added(YES, "restrict", CELL), CELL)
    yield case("granted", yes(*YES), added(added(YES, "restrict", CELL), "lift_restriction", CELL), CELL)
    yield from _lists()
    for kind in ("withdraw", "refuse", "object", "complaint", "invalidate", "suppress"):
        yield case("negative", no(kind), added(YES, kind, CELL), CELL)
    yield from _nothing_live()
    yield case("basis_not_permitted", no("basis_not_permitted"), CONTRACT, CELL)
    yield case("mass_call", no("mass_call"), added(NOTHING, "grant", VISITS, basis="contract"), VISITS)
    called = attrs.evolve(SERVICE, channel="voice_auto")
    yield case("mass_call", no("mass_call"), added(NOTHING, "grant", called, basis="contract"), called)
    for cell, now in ((attrs.evolve(VISITS, channel="sms"), NOW), (VISITS, EU)):
        contract = added(NOTHING, "grant", cell, basis="contract")
        yield case("granted", yes(*contract), contract, cell, now)
    both = added(added(NOTHING, "grant", VISITS, basis="contract"), "grant", VISITS)
    strict = attrs.evolve(RULES, mass_needs_consent=frozenset({"US"}))  # where a consent carries no service
    yield case("mass_call", no("mass_call"), both, VISITS, attrs.evolve(NOW, jurisdiction="US"), strict)
    consent = added(NOTHING, "grant", VISITS)
    yield case("granted", yes(*consent), consent, VISITS)
    robot = added(NOTHING, "grant", ROBOT)
    yield case("autodial_barred", no("autodial_barred"), robot, ROBOT)
    yield case("granted", yes(*robot), robot, ROBOT, EU)
    yield case("lia_missing", no("lia_missing"), INTEREST, SERVICE, EU)
    unweighed = added(NOTHING, "grant", SERVICE, basis="contract", balanced=False)
    yield case("granted", yes(*unweighed), unweighed, SERVICE, EU)
    weighed = added(INTEREST, "grant", SERVICE, basis="legitimate_interest")
    yield case("granted", yes(weighed[-1]), weighed, SERVICE, EU)
    yield from _waiting()


def _lists() -> Iterator[Case]:
    yield case("suppression_list", no("suppression_list"), YES, CELL, LISTED)
    telegram = attrs.evolve(CELL, channel="messenger:telegram")
    said = added(NOTHING, "grant", telegram)
    for one, answer in {
        ("one", "messenger", "marketing"): no("suppression_list"),
        ("one", "messenger:telegram", "*"): no("suppression_list"),
        ("one", "messenger:max", "*"): yes(*said),
        ("one", "*", "service"): yes(*said),
        ("two", "*", "*"): yes(*said),
    }.items():
        row = "granted" if answer.verdict == "ALLOW" else answer.reason
        yield case(row, answer, said, telegram, attrs.evolve(NOW, suppressed=frozenset({one})))
    yield case("endpoint_dead", no("endpoint_dead"), YES, CELL, DEAD)
    yield case("granted", yes(*YES), YES, CELL, attrs.evolve(NOW, dead=frozenset({"two"})))


def _nothing_live() -> Iterator[Case]:
    asked = added(NOTHING, "grant", MAIL, at=95 * DAY)
    yield case("nothing_live", no("pending_confirmation"), asked, MAIL)
    yield case("nothing_live", no("expired"), added(NOTHING, "grant", MAIL, at=93 * DAY), MAIL)
    yield case("nothing_live", no("expired"), added(NOTHING, "grant", CELL, until=NOW.now), CELL)
    yield case("nothing_live", no("evidence_incomplete"), added(NOTHING, "grant", CELL, complete=False), CELL)
    yield case("nothing_live", no("evidence_incomplete"), added(NOTHING, "grant", CELL, standalone=False), CELL)
    yield case("nothing_live", no("none"), NOTHING, CELL)
    yield case("nothing_live", no("none"), YES, attrs.evolve(CELL, subject="bob"))
    yield case("nothing_live", no("none"), added(NOTHING, "grant", CELL, purpose="*"), CELL)
    agreement = agreed(NOTHING, MAIL)
    yield case("granted", yes(agreement[0]), agreement, MAIL)
    merged = added(NOTHING, "grant", CELL, standalone=False)
    yield case("granted", yes(*merged), merged, CELL, EU)


def _waiting() -> Iterator[Case]:
    wine = added(NOTHING, "grant", WINE)
    yield case("under_age", no("under_age"), wine, WINE, attrs.evolve(NOW, age=17))
    yield case("age_unknown", no("age_unknown"), wine, WINE)
    yield case("granted", yes(*wine), wine, WINE, attrs.evolve(NOW, age=18))
    yield case("frequency_cap", later("frequency_cap", 101 * DAY, *YES), YES, CELL, SENT, CAPPED)
    once = attrs.evolve(NOW, sent=((100 * DAY - 5, "messenger:max"),))
    telegram = attrs.evolve(CELL, channel="messenger:telegram")
    said = added(NOTHING, "grant", telegram)
    yield case("frequency_cap", later("frequency_cap", 101 * DAY - 5, *said), said, telegram, once, CAPPED)
    yield case("granted", yes(*YES), YES, CELL, once, CAPPED)
    elsewhere = attrs.evolve(NOW, sent=((100 * DAY - 5, "post"),))
    yield case("granted", yes(*said), said, telegram, elsewhere, CAPPED)
    both = attrs.evolve(NOW, sent=((99 * DAY + 1, "messenger:max"), (98 * DAY, "post")))
    yield case("frequency_cap", later("frequency_cap", 105 * DAY, *said), said, telegram, both, CAPPED)
    edge = attrs.evolve(NOW, sent=((93 * DAY, "post"), (99 * DAY, "post")))
    yield case("granted", yes(*YES), YES, CELL, edge, CAPPED)
    contract = added(NOTHING, "grant", SERVICE, basis="contract")
    yield case("granted", yes(*contract), contract, SERVICE, SENT, CAPPED)
    yield case("quiet_hours", later("quiet_hours", ASLEEP.awake[1] or 0, *YES), YES, CELL, ASLEEP)
    yield case("granted", yes(*YES), YES, CELL)


def neighbours() -> Iterator[Case]:
    """Two rows have an answer each, with none between: the upper one wins."""
    gossip, telepathy = attrs.evolve(CELL, purpose="gossip"), attrs.evolve(CELL, channel="telepathy")
    mars = attrs.evolve(NOW, jurisdiction="mars")
    unread = attrs.evolve(NOW, endpoint_known=False)
    gone = added(YES, "erase", CELL)
    both = attrs.evolve(gossip, channel="telepathy")
    yield case("unknown_purpose unknown_channel", no("unknown_purpose"), YES, both)
    yield case("unknown_channel unknown_jurisdiction", no("unknown_channel"), YES, telepathy, mars)
    both_unknown = attrs.evolve(mars, endpoint_known=False)
    yield case("unknown_jurisdiction unknown_endpoint", no("unknown_jurisdiction"), YES, CELL, both_unknown)
    yield case("unknown_endpoint erased", no("unknown_endpoint"), gone, CELL, unread)
    yield case("erased mandatory", no("erased"), gone, BREACH)
    held = added(NOTHING, "restrict", CELL)
    yield case("mandatory restricted", Answer("ALLOW", "legal_obligation"), held, BREACH)
    yield case("restricted suppression_list", no("restricted"), added(YES, "restrict", CELL), CELL, LISTED)
    listed_and_dead = attrs.evolve(LISTED, dead=DEAD.dead)
    yield case("suppression_list endpoint_dead", no("suppression_list"), YES, CELL, listed_and_dead)
    yield case("endpoint_dead negative", no("endpoint_dead"), added(YES, "withdraw", CELL), CELL, DEAD)
    ended = added(NOTHING, "grant", CELL, until=50 * DAY)
    yield case("negative nothing_live", no("object"), added(ended, "object", CELL), CELL)
    other = added(NOTHING, "grant", CELL, basis="contract", until=50 * DAY)
    yield case("nothing_live basis_not_permitted", no("expired"), other, CELL)
    opt_in = added(NOTHING, "grant", VISITS, basis="soft_opt_in")
    yield case("basis_not_permitted mass_call", no("basis_not_permitted"), opt_in, VISITS)
    grown = attrs.evolve(NOW, age=30)
    contract = added(NOTHING, "grant", NEWS, basis="contract")
    yield case("mass_call autodial_barred", no("mass_call"), contract, NEWS, grown, LOOSE)
    interest = added(NOTHING, "grant", ROBOT, basis="legitimate_interest", balanced=False)
    alone = attrs.evolve(LOOSE, mass_needs_consent=frozenset())
    yield case("autodial_barred lia_missing", no("autodial_barred"), interest, ROBOT, grown, alone)
    visits = added(NOTHING, "grant", VISITS, basis="legitimate_interest", balanced=False)
    yield case("mass_call lia_missing", no("mass_call"), visits, VISITS, EU, LOOSE)
    wine = added(NOTHING, "grant", WINE, basis="legitimate_interest", balanced=False)
    yield case("lia_missing under_age", no("lia_missing"), wine, WINE, attrs.evolve(NOW, age=17), LOOSE)
    yield case("lia_missing age_unknown", no("lia_missing"), wine, WINE, NOW, LOOSE)
    robot = added(NOTHING, "grant", attrs.evolve(ROBOT, purpose="wine"))
    yield case("autodial_barred age_unknown", no("autodial_barred"), robot, attrs.evolve(ROBOT, purpose="wine"))
    said = added(NOTHING, "grant", WINE)
    yield case("under_age frequency_cap", no("under_age"), said, WINE, attrs.evolve(SENT, age=17), CAPPED)
    yield case("age_unknown frequency_cap", no("age_unknown"), said, WINE, SENT, CAPPED)
    late = attrs.evolve(SENT, awake=ASLEEP.awake)
    yield case("frequency_cap quiet_hours", later("frequency_cap", 101 * DAY, *YES), YES, CELL, late, CAPPED)


#: Every case there is.
CASES = (*single_rows(), *neighbours())
