"""One thing the doctor found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

#: What each code means; a code keeps its meaning for ever, and what cannot be looked at yet has none.
CODES: Final[Mapping[str, str]] = {
    "P01": "It cannot be imported or made.",
    "P02": "Two distributions bring its name, or its names do not agree.",
    "P03": "It is made for another plugin API.",
    "P04": "Its settings are wrong.",
    "P05": "A hook is unknown, unmarked or not bound.",
    "P06": "A hook's signature is not that of its contract.",
    "P07": "It rests on a hook, an argument or an event that goes.",
    "P08": "Its own tables are behind, or the revisions that make them are missing or wrong.",
    "P10": "Deliveries have no subscriber, are dead, or lag behind.",
    "P11": "Importing it takes long, or does more than define things.",
    "P12": "A secret stands in the config as it is.",
    "P13": "Two plugins filter one value, so that their order matters.",
    "P14": "A health check says that something is wrong, or it did not start.",
}


@attrs.frozen
class Finding:
    """
    A code, whose plugin it is about, and a sentence that says what to do.

    >>> Finding("P12", "slack", 'Write token = {env = "NAME"}.').code
    'P12'
    """

    code: str
    plugin: str
    message: str
