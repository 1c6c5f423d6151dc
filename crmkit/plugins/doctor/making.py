"""P01 to P06 and P12: what kept a plugin from being made."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.host import Plugins
from crmkit.plugins.states import PluginStatus

_BY_FAULT = {
    "import": "P01", "making": "P01", "not_installed": "P01", "no_plugin": "P01", "conflict": "P02", "name": "P02",
    "incompatible": "P03", "too_new": "P03", "auth": "P14", "literal_secret": "P12",
}  # fmt: skip
_SIGNATURES = frozenset({"arguments", "argument", "annotation"})


def of_faults(plugins: Plugins) -> Iterator[Finding]:
    """A finding for each fault that was told when the plugins were made."""
    for status in plugins.status():
        for fault in status.faults:
            yield Finding(_code(status, fault.code), status.name, f"{fault.path}: {fault.message}")


def _code(status: PluginStatus, fault: str) -> str:
    if fault in _BY_FAULT:
        return _BY_FAULT[fault]
    if status.state == "misconfigured":
        return "P04"
    return "P06" if fault in _SIGNATURES else "P05"
