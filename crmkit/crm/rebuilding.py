"""Whatever is kept beside the records, recomputed from them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import attrs

from crmkit.domain.ids import ClientId
from crmkit.errors import CRMError
from crmkit.services.rebuilding import rebuild_some
from crmkit.services.transaction import Transaction

#: The longest pause, in seconds, between two chunks: a writer that found SQLite locked looks again every tenth.
PAUSE = 0.11
#: Hears how many clients of how many are done.
Progress = Callable[[int, int], None]


@attrs.frozen
class Rebuilt:
    """
    What one `rebuild` looked at, and how many things it found wrong and mended, or with `dry_run` would have.

    >>> Rebuilt(clients=59, mended=0)
    Rebuilt(clients=59, mended=0)
    """

    clients: int
    mended: int


def rebuild(
    begin: Callable[[], AbstractContextManager[Transaction]], chunk: int, progress: Progress | None, *, dry_run: bool
) -> Rebuilt:
    """Work in transactions of at most *chunk* clients, so that writers come in between."""
    looked = CRMError("This was a look only.")  # it ends a block without a commit
    after: ClientId | None = None
    clients, mended, total = 0, 0, 0
    if progress is not None:
        with begin() as tx:
            total = tx.clients.count()
    while True:
        started = time.monotonic()
        ids: list[ClientId] = []
        wrong = 0
        try:
            with begin() as tx:
                ids, wrong = rebuild_some(tx._unit.store, after, chunk)  # noqa: SLF001
                if dry_run:
                    raise looked
        except CRMError as error:
            if error is not looked:
                raise
        if not ids:
            return Rebuilt(clients, mended)
        after, clients, mended = ids[-1], clients + len(ids), mended + wrong
        if progress is not None:
            progress(clients, max(clients, total))
        if len(ids) == chunk:
            time.sleep(min(time.monotonic() - started, PAUSE))
