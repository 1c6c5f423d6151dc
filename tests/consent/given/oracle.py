"""Whether somebody may be contacted, thought out a second time and without a word of crmkit's: the decision.

One function a row of the decision table; `ROWS` is their order, and the first that answers wins. Row 2 (who may not see
the client is told what they would be told of nobody) is not asked here. What a ledger says about a cell is read by
`hearing.py`. Everything is a plain string or a whole number; instants are minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal

import attrs
from hearing import Cell as Cell, Hearing, Said as Said, covers, hear

Verdict = Literal["ALLOW", "DEFER", "DENY"]
MASS = ("voice", "voice_auto")


@attrs.frozen
class Purpose:
    """What somebody is contacted for: its class, whether it is called about to many at once, and from which age."""

    klass: str
    mass: bool = False
    min_age: int | None = None


@attrs.frozen
class Cap:
    """At most so many (1 or more) within so many minutes."""

    number: int = attrs.field(validator=attrs.validators.ge(1))
    window: int


@attrs.frozen
class Rules:
    """
    A policy, as data. Anything it does not name is unknown, and refused.

    `carries` says which bases carry a contact, by (class, channel, jurisdiction); `messenger` speaks for each
    `messenger:...` that is not named itself. `double_opt_in` are the channels whose consents need a confirmation,
    `standalone_in` the jurisdictions where a consent is a document of its own, `mass_needs_consent` those where calls
    to many rest on consent only (41-FZ), `autodial_barred` the (class, jurisdiction) no machine may call for (38-FZ
    art. 18). `cap` counts a person's marketing on all channels, `channel_caps` that on one.
    """

    purposes: Mapping[str, Purpose]
    channels: frozenset[str]
    jurisdictions: frozenset[str]
    carries: Mapping[tuple[str, str, str], Collection[str]]
    double_opt_in: frozenset[str] = frozenset({"email"})
    standalone_in: frozenset[str] = frozenset({"RU"})
    mass_needs_consent: frozenset[str] = frozenset({"RU"})
    autodial_barred: frozenset[tuple[str, str]] = frozenset({("marketing", "RU")})
    cap: Cap | None = None
    channel_caps: Mapping[str, Cap] = attrs.field(factory=dict[str, Cap])


@attrs.frozen
class Circumstances:
    """
    What else a decision looks at.

    `now` is not before anything that was recorded. `suppressed` is the list: (endpoint, channel or `*`, class or `*`).
    `sent` are the attempts of marketing to this person: (at, channel). `awake` says whether the hours allow it, those
    of the purpose included, and from when they will. `age` is in full years, None where no date of birth is known.
    """

    now: int
    jurisdiction: str = "RU"
    endpoint_known: bool = True
    suppressed: frozenset[tuple[str, str, str]] = frozenset()
    dead: frozenset[str] = frozenset()
    sent: tuple[tuple[int, str], ...] = ()
    awake: tuple[bool, int | None] = (True, None)
    age: int | None = None


@attrs.frozen
class Answer:
    """The verdict, why, until when it is put off, and the ids of the grants that carry a contact."""

    verdict: Verdict
    reason: str
    until: int | None = None
    by: frozenset[str] = frozenset()


@attrs.frozen
class Asked:
    """One question, with what was heard about it."""

    cell: Cell
    rules: Rules
    now: Circumstances
    hearing: Hearing

    @property
    def purpose(self) -> Purpose:
        """What the contact is for; asked for only where the purpose is known."""
        return self.rules.purposes[self.cell.purpose]

    @property
    def carried(self) -> list[Said]:
        """The live grants whose basis carries this contact."""
        permitted = bases(self.rules, self.purpose.klass, self.cell.channel, self.now.jurisdiction)
        return [yes for yes in self.hearing.live if yes.basis in permitted]


def bases(rules: Rules, klass: str, channel: str, jurisdiction: str) -> Collection[str]:
    """What the matrix says."""
    for one in (channel, channel.partition(":")[0]):
        if (klass, one, jurisdiction) in rules.carries:
            return rules.carries[klass, one, jurisdiction]
    return ()


def klass_of(rules: Rules, purpose: str) -> str:
    """The class of a purpose; one that nobody knows is of its own."""
    known = rules.purposes.get(purpose)
    return purpose if known is None else known.klass


def is_listed(cell: Cell, rules: Rules, now: Circumstances) -> bool:
    """Whether the suppression list covers this endpoint, for this channel and class."""
    klass = klass_of(rules, cell.purpose)
    return any(
        endpoint == cell.endpoint and covers(channel, cell.channel) and whose in ("*", klass)
        for endpoint, channel, whose in now.suppressed
    )


# ── the rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def unknown_purpose(asked: Asked) -> Answer | None:
    """1. Nobody agreed to what nobody has named."""
    return None if asked.cell.purpose in asked.rules.purposes else Answer("DENY", "unknown_purpose")


def unknown_channel(asked: Asked) -> Answer | None:
    """1. Likewise."""
    return None if asked.cell.channel in asked.rules.channels else Answer("DENY", "unknown_channel")


def unknown_jurisdiction(asked: Asked) -> Answer | None:
    """1. Likewise: no law is not a mild one."""
    return None if asked.now.jurisdiction in asked.rules.jurisdictions else Answer("DENY", "unknown_jurisdiction")


def unknown_endpoint(asked: Asked) -> Answer | None:
    """1. What cannot be read cannot be compared with the suppression list."""
    return None if asked.now.endpoint_known else Answer("DENY", "unknown_endpoint")


def erased(asked: Asked) -> Answer | None:
    """3. There is nobody left to be contacted."""
    return Answer("DENY", "erased") if asked.hearing.erased else None


def mandatory(asked: Asked) -> Answer | None:
    """4. What the law demands needs nobody's consent, and no refusal stops it."""
    return Answer("ALLOW", "legal_obligation") if asked.purpose.klass == "mandatory" else None


