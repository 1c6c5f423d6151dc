"""How much memory this process holds, and held at most since it was asked."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_FORGET: Final = Path("/proc/self/clear_refs")


class Resident:
    """
    Megabytes from here on.

    Linux forgets its peak on demand. Elsewhere the peak is that of the whole life of the process.
    """

    def __init__(self) -> None:
        self._forgetting = _STATUS.exists()
        if self._forgetting:
            _FORGET.write_text("5", encoding="ascii")
        self.start = self._read("VmRSS")

    def peak(self) -> float:
        """The most so far."""
        return self._read("VmHWM")

    def _read(self, field: str) -> float:
        if self._forgetting:
            for line in _STATUS.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition(":")
                if name == field:
                    return int(value.split()[0]) / 1024
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
