"""A shoe shop keeps every client's size."""

from collections.abc import Iterable
from typing import Any

from crmkit import Field
from crmkit.plugins import Plugin, hookimpl

SIZE = Field("client", "shoe_size", int)


class Shoes(Plugin[None]):
    """Brings a custom field; the host gives it nowhere."""

    @hookimpl
    def crm_register_fields(self) -> Iterable[Field[Any]]:
        """Bring the size."""
        return [SIZE]
