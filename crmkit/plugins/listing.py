"""From what a host gives to plugins that are made and looked at: each on its own, nothing is raised half-way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from crmkit.errors import Fault, Invalid
from crmkit.plugins.deprecating import warn
from crmkit.plugins.discovery import API, VERSION, Offer, installed
from crmkit.plugins.hooks.spec import Spec
from crmkit.plugins.implementations import Findings, found_in
from crmkit.plugins.plugin import Plugin, is_plugin, is_plugin_class
from crmkit.plugins.settings import PluginsConfig, config_of, structured
from crmkit.plugins.states import Listed


def listed(given: object, specs: Mapping[str, Spec]) -> list[Listed]:
    """Every plugin given, in order, with its state; wrong instances are `Invalid`, for they are the host's own code."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable | PluginsConfig):
        raise Invalid(Fault("plugins", "not_a_list", "Give plugins, or a mapping of installed ones to their settings."))
    if isinstance(given, (Mapping, PluginsConfig)):
        config = given if isinstance(given, PluginsConfig) else config_of(cast("Mapping[str, Any]", given))
        found = _by_name(config, specs)
    else:
        found = _instances(list(cast("Iterable[object]", given)), specs)
    for one in found:
        if one.findings.old:
            warn(type(one.plugin), one.name, one.distribution, one.findings.old)
    return found


def _instances(given: Sequence[object], specs: Mapping[str, Spec]) -> list[Listed]:
    faults, found, names = list[Fault](), list[Listed](), set[str]()
    for one in given:
        findings = found_in(one, specs)
        faults += findings.faults
        if is_plugin(one):
            if one.name in names:
                faults.append(Fault(f"plugins.{one.name}", "twice", "Two plugins have this name.", one.name))
            names.add(one.name)
            found.append(Listed(one.name, "stopped", one, findings))
    if faults:
        raise Invalid(*faults)
    return found


def _by_name(config: PluginsConfig, specs: Mapping[str, Spec]) -> list[Listed]:
    offers = installed()
    return [_one(name, offers.get(name, ()), config, specs) for name in config.enabled]


def _one(name: str, offers: Sequence[Offer], config: PluginsConfig, specs: Mapping[str, Spec]) -> Listed:
    ours, required = [offer for offer in offers if offer.api == API], name in config.required
    path = f"plugins.{name}"
    if not offers:
        say = f"No installed distribution brings a plugin {name}. Install it, or take it off the list."
        return _wrong(Listed(name, "broken", required=required), Fault(path, "not_installed", say, name))
    if not ours:
        offer = offers[0]
        say = f"It is made for the plugin API {offer.api}, this is {API}. Install a version that fits."
        return _wrong(_of(offer, required), Fault(path, "incompatible", say, name), state="incompatible")
    if len(ours) > 1:
        brought = " and ".join(sorted(str(offer.distribution) for offer in ours))
        say = f"{brought} bring a plugin of this name. Uninstall all but one."
        return _wrong(_of(ours[0], required), Fault(path, "conflict", say, name), state="conflict")
    return _made(_of(ours[0], required), ours[0], config, specs)


def _made(one: Listed, offer: Offer, config: PluginsConfig, specs: Mapping[str, Spec]) -> Listed:
    path = f"plugins.{one.name}"
    try:
        kind = offer.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # another's module may raise anything
        say = f"It cannot be imported ({type(error).__name__}). Try: python -c 'import {offer.entry.module}'."
        return _wrong(one, Fault(path, "import", say, one.name))
    if not is_plugin_class(kind):
        return _wrong(one, Fault(path, "no_plugin", "Its entry point names no subclass of crmkit Plugin.", one.name))
    if kind.name != one.name:
        say = f"Its entry point is called {one.name}, its class {kind.name}. Let them agree."
        return _wrong(one, Fault(path, "name", say, one.name))
    if _number(kind.requires_api) > _number(VERSION) and one.name not in config.ignore_compatibility:
        say = f"It needs the plugin API {kind.requires_api}, this is {VERSION}. Upgrade crmkit."
        return _wrong(one, Fault(path, "too_new", say, one.name), state="incompatible")
    try:
        one.plugin = _with_settings(kind, config.of(one.name), config)
    except Invalid as error:
        return _wrong(one, *error.faults, state="misconfigured")
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return _wrong(one, Fault(path, "making", f"It cannot be made ({type(error).__name__}).", one.name))
    one.findings = found_in(one.plugin, specs)
    return _wrong(one, *one.findings.faults) if one.findings.faults else one


def _number(version: str) -> tuple[int, ...]:
    """A version to compare by; what is no version is older than all."""
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else ()


def _with_settings(kind: type[Plugin[Any]], given: Mapping[str, object], config: PluginsConfig) -> Plugin[Any]:
    if kind.settings_class is None:
        if given:
            unknown = ", ".join(sorted(given))
            raise Invalid(
                Fault(f"plugins.{kind.name}", "unknown", f"It has no settings; take away {unknown}.", kind.name)
            )
        return kind()
    return kind(structured(kind.settings_class, given, plugin=kind.name, source=config.source_of(kind.name)))


def _of(offer: Offer, required: bool) -> Listed:
    return Listed(
        offer.name, "stopped", distribution=offer.distribution, version=offer.version, api=offer.api, required=required
    )


def _wrong(one: Listed, *faults: Fault, state: Any = "broken") -> Listed:
    one.state, one.faults, one.findings = state, faults, Findings()
    return one
