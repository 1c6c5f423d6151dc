"""
Processes that write to one store at once: `python -m promises.writers <url> '{"do": …, "times": …}'`.

Each waits for a line on its standard input, so that all begin together, and tells as JSON what it counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from threading import Event
from uuid import UUID

from crmkit import CRM, Client, Transaction
from crmkit.domain.ids import ClientId
from crmkit.errors import Conflict, CRMError, OutcomeUnknown, StorageBusy, StorageUnreachable

#: How often a command that may be run again is tried before it counts as an error.
ATTEMPTS = 2_000


def write(crm: CRM, times: int, who: str) -> dict[str, float]:
    """Add a client with a phone, over and over; the longest wait is the worst that somebody at a screen would see."""
    longest, errors = 0.0, 0
    for number in range(times):
        started = time.monotonic()
        try:
            with crm.begin() as tx:
                tx.clients.add(name=f"{who} {number}", phone="+79120000001")
        except CRMError:
            errors += 1
        longest = max(longest, time.monotonic() - started)
    return {"writes": times, "errors": errors, "longest": longest}


def increment(crm: CRM, times: int, who: str) -> dict[str, float]:
    """Change one client again and again; who comes second begins anew, and so does who waited in vain."""
    id, conflicts, waits, done = ClientId(UUID(who)), 0, 0, 0
    while done < times:
        try:
            with crm.begin() as tx:
                client = tx.clients.get(id)
                tx.clients.update(id, name=str(int(client.name) + 1), version=client.version)
            done += 1
        except Conflict:
            conflicts += 1
        except StorageBusy:
            waits += 1
    return {"successes": done, "conflicts": conflicts, "waits": waits}


def command(crm: CRM, times: int, who: str) -> dict[str, float]:
    """
    Commands that must be done once each, whatever happens to the server: run under a key until it answers.

    One has `landed` if an earlier try was done, though all we got was an error; `denied` if that error said it was not.
    """
    tried, between, made = 0, Event(), list[str]()

    def add(tx: Transaction, key: str) -> Client:
        made.append(key)
        return tx.clients.add(name=key)

    for number in range(times):
        key, unknown = f"{who}-{number}", False
        for _ in range(ATTEMPTS):
            tried += 1
            made.clear()
            try:
                crm.run(lambda tx: add(tx, key), key=key)  # noqa: B023
                break
            except (StorageUnreachable, Conflict) as error:
                unknown = unknown or isinstance(error, OutcomeUnknown)
                between.wait(0.01)
        else:
            return {"acknowledged": number, "tried": tried}
        tell({"acknowledged": key, "landed": not made, "denied": not made and not unknown})
    return {"acknowledged": times, "tried": tried}


DO: dict[str, Callable[[CRM, int, str], dict[str, float]]] = {
    "write": write,
    "increment": increment,
    "command": command,
}


def tell(what: object) -> None:
    """One line of JSON, at once."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Wait, work, tell."""
    url, asked = sys.argv[1], json.loads(sys.argv[2])
    with CRM.open(url, region="RU") as crm:
        crm.health()
        tell("ready")
        sys.stdin.readline()
        tell(DO[asked["do"]](crm, asked["times"], asked["who"]))


if __name__ == "__main__":
    main()
