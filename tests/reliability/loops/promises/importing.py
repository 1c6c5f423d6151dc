"""R15: import under a key until killed: `python -m promises.importing URL ROWS CHUNK`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from crmkit import CRM


def rows(count: int) -> Iterator[dict[str, Any]]:
    """The same rows each time; every tenth is somebody who was there before, every hundredth cannot be taken."""
    for number in range(count):
        whose = number - 5 if number % 10 == 9 else number
        phone = "none" if number % 100 == 50 else f"+7912{whose:07}"
        yield {
            "name": f"Client {number}",
            "phone": phone,
            "email": f"c{number}@example.com",
            "tags": [f"t{number % 7}"],
        }


def main(url: str, count: str, chunk: str) -> None:
    """Say that it begins, and import."""
    with CRM.open(url, region="RU") as crm:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        crm.import_clients(rows(int(count)), key="r15", on_match="update", chunk=int(chunk))


if __name__ == "__main__":
    main(*sys.argv[1:])
