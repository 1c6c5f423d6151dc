"""Whoever watches the house hears that something could not be told."""

from crmkit.plugins import DeadLetter, Plugin, hookimpl


class Postmaster(Plugin[None]):
    """Keeps what was given up, for somebody to look at."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = list[DeadLetter]()

    @hookimpl
    def crm_on_dead_letter(self, letter: DeadLetter) -> None:
        """Put it on the pile."""
        self.letters.append(letter)
