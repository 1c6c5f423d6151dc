"""Which plugins a command works with, and its CRM."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from crmkit import CRM
from crmkit.audit import Audit, FileSink
from crmkit.plugins import PluginsConfig, load

F = TypeVar("F", bound=Callable[..., Any])
#: Read if there is one in the current folder and nobody says otherwise.
DEFAULT = "crmkit.toml"


def plugins_option(command: F) -> F:
    """Let a command be told where the host's list of plugins is."""
    option = click.option(
        "--plugins", "file", type=click.Path(path_type=Path, dir_okay=False), envvar="CRMKIT_PLUGINS",
        help=f"The TOML file that lists the plugins; {DEFAULT} in the current folder if there is one.",
    )  # fmt: skip
    return option(command)


def heads_option(command: F) -> F:
    """Let a command that runs for long seal the journal."""
    option = click.option(
        "--heads", type=click.Path(path_type=Path, dir_okay=False),
        help="Seal the journal, and append the heads to this file: on a disk that the store's users cannot write to.",
    )  # fmt: skip
    return option(command)


def config_at(file: Path | None) -> PluginsConfig:
    """The host's list: of the file that was given, else of the one in the current folder, else an empty one."""
    if file is None:
        file = Path(DEFAULT)
        if not file.exists():
            return PluginsConfig()
    return load(file)


def opened(url: str, config: PluginsConfig, heads: Path | None = None) -> CRM:
    """
    The CRM at *url* with its plugins started; what waits is told by whoever asks for it, and the schema stays.

    With a file for the *heads* its journal is sealed.
    """
    audit = None if heads is None else Audit(FileSink(heads))
    return CRM.open(url, plugins=config, delivery="external", migrate="never", audit=audit)
