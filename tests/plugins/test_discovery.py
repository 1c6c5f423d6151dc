"""Plugins that are installed: known without an import, switched on by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import pytest

from crmkit import CRM
from crmkit.errors import Invalid
from crmkit.plugins import Plugins

Install = Callable[..., None]
BELL = """
    import attrs
    from crmkit.events import DealWon
    from crmkit.plugins import Plugin, on

    @attrs.frozen
    class Sound:
        text: str = "ding"
        times: int = 1

    class Bell(Plugin[Sound]):
        @on(DealWon, durable=False)
        def ring(self, event: DealWon) -> None:
            print(self.settings.text * self.settings.times)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution where Python finds it, with one module and its entry points."""
    cast("Any", monkeypatch).syspath_prepend(str(tmp_path))

    def install(dist: str, module: str, source: str, *, group: str = "crmkit.v1", **entries: str) -> None:
        info = tmp_path / f"{dist.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        lines = [f"[{group}]", *(f"{name} = {module}:{target}" for name, target in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        (tmp_path / f"{module}.py").write_text(dedent(source))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def _state(name: str, plugins: Plugins) -> tuple[str, list[str]]:
    (told,) = [one for one in plugins.status(everything=True) if one.name == name]
    return told.state, [fault.code for fault in told.faults]


def test_an_installed_plugin_is_switched_on_by_its_name(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """With its settings, read strictly."""
    install("crmkit-bell", "crmkit_bell_a", BELL, bell="Bell")
    with CRM.open("memory://", plugins={"bell": {"text": "dong", "times": 2}}) as crm, crm.begin() as tx:
        tx.deals.win(tx.deals.open(tx.clients.add(name="Anna").id, title="Order").id)
    assert "dongdong\n" == capsys.readouterr().out
    (told,) = crm.plugins.status()
    assert ("bell", "stopped", 1, "1.2", "crmkit-bell") == (
        told.name, told.state, told.place, told.version, told.distribution,
    )  # fmt: skip


def test_what_is_not_listed_is_known_but_never_imported(install: Install, tmp_path: Path) -> None:
    """Installed is not active, and a plugin nobody wants costs no time."""
    install("crmkit-bell", "crmkit_bell_b", "raise SystemExit('imported')", bell="Bell")
    program = """
        import sys
        from crmkit import CRM
        with CRM.open("memory://") as crm:
            known = [(one.name, one.state, one.place) for one in crm.plugins.status(everything=True)]
            print([one for one in known if one[0] == "bell"])
        print("crmkit_bell_b" in sys.modules)
    """
    ran = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path])},
    )  # fmt: skip
    assert "[('bell', 'available', None)]\nFalse\n" == ran.stdout


@pytest.mark.parametrize(
    ("source", "settings", "state", "code"),
    [
        ("import nothing_of_the_kind", {}, "broken", "import"),
        ("raise SystemExit(1)", {}, "broken", "import"),
        ("Bell = 1", {}, "broken", "no_plugin"),
        (BELL.replace("class Bell", "class Gong") + "\n    Bell = Gong", {}, "broken", "name"),
        (BELL.replace("@on(DealWon, durable=False)", ""), {}, "broken", "no_hooks"),
        (BELL, {"time": 2}, "misconfigured", "unknown_setting"),
        (BELL, {"times": "2"}, "misconfigured", "not_a_whole_number"),
        (BELL.replace("Plugin[Sound]", "Plugin[None]"), {"times": 2}, "misconfigured", "unknown"),
        (BELL.replace("class Bell(Plugin[Sound]):", "class Bell(Plugin[Sound]):\n        requires_api = '1.99'"), {},
         "incompatible", "too_new"),
    ],
    ids=["no module", "exits", "no class", "another name", "no hooks", "unknown setting", "wrong setting",
         "no settings at all", "too new"],
)  # fmt: skip
def test_a_plugin_that_is_wrong_is_out_and_the_rest_goes_on(
    install: Install, source: str, settings: dict[str, object], state: str, code: str
) -> None:
    """Its state is data for whoever looks after it; with `required` the CRM does not open."""
    module = f"crmkit_bell_{abs(hash((source, str(settings))))}"
    install("crmkit-bell", module, source, bell="Bell")
    with CRM.open("memory://", plugins={"bell": settings}) as crm:
        found, codes = _state("bell", crm.plugins)
    assert (state, code) == (found, codes[0])
    with pytest.raises(Invalid, match="bell"):
        CRM.open("memory://", plugins={"bell": {**settings, "required": True}})


def test_a_plugin_for_another_api_is_told_from_one_that_is_not_there(install: Install) -> None:
    """The group's name says it; nothing is imported to find out."""
    install("crmkit-old", "crmkit_old", "raise SystemExit", group="crmkit.v0", old="Old")
    plugins = Plugins({"old": {}, "missing": {}})
    assert ("incompatible", ["incompatible"]) == _state("old", plugins)
    assert ("broken", ["not_installed"]) == _state("missing", plugins)


def test_two_distributions_with_one_plugin_are_a_conflict(install: Install) -> None:
    """Which of them ran would depend on the file system."""
    install("crmkit-bell", "crmkit_bell_c", BELL, bell="Bell")
    install("crmkit-gong", "crmkit_bell_d", BELL, bell="Bell")
    assert ("conflict", ["conflict"]) == _state("bell", Plugins({"bell": {}}))


def test_the_hosts_list_is_the_order_whatever_is_installed_first(install: Install) -> None:
    """Not the file system's, and not the alphabet's."""
    for name in ("aa", "zz", "mm"):
        install(f"crmkit-{name}", f"crmkit_{name}", BELL.replace("class Bell", f"class {name.title()}"),
                **{name: name.title()})  # fmt: skip
    assert ["zz", "aa", "mm"] == [one.name for one in Plugins({"zz": {}, "aa": {}, "mm": {}}).status()]