def restricted(asked: Asked) -> Answer | None:
    """5. GDPR art. 18, 152-FZ art. 21: the data may be kept, and nothing else."""
    return Answer("DENY", "restricted") if asked.hearing.restricted else None


def suppression_list(asked: Asked) -> Answer | None:
    """6. The list knows no exceptions within its scope."""
    return Answer("DENY", "suppression_list") if is_listed(asked.cell, asked.rules, asked.now) else None


def endpoint_dead(asked: Asked) -> Answer | None:
    """7. Nobody is there."""
    return Answer("DENY", "endpoint_dead") if asked.cell.endpoint in asked.now.dead else None


def negative(asked: Asked) -> Answer | None:
    """8. No grant has come after every no that was said: the last of them is the reason."""
    no = asked.hearing.no
    return Answer("DENY", no.kind) if no is not None else None


def nothing_live(asked: Asked) -> Answer | None:
    """9. There is no grant in force."""
    return None if asked.hearing.live else Answer("DENY", asked.hearing.status)


def basis_not_permitted(asked: Asked) -> Answer | None:
    """10. Only a live grant can lend its basis, and the law does not take this one here."""
    return None if asked.carried else Answer("DENY", "basis_not_permitted")


def mass_call(asked: Asked) -> Answer | None:
    """11. Calls to many, and by machines, informational ones too, rest on consent only (41-FZ)."""
    is_mass = (asked.purpose.mass and asked.cell.channel in MASS) or asked.cell.channel == "voice_auto"
    if not is_mass or asked.now.jurisdiction not in asked.rules.mass_needs_consent:
        return None
    return None if any(yes.basis == "consent" for yes in asked.carried) else Answer("DENY", "mass_call")


def autodial_barred(asked: Asked) -> Answer | None:
    """11. No machine may call for advertising, whatever was agreed to (38-FZ art. 18)."""
    barred = (asked.purpose.klass, asked.now.jurisdiction) in asked.rules.autodial_barred
    return Answer("DENY", "autodial_barred") if barred and asked.cell.channel == "voice_auto" else None


