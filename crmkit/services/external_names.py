"""What other systems call a client, each name a record of its own, so that it is unique and found."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.domain.client import Client, ExternalId
from crmkit.domain.ids import ClientId, ExternalIdId
from crmkit.domain.query import Query
from crmkit.domain.where import Test
from crmkit.services.checks import Checks
from crmkit.services.unit import Unit


def free(unit: Unit, check: Checks, names: Mapping[str, str], id: ClientId | None = None) -> Mapping[str, str]:
    """Those of *names* that nobody has; a client into whom another was merged may have some already."""
    free: dict[str, str] = {}
    for system, value in names.items():
        if (holder := unit.store.find_external(system, value)) is None:
            free[system] = value
        elif holder.id != id:
            path = f"external_ids.{system}"
            check.fault(path, "taken", "Another client has this name in that system. Find it by external_id=.")
    check.done()
    return free


def name_outside(unit: Unit, client: Client, names: Mapping[str, str]) -> None:
    """Let a client be found by these names."""
    for system, value in names.items():
        unit.insert(ExternalId(ExternalIdId(unit.new_id()), client.id, system, value))


def forget_outside(unit: Unit, before: Client, after: Client) -> None:
    """Let a client be found no more by the names it had and has not."""
    gone = before.external_ids.items() - after.external_ids.items()
    if gone:
        of_client = Test("client_id", "eq", before.id)
        for named in unit.store.select(Query(ExternalId, of_client)):
            if (named.system, named.value) in gone:
                unit.delete(named)
