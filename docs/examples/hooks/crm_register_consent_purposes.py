"""A shop congratulates on birthdays, if a client agreed to that and to nothing else."""

from collections.abc import Iterable

from crmkit.plugins import ConsentPurpose, Plugin, hookimpl


class Birthdays(Plugin[None]):
    """Brings a purpose of its own: who refuses marketing may still like to be congratulated."""

    @hookimpl
    def crm_register_consent_purposes(self) -> Iterable[ConsentPurpose]:
        """Bring the purpose; only consent carries it."""
        return [ConsentPurpose("birthday", frozenset({"consent"}))]
