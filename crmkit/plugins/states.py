"""What can become of a plugin that is listed or installed, as data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import attrs

from crmkit.errors import Fault
from crmkit.plugins.implementations import Findings
from crmkit.plugins.plugin import Plugin

State = Literal[
    "available",  # installed, not listed
    "incompatible",  # made for another plugin API
    "conflict",  # two distributions bring this name
    "broken",  # cannot be imported, or its hooks are wrong
    "misconfigured",  # its settings are wrong, or its tables are behind
    "not_ready",  # could not start, will be tried again
    "stopped",
    "running",
]


@attrs.define(eq=False)
class Listed:
    """One plugin as it stands with one CRM."""

    name: str
    state: State
    plugin: Plugin[Any] | None = None
    findings: Findings = attrs.field(factory=Findings, repr=False)
    faults: tuple[Fault, ...] = ()
    distribution: str | None = None
    version: str | None = None
    api: str = "v1"
    required: bool = False
    started: bool = False
    tries: int = 0
    retry_at: datetime | None = None
    #: Why it is not ready, in the plugin's own words or by the type of its error.
    reason: str = ""


@attrs.frozen
class PluginStatus:
    """
    How one plugin is doing.

    `place` is its place in the host's list, None if it is not on it; `waiting` and `dead` count what its subscribers
    are still to be told, and what they could not be told.

    >>> PluginStatus("slack", "running", place=1).failures
    0
    """

    name: str
    state: State
    place: int | None = None
    version: str | None = None
    distribution: str | None = None
    api: str = "v1"
    hooks: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    waiting: int = 0
    dead: int = 0
    failures: int = 0
    last_failure: str | None = None
    faults: tuple[Fault, ...] = ()
    reason: str = ""
    retry_at: datetime | None = None
    notes: tuple[str, ...] = ()
