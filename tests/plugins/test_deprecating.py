"""What goes is warned of when a CRM opens, with whose it is and where its authors hear of it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from crmkit import CRM
from crmkit.events import DealWon, Event
from crmkit.plugins import HookContext, Plugin, RemovedInCrmkit2Warning, Subscription, hookimpl, on, registry
from crmkit.plugins.hooks.spec import Spec, hookspec, spec_of


@hookspec(
    kind="guard", phase="in_tx", fail="closed", deprecated="0.4", instead="crm_check_deal_stage"
)  # fmt: skip
def crm_check_won(ctx: HookContext) -> None:
    """Object to deals being won."""


@hookspec(kind="guard", phase="in_tx", fail="closed", going={"when": "ctx.now"})
def crm_check_late(ctx: HookContext, when: str) -> None:
    """Object to what comes too late."""


@pytest.fixture(autouse=True)
def _an_older_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook that goes, made for these tests."""
    before = registry.declared()

    def declared() -> Mapping[str, Spec]:
        return {**before, **{one.__name__: spec_of(one) for one in (crm_check_won, crm_check_late)}}

    monkeypatch.setattr(registry, "declared", declared)


def _ignore(*_: object) -> None: ...


def _warned(*plugins: Plugin[None]) -> list[str]:
    with pytest.warns(RemovedInCrmkit2Warning) as told, CRM.open("memory://", plugins=plugins):
        pass
    return [str(one.message) for one in told]


def test_a_hook_that_goes_is_warned_of_with_what_to_write_instead() -> None:
    """Its author has two minor versions to follow; until then it works."""

    class Old(Plugin[None]):
        @hookimpl
        def crm_check_won(self, ctx: HookContext) -> None: ...

    assert [
        "The plugin old implements crm_check_won, deprecated since 0.4. Write crm_check_deal_stage instead."
    ] == _warned(Old())


def test_an_argument_that_goes_is_warned_of_only_where_it_is_taken() -> None:
    """Who does without it has nothing to change."""

    class Late(Plugin[None]):
        @hookimpl
        def crm_check_late(self, ctx: HookContext, when: str) -> None: ...

    class Early(Plugin[None]):
        @hookimpl
        def crm_check_late(self, ctx: HookContext) -> None: ...

    assert ["The plugin late takes when in crm_check_late, which is deprecated. Write ctx.now instead."] == _warned(
        Late(), Early()
    )


def test_an_event_that_goes_is_warned_of_however_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its class, by its hook, and by a receiver of the host's own."""
    monkeypatch.setattr(DealWon, "deprecated", ("0.5", "DealClosed"))

    class ByClass(Plugin[None]):
        @on(DealWon)
        def ring(self, event: DealWon) -> None: ...

    class ByHook(Plugin[None]):
        @hookimpl
        def crm_after_deal_won(self, event: DealWon) -> None: ...

    class BySettings(Plugin[None]):
        @hookimpl
        def crm_register_observers(self) -> Iterable[Subscription]:
            yield Subscription("shop", ("client.added", "deal.won"), _ignore)

    goes = ", deprecated since 0.5. Write DealClosed instead."
    assert [
        f"The plugin by_class hears DealWon in ring{goes}",
        f"The plugin by_hook implements crm_after_deal_won{goes}",
        f"The plugin by_settings hears deal.won as shop{goes}",
    ] == _warned(ByClass(), ByHook(), BySettings())
    with CRM.open("memory://") as crm, pytest.warns(RemovedInCrmkit2Warning, match=r"crm\.on\(DealWon\)") as told:
        crm.on(DealWon)(lambda _: None)
    assert Path(__file__).name == Path(told[0].filename).name


def test_who_hears_a_whole_group_is_not_warned_of_one_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is gone the group still stands: there is nothing to write instead."""
    monkeypatch.setattr(DealWon, "deprecated", ("0.5", "DealClosed"))

    class Groups(Plugin[None]):
        @hookimpl
        def crm_register_observers(self) -> Iterable[Subscription]:
            yield Subscription("group", ("deal.*",), _ignore)
            yield Subscription("all", ("*",), _ignore)

        @on(Event)
        def hear(self, event: Event) -> None: ...

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CRM.open("memory://", plugins=[Groups()]).close()


@pytest.mark.parametrize("by", ["name", "instance"])
def test_the_warning_names_the_plugins_version_and_its_tracker(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its operator can do nothing but tell its authors, or upgrade."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    module = f"crmkit_oldest_{by}"
    info = tmp_path / f"{module}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\nProject-URL: Homepage, https://example.org\n"
        "Project-URL: Issues, https://example.org/issues\n"
    )
    (info / "top_level.txt").write_text(module)
    (info / "entry_points.txt").write_text(f"[crmkit.v1]\noldest = {module}:Oldest\n")
    source = """
        from crmkit.plugins import Plugin, hookimpl

        class Oldest(Plugin[None]):
            @hookimpl
            def crm_check_won(self): ...
    """
    (tmp_path / f"{module}.py").write_text(dedent(source))
    plugins = {"oldest": dict[str, object]()} if by == "name" else [_made(module)]
    with pytest.warns(RemovedInCrmkit2Warning) as told:
        CRM.open("memory://", plugins=plugins).close()
    monkeypatch.delitem(sys.modules, module)
    (text,) = [str(one.message) for one in told]
    assert text.startswith(f"The plugin oldest ({module} 1.2) implements crm_check_won")
    assert text.endswith("Tell its authors: https://example.org/issues")


def _made(module: str) -> Plugin[None]:
    from importlib import import_module

    made: Plugin[None] = import_module(module).Oldest()
    return made


def test_what_stays_is_never_warned_of() -> None:
    """A warning that says nothing teaches people not to read them."""

    class Fine(Plugin[None]):
        @on(DealWon)
        def ring(self, event: DealWon) -> None: ...

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CRM.open("memory://", plugins=[Fine()]).close()
