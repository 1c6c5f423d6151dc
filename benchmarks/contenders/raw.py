"""The limit, as a program: by hand, in crmkit's own tables, on whichever database the command line names."""

from __future__ import annotations

import sys

from peers.serving import serve
from peers.target import target

if __name__ == "__main__":
    match target(sys.argv[1]).kind:
        case "sqlite":
            from contenders.raw_sqlite import RawSQLite

            serve(RawSQLite)
        case "postgresql":
            from contenders.raw_postgresql import RawPostgreSQL

            serve(RawPostgreSQL)
        case "memory":
            from contenders.raw_memory import RawMemory

            serve(RawMemory)
