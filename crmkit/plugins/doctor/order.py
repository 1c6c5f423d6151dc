"""P13: filters of one value, of which the last one has the last word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crmkit.plugins.doctor.finding import Finding
from crmkit.plugins.host import Plugins


def of_filters(plugins: Plugins) -> Iterator[Finding]:
    """
    One finding for each filter that several plugins implement, at the last of them.

    P13: Make sure that the order is meant: the last one on the list has the last word. Nothing else is wrong.
    """
    named = defaultdict[str, list[str]](list)
    for status in plugins.status():
        for hook in status.hooks:
            if hook.startswith("crm_filter_"):
                named[hook].append(status.name)
    for hook, names in named.items():
        if len(names) > 1:
            say = f"{', then '.join(names)} filter in {hook}, in this order. Make sure that is meant."
            yield Finding("P13", names[-1], say)
