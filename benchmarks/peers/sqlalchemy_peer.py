"""What the peers on SQLAlchemy have in common: an engine, and tables that others fill."""

from __future__ import annotations

from peers.peer import Peer
from peers.sqlalchemy_tables import engine
from peers.tables import created, filled
from peers.target import Target


class SQLAlchemyPeer(Peer):
    """An engine with its usual pool, on the shared tables."""

    def __init__(self, place: Target) -> None:
        super().__init__(place)
        self._engine = engine(place)

    def load(self, clients: int) -> None:
        self._engine.dispose()
        filled(self.place, clients)

    def empty(self) -> None:
        self._engine.dispose()
        created(self.place)

    def close(self) -> None:
        self._engine.dispose()