def lia_missing(asked: Asked) -> Answer | None:
    """12. A legitimate interest counts with its balancing record only."""
    return None if _weighed(asked) else Answer("DENY", "lia_missing")


def under_age(asked: Asked) -> Answer | None:
    """Between 12 and 13: nobody below the age of the purpose."""
    least, age = asked.purpose.min_age, asked.now.age
    return Answer("DENY", "under_age") if least is not None and age is not None and age < least else None


def age_unknown(asked: Asked) -> Answer | None:
    """Between 12 and 13: and nobody whose age is not known."""
    return Answer("DENY", "age_unknown") if asked.purpose.min_age is not None and asked.now.age is None else None


def frequency_cap(asked: Asked) -> Answer | None:
    """
    13. Enough is enough: marketing waits until as many attempts that count have left the window as are too many.

    Of several caps that are reached, the last to make room decides. An attempt that another clock dated ahead counts.
    """
    if asked.purpose.klass != "marketing":
        return None
    caps = [("*", asked.rules.cap), *asked.rules.channel_caps.items()]
    untils = list[int]()
    for scope, cap in caps:
        if cap is None or not covers(scope, asked.cell.channel):
            continue
        counted = [at for at, on in asked.now.sent if covers(scope, on) and at + cap.window > asked.now.now]
        if len(counted) >= cap.number:
            untils.append(sorted(counted)[len(counted) - cap.number] + cap.window)
    return Answer("DEFER", "frequency_cap", max(untils), _weighed(asked)) if untils else None


def quiet_hours(asked: Asked) -> Answer | None:
    """14. Let them sleep."""
    allowed, until = asked.now.awake
    return None if allowed else Answer("DEFER", "quiet_hours", until, _weighed(asked))


def granted(asked: Asked) -> Answer | None:
    """15. Nothing stands against it."""
    return Answer("ALLOW", "granted", None, _weighed(asked))


def _weighed(asked: Asked) -> frozenset[str]:
    """The grants that may carry the contact at the end: those of a legitimate interest that was weighed, and others."""
    return frozenset({yes.id for yes in asked.carried if yes.basis != "legitimate_interest" or yes.balanced})


Row = Callable[[Asked], Answer | None]
ROWS: tuple[Row, ...] = (
    unknown_purpose,
    unknown_channel,
    unknown_jurisdiction,
    unknown_endpoint,
    erased,
    mandatory,
    restricted,
    suppression_list,
    endpoint_dead,
    negative,
    nothing_live,
    basis_not_permitted,
    mass_call,
    autodial_barred,
    lia_missing,
    under_age,
    age_unknown,
    frequency_cap,
    quiet_hours,
    granted,
)


def decide(said: Iterable[Said], cell: Cell, rules: Rules, now: Circumstances, rows: tuple[Row, ...] = ROWS) -> Answer:
    """Answer by the first row that has one; what no row answers is refused."""
    asked = Asked(cell, rules, now, _heard(said, cell, rules, now))
    for row in rows:
        if answer := row(asked):
            return answer
    return Answer("DENY", "no_row")


def state(said: Iterable[Said], cell: Cell, rules: Rules, now: Circumstances) -> str:
    """
    Name the state of a cell.

    The subject's own states and the suppression list win over what was said about the cell.
    """
    hearing = _heard(said, cell, rules, now)
    if hearing.erased:
        return "ERASED"
    if hearing.restricted:
        return "RESTRICTED"
    return "SUPPRESSED" if is_listed(cell, rules, now) else hearing.state


def _heard(said: Iterable[Said], cell: Cell, rules: Rules, now: Circumstances) -> Hearing:
    needs_confirmation = any(covers(one, cell.channel) for one in rules.double_opt_in)
    return hear(
        said, cell, klass_of(rules, cell.purpose), now.now, needs_confirmation, now.jurisdiction in rules.standalone_in
    )
