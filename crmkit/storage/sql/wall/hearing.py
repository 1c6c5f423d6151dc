"""What the wall hears of a transaction: who acts, what they see, and whose records they may change."""

from __future__ import annotations

from functools import lru_cache

from crmkit.domain.access import ENTITIES
from crmkit.domain.scope import EVERYONE, Scope
from crmkit.domain.sight import Entity, Sees

#: Settings of one transaction. What is seen and what may be changed are two, for whoever gives a client away changes
#: it into one that is not seen any more, and PostgreSQL asks of a changed row whether it is still seen.
SETTINGS = SEES, CHANGES, ACTOR, TEAM, AT = (
    "crmkit.sees", "crmkit.changes", "crmkit.actor", "crmkit.team", "crmkit.at",
)  # fmt: skip
SAY = "SELECT " + ", ".join([f"set_config('{name}', %s, true)" for name in SETTINGS])
#: The values of these settings.
Heard = tuple[str, str, str, str, str]


def heard(scope: Scope, *, changing: bool) -> Heard:
    """What the wall must hear before a statement of this scope: of one that reads, or of crmkit's own that change."""
    said = words(scope.sees)
    at = "" if scope.at is None else scope.at.isoformat()
    return HOUSE if changing else said, said, scope.actor, scope.team or "", at


@lru_cache(1024)
def words(sees: Sees) -> str:
    """
    What is seen of each entity, in words; a condition of a plugin's is left out, for no policy could say it.

    >>> from crmkit.domain.sight import Sight, sees
    >>> words(sees(Sight("own"), deal=()))
    ' somebody client.any client.own purchase.same purchase.any purchase.own touchpoint.same ...'
    """
    found = ["house"] if sees.is_everything else []
    for entity in sorted(ENTITIES, key=lambda one: one != "client"):
        if entity != "client" and sees.stands_for(entity) == "client":
            found.append(f"{entity}.same")
        found += [f"{entity}.{word}" for word in _ways(sees, entity)]
    return f" {' '.join(['somebody', *found])} "


def _ways(sees: Sees, entity: Entity) -> list[str]:
    sights = sees.of(entity)
    levels = {sight.level for sight in sights}
    return [
        *(["any"] if sights else []),
        *(["all"] if "all" in levels else []),
        *(["own"] if levels & {"own", "team"} else []),
        *(["team"] if "team" in levels else []),
        *(["pool"] if any(sight.pool for sight in sights) else []),
        *sorted({sight.shared for sight in sights if sight.shared is not None}),
    ]


HOUSE = words(EVERYONE.sees)
#: For what is done outside any scope: upgrades, repairs.
AS_HOUSE = SAY, heard(EVERYONE, changing=True)
