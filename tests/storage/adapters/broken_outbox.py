"""Broken promises about the outbox: what is pending, what is settled, and what a position names."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs
from mutants import breaks

from crmkit.domain.frozen_map import FrozenMap
from crmkit.ports import Entry
from crmkit.storage.memory.transaction import MemoryTransaction

PENDING = "test_what_has_subscribers_is_pending_until_it_is_settled"
POSITION = "test_a_position_names_an_entry_for_ever"
WRITTEN = "test_what_is_written_is_read_in_order_and_piece_by_piece"
LONG = "test_a_long_outbox_is_worked_off"


@breaks("The oldest are pending first.", PENDING, LONG)
class NewestFirst(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return super().pending(10_000)[::-1][: max(limit, 0)]


@breaks("No more are told than asked for.", PENDING)
class NoLimit(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return super().pending(10_000)


@breaks("What nobody must hear of is not pending.", PENDING)
class EverythingPending(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return list(enumerate(self.journal()))[: max(limit, 0)]


@breaks("What is settled is pending no more.", PENDING, LONG, "test_settling_twice_or_nothing_is_harmless")
class NeverSettled(MemoryTransaction):
    __slots__ = ()

    def settle(self, positions: Collection[int]) -> None:
        pass


@breaks("State decides, no cursor does.", "test_an_entry_left_behind_stays_pending")
class SettlesAllBefore(MemoryTransaction):
    __slots__ = ()

    def settle(self, positions: Collection[int]) -> None:
        super().settle(range(max(positions, default=-1) + 1))


@breaks("Settling is in the commit.", "test_settling_is_part_of_the_commit")
class SettlesAtOnce(MemoryTransaction):
    __slots__ = ()

    def settle(self, positions: Collection[int]) -> None:
        for position in positions:
            if position in self._storage.pending:
                del self._storage.pending[position]
                self._storage.settled[position] = -1


@breaks("A transaction sees what it settled itself.", PENDING, "test_settling_is_part_of_the_commit")
class SettledLater(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        settled, self.settled = self.settled, set()
        found = super().pending(limit)
        self.settled = settled
        return found


@breaks("A reader keeps what was pending.", "test_a_reader_keeps_what_was_pending")
class ReadsOn(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        if not self.write:
            self._entries_seen, self._settled_seen = len(self._storage.entries), len(self._storage.settled)
        return super().pending(limit)


@breaks("A position names an entry for ever.", POSITION, "test_an_entry_left_behind_stays_pending")
class PlacesInTheList(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return [(place, entry) for place, (_, entry) in enumerate(super().pending(limit))]


@breaks("What is settled is found by its position still.", POSITION)
class SettledIsGone(MemoryTransaction):
    __slots__ = ()

    def entries(self, positions: Collection[int]) -> Mapping[int, Entry]:
        return super().entries([one for one in positions if one not in self._storage.settled])


@breaks("An own entry has its position before the commit.", POSITION)
class OwnEntriesLater(MemoryTransaction):
    __slots__ = ()

    def entries(self, positions: Collection[int]) -> Mapping[int, Entry]:
        return super().entries([one for one in positions if one < self._entries_seen])


@breaks("An entry says who hears which of its events.", "test_an_entry_says_who_hears_what_and_how_deep_it_stands")
class PlacesLost(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        everything = tuple(range(len(entry.events)))
        super().append(attrs.evolve(entry, subscribers=FrozenMap(dict.fromkeys(entry.subscribers, everything))))


@breaks("An entry says how deep it stands.", "test_an_entry_says_who_hears_what_and_how_deep_it_stands")
class DepthLost(MemoryTransaction):
    __slots__ = ()

    def append(self, entry: Entry) -> None:
        super().append(attrs.evolve(entry, depth=0))


@breaks("Everything is worked off.", LONG)
class ThousandAtMost(MemoryTransaction):
    __slots__ = ()

    def pending(self, limit: int) -> list[tuple[int, Entry]]:
        return super().pending(min(limit, 1000))


@breaks("Entries are written down by their positions.", WRITTEN)
class WrittenFromTheFirst(MemoryTransaction):
    __slots__ = ()

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        return super().written(-1, limit) if after > 0 else super().written(after, limit)


@breaks("No more entries are written down than asked for.", WRITTEN)
class WrittenToTheEnd(MemoryTransaction):
    __slots__ = ()

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        return super().written(after, 10_000)


@breaks("An own entry is written down before the commit.", WRITTEN)
class WrittenLater(MemoryTransaction):
    __slots__ = ()

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        return [one for one in super().written(after, limit) if one[0] < self._entries_seen]


@breaks("What is written down tells entries apart.", "test_what_differs_is_written_differently")
class WrittenInShort(MemoryTransaction):
    __slots__ = ()

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        return [(position, text.replace(" ", "").replace('"', "")) for position, text in super().written(after, limit)]


@breaks(
    "That an entry was settled does not change what is written down.",
    "test_what_becomes_of_an_entry_does_not_change_its_text",
)
class WrittenWithItsState(MemoryTransaction):
    __slots__ = ()

    def written(self, after: int, limit: int) -> list[tuple[int, str]]:
        waiting = {position for position, _ in self.pending(10_000)}
        return [(position, f"{position in waiting} {text}") for position, text in super().written(after, limit)]
