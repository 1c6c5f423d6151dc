"""The suite every plugin can be held to; what it passed is told as a tier at the end of the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from crmkit.plugins.plugin import Plugin
from crmkit.testing.plugin_suite.bronze import Bronze
from crmkit.testing.plugin_suite.day import ordinary_day
from crmkit.testing.plugin_suite.gold import Gold
from crmkit.testing.plugin_suite.silver import Silver
from crmkit.testing.plugin_suite.tables import Tables
from crmkit.testing.plugin_suite.trial import Scenario, Trial


class PluginConformance(Bronze, Silver, Tables, Gold):
    """
    Subclass it in a test module, or let `plugin_conformance` do it, and name your plugin.

    `settings` and `env` are as a host would give them; `scenario`, if given, is the day your plugin has something to
    do on; `readme` is the file that describes its settings. What it cannot do stands in `known_gaps`, by the code of
    the check, with the reason.
    """

    plugin: ClassVar[type[Plugin[Any]]]
    settings: ClassVar[Mapping[str, Any]] = {}
    env: ClassVar[Mapping[str, str]] = {}
    scenario: ClassVar[Scenario] = staticmethod(ordinary_day)
    readme: ClassVar[Path | None] = None
    #: Code of a check to reason. Strict: a gap that closes must be removed; no tier is given for what is one.
    known_gaps: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def trial(self, request: pytest.FixtureRequest) -> Trial:
        """The plugin, and how to open CRMs with it; the check is noted for the tier."""
        node = cast("pytest.Item", request.node)  # pyright: ignore[reportUnknownMemberType]
        check = node.name.partition("_")[2][:3].upper()
        node.user_properties.append(("crmkit check", f"{self.plugin.name} {check}"))
        unknown = sorted(self.known_gaps.keys() - {name[5:8].upper() for name in dir(PluginConformance)})
        assert not unknown, f"There is no check {', '.join(unknown)}: known_gaps takes codes, such as K17."
        if reason := self.known_gaps.get(check):
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        return Trial(self.plugin, self.settings, self.env, type(self).scenario, self.readme)


def plugin_conformance(
    plugin: type[Plugin[Any]], *, settings: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None,
    scenario: Scenario = ordinary_day, readme: Path | None = None, known_gaps: Mapping[str, str] | None = None,
) -> type[PluginConformance]:  # fmt: skip
    """
    Hold a plugin to every check there is.

    In a test module: `TestSlack = plugin_conformance(Slack, settings={…}, env={…})`.

    A plugin without settings needs none, and a check that finds nothing to look at is skipped and says so. What your
    plugin cannot do is declared, `known_gaps={"K17": "without SQL there is nowhere to keep a row"}`, and must fail.

    >>> from crmkit.plugins import Plugin
    >>> class Bell(Plugin[None]): ...
    >>> sorted(name[5:8] for name in dir(plugin_conformance(Bell)) if name.startswith("test_k"))[:3]
    ['k01', 'k02', 'k03']
    """
    given: dict[str, Any] = {
        "plugin": plugin, "settings": settings or {}, "env": env or {}, "scenario": staticmethod(scenario),
        "readme": readme, "known_gaps": known_gaps or {},
    }  # fmt: skip
    return type(f"Test{plugin.__name__}", (PluginConformance,), given)
