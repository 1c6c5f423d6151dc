"""P01 to P06, P08 and P12: what kept a plugin from being made, or from being started."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.host import Plugins
from crmkit.plugins.states import PluginStatus

_BY_FAULT = {
    "import": "P01", "making": "P01", "not_installed": "P01", "no_plugin": "P01", "conflict": "P02", "name": "P02",
    "incompatible": "P03", "too_new": "P03", "auth": "P14", "literal_secret": "P12",
    "tables_behind": "P08", "no_branch": "P08", "bad_revision": "P08", "ahead": "P08",
}  # fmt: skip
_SIGNATURES = frozenset({"arguments", "argument", "annotation"})


def of_faults(plugins: Plugins) -> Iterator[Finding]:
    """
    A finding for each fault that was told when the plugins were made, or set back for their tables.

    P01: Run the import that the finding names and see; install the distribution, or take the plugin off the list.

    P02: Uninstall all distributions of this name but one; its entry point and its class have one name.

    P03: Upgrade crmkit, or install a version of the plugin that fits. If it is known to work all the same, name it in
    `ignore_compatibility`.

    P04: Mend each setting that is named in the file; `crmkit plugins settings NAME` shows what there is to say.

    P05: Mark the method with `@hookimpl`, or name it as `crmkit plugins hooks` does. Users tell the plugin's authors.

    P06: Take only the arguments that the hook has, by their names and types. Users tell the plugin's authors.

    P08: Back the store up and run `crmkit db upgrade`. Revisions that can be imported, the first one labelled with the
    plugin's name, have to come from its authors; for tables of a newer version install that. Without a store nobody
    looks.

    P12: Write where the secret is, as in `token = {env = "NAME"}`, and make a new one: the old one was in a file.
    """
    for status in plugins.status():
        for fault in status.faults:
            yield Finding(_code(status, fault.code), status.name, f"{fault.path}: {fault.message}")


def _code(status: PluginStatus, fault: str) -> str:
    if fault in _BY_FAULT:
        return _BY_FAULT[fault]
    if status.state == "misconfigured":
        return "P04"
    return "P06" if fault in _SIGNATURES else "P05"
