"""Which plugins are installed: read from distributions' entry points, without importing any of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from re import compile as pattern

import attrs

#: The plugin API's major version is part of the group's name, so that it is known without an import.
API = "v1"
#: The plugin API, with the minor version that tells which hooks there are.
VERSION = "1.0"
GROUP = f"crmkit.{API}"
_ANY_GROUP = pattern(r"crmkit\.v\d+").fullmatch


@attrs.frozen
class Offer:
    """
    A plugin that some distribution brings, not imported.

    >>> Offer("slack", "v1", "crmkit-slack", "1.0", EntryPoint("slack", "crmkit_slack:Slack", "crmkit.v1")).name
    'slack'
    """

    name: str
    api: str
    distribution: str | None
    version: str | None
    entry: EntryPoint = attrs.field(repr=False)

    @classmethod
    def at(cls, place: str) -> Offer:
        """A class that nobody installed, by `module:Class`."""
        return cls(place, API, None, None, EntryPoint(place, place, GROUP))

    def load(self) -> object:
        """Import what it names; whatever that raises comes out."""
        return self.entry.load()


def installed() -> Mapping[str, tuple[Offer, ...]]:
    """Every offer by its name, those for this API first; two of one API and name are two distributions' conflict."""
    found, everything = defaultdict[str, list[Offer]](list), entry_points()
    for group in sorted(filter(_ANY_GROUP, everything.groups), key=lambda name: (name != GROUP, name)):
        for entry in everything.select(group=group):
            dist = entry.dist
            name, version = (dist.name, dist.version) if dist is not None else (None, None)
            offer = Offer(entry.name, group.removeprefix("crmkit."), name, version, entry)
            if offer not in found[entry.name]:
                found[entry.name].append(offer)
    return {name: tuple(found[name]) for name in sorted(found)}
