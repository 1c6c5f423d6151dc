"""Answers to a form are kept in a table of their own, where SQL can count them."""

from collections.abc import Iterable
from pathlib import Path

from crmkit.plugins import Plugin, hookimpl


class Answers(Plugin[None]):
    """Brings tables: the folder beside this file holds its revisions, the first of them labelled `answers`."""

    @hookimpl
    def crm_register_migrations(self) -> Iterable[Path]:
        """Bring the folder; on a storage without SQL nobody asks what is in it."""
        return [Path(__file__).parent / "answers"]
