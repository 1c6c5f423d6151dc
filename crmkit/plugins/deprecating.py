"""What goes, and who is told: warned of for two minor versions at least, an error in the next major one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import attrs

from crmkit.domain.events import Event

#: What projects call the page where faults are told, in the order it is looked for; a home page is better than none.
_TRACKERS = ("issues", "tracker", "bug tracker", "issue tracker", "bugs", "bug reports", "source", "homepage")
#: By when what goes is gone.
REFUSED_BY = "crmkit 2.0"


class RemovedInCrmkit2Warning(DeprecationWarning):
    """
    Something that crmkit 2.0 will refuse: a hook, an argument or an event. The text says what to write instead.

    Turn it into an error to see where: `pytest -W error::crmkit.plugins.RemovedInCrmkit2Warning`.

    >>> issubclass(RemovedInCrmkit2Warning, DeprecationWarning)
    True
    """


@attrs.frozen
class Old:
    """
    One thing a plugin does that it should not any more.

    >>> str(Old("implements crm_check_won", "0.4", "crm_check_deal_stage"))
    'implements crm_check_won, deprecated since 0.4. Write crm_check_deal_stage instead.'
    """

    does: str
    since: str | None
    instead: str

    def __str__(self) -> str:
        since = f", deprecated since {self.since}." if self.since else ", which is deprecated."
        return f"{self.does}{since}" + (f" Write {self.instead} instead." if self.instead else "")


def old_events(heard: Iterable[tuple[str, type[Event]]]) -> list[Old]:
    """What is said of each event that goes, beside what a plugin does with it; nothing of those that stay."""
    return [Old(does, *kind.deprecated) for does, kind in heard if kind.deprecated is not None]


def warn(plugin: type[object], name: str, distribution: str | None, old: Sequence[Old]) -> None:
    """Warn of each thing, with the plugin's version and where its authors want to hear of it."""
    whose, tracker = _whose(plugin, name, distribution)
    for one in old:
        warnings.warn(f"{whose} {one}{tracker}", RemovedInCrmkit2Warning, stacklevel=2)


def _whose(plugin: type[object], name: str, distribution: str | None) -> tuple[str, str]:
    """
    Who it is, and a sentence about where to tell its authors.

    Distributions are looked through only now, for a plugin that the host made itself: it takes a while.
    """
    from importlib.metadata import PackageNotFoundError, metadata, packages_distributions

    if distribution is None:
        top = plugin.__module__.partition(".")[0]
        distribution = next(iter(packages_distributions().get(top, ())), None)
    try:
        told = metadata(distribution) if distribution else None
    except PackageNotFoundError:
        told = None
    if told is None:
        return f"The plugin {name}", ""
    links = dict(_link(text) for text in told.get_all("Project-URL", ()))
    url = next((links[label] for label in _TRACKERS if label in links), None)
    return f"The plugin {name} ({told['Name']} {told['Version']})", f" Tell its authors: {url}" if url else ""


def _link(text: str) -> tuple[str, str]:
    label, _, url = text.partition(",")
    return label.strip().lower(), url.strip()
