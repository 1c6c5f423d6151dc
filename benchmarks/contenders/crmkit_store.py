"""A store that crmkit made, with a plugin that hears of clients and touchpoints."""

from __future__ import annotations

from typing import Any

from peers.target import Target, emptied
from sqlalchemy import event

from crmkit import MemoryStorage
from crmkit.events import ClientAdded, TouchpointRecorded
from crmkit.plugins import Plugin, on
from crmkit.ports import Storage
from crmkit.storage.sql import SQLStorage


class Listener(Plugin[None]):
    """Hears of clients and touchpoints; what it hears is delivered by nobody while others measure."""

    name = "listener"

    @on(ClientAdded)
    def client(self, event: ClientAdded) -> None:
        """Hear of a client."""

    @on(TouchpointRecorded)
    def touchpoint(self, event: TouchpointRecorded) -> None:
        """Hear of a touchpoint."""


def url_of(place: Target) -> str:
    """The place in crmkit's words."""
    if place.kind == "sqlite":
        return f"sqlite:///{place.file}"
    if place.kind == "memory":
        return "memory://"
    login = f"{place.user}:{place.password}" if place.password else place.user
    where = f"/{place.database}?host={place.host}&port={place.port}"  # a host may be a socket's folder
    return f"postgresql+psycopg://{login}@{where}"


def storage_of(place: Target) -> Storage:
    """Open a storage there, as durable as the place says."""
    if place.kind == "memory":
        return MemoryStorage()
    storage = SQLStorage(url_of(place))
    if place.synchronous != "FULL":  # crmkit itself knows no other: a commit that returned is durable

        def relaxed(driver: Any, _: object) -> None:
            driver.execute(f"PRAGMA synchronous={place.synchronous}")

        event.listen(storage.engine, "connect", relaxed)
        storage.connections.forget()
    return storage


def made(place: Target) -> None:
    """Empty a place and make crmkit's tables there."""
    emptied(place)
    storage_of(place).close()
