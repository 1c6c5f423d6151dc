"""The journal, which is the outbox, and the keys, on a SQL database."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence

from crmkit.ports.storage import Entry
from crmkit.ports.tracing import Traced
from crmkit.storage.entry_texts import entry_texts
from crmkit.storage.sql.accelerated import Accelerated
from crmkit.storage.sql.conditions import bucket
from crmkit.storage.sql.databases.database import Database
from crmkit.storage.sql.journal import entry_of, row_of

#: How many entries one statement fetches.
CHUNK = 512
#: How many ids a question to the journal names to the database at most; more are told apart here.
MOST_NAMED = 64


class Journalled(Accelerated):
    """What a transaction does beside its records. New entries wait, as new records do; the rest runs at once."""

    __slots__ = ()

    database: Database
    _entries: list[Sequence[object]]

    @abstractmethod
    def flush(self) -> None: ...

    def append(self, entry: Entry) -> None:
        if entry.events:
            self._entries.append(row_of(entry, self.database))

    def journal(self) -> Iterator[Entry]:
        self.flush()
        last = 0
        while rows := self.rows(self.statements.one["journal"], (last,)):
            for row in rows:
                yield entry_of(row, self.database)
            last = rows[-1][0]

    def journal_length(self) -> int:
        (row,) = self.read(self.statements.one["journal_length"], ())
        return int(row[0])

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        rows = self.read(self.statements.one["pending"], (max(limit, 0),))
        return [(row[0], entry_of(row, self.database)) for row in rows]

    def settle(self, positions: Collection[int]) -> None:
        self.flush()
        for some in _in_chunks(positions):
            self.execute(self.statements.settle[len(some)], some)

    def entries(self, positions: Collection[int]) -> Mapping[int, Entry]:
        self.flush()
        rows = [row for some in _in_chunks(positions) for row in self.rows(self.statements.entries[len(some)], some)]
        return {row[0]: entry_of(row, self.database) for row in rows}

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        rows = self.read(self.statements.one["written"], (after, max(limit, 0)))
        return entry_texts(rows, self.database.digits, self.database.micros)

    def trace(self, asked: Traced, limit: int, beyond: int | None = None) -> list[tuple[int, Entry]]:
        found = list[tuple[int, Entry]]()
        while len(found) < limit:
            most = min(limit - len(found), CHUNK)
            rows = self.read(*self._asked(asked, beyond, most))
            known = [(row[0], entry_of(row, self.database)) for row in rows]
            found += [one for one in known if asked.asks_for(one[1].events)]
            if len(rows) < most:
                break
            beyond = known[-1][0]
        return found

    def _asked(self, asked: Traced, beyond: int | None, most: int) -> tuple[str, list[object]]:
        """The statement for a question to the journal, and its parameters."""
        ids = sorted(asked.ids) if len(asked.ids) <= MOST_NAMED else []
        names = [f"%{id.hex}%" for id in ids]
        names += names[-1:] * (bucket(len(names)) - len(names)) if names else []
        said = {"since": asked.since, "until": asked.until, "actor": asked.actor, "beyond": beyond}
        given = {name: self.stored(value) for name, value in said.items() if value is not None}
        statement = self.statements.traces[frozenset(given), len(names), asked.newest_first]
        values = {**given, **{f"p{number}": name for number, name in enumerate(names)}}
        return statement.sql, statement.args({**values, "most": most})

    def recall(self, key: str) -> str | None:
        for (text,) in self.rows(self.statements.one["recall"], (key,)):
            return str(text)
        return None

    def remember(self, key: str, text: str) -> None:
        self.execute(self.statements.one["remember"], (key, text))


def _in_chunks(positions: Collection[int]) -> Iterator[list[int]]:
    """Each a power of two long: few statements serve every number."""
    wanted = sorted(set(positions))
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        yield some + some[-1:] * (bucket(len(some)) - len(some))
