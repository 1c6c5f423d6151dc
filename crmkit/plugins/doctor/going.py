"""P07: what plugins rest on that goes, before it is gone."""

from __future__ import annotations

from collections.abc import Iterator

from crmkit.plugins.deprecating import REFUSED_BY
from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.host import Plugins


def of_going(plugins: Plugins) -> Iterator[Finding]:
    """
    A finding for each hook, argument and subscription of a plugin that a later crmkit refuses; settings subscribe too.

    P07: Write what the finding says instead, in the settings where it is they who subscribe, or ask the plugin's authors
    for a version that does. It works until then.
    """
    for one in plugins.listed():
        for old in one.findings.old:
            yield Finding("P07", one.name, f"It {old} {REFUSED_BY} refuses it.")
