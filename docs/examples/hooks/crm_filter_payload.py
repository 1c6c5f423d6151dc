"""Nothing that names a client's discount leaves the house."""

from collections.abc import Mapping
from typing import Any

from crmkit.plugins import Plugin, hookimpl


class Discreet(Plugin[None]):
    """Takes a key out of everything that is sent to others."""

    @hookimpl
    def crm_filter_payload(self, payload: Mapping[str, Any], destination: str) -> Mapping[str, Any] | None:
        """Leave the discount out, wherever it goes."""
        return {key: value for key, value in payload.items() if key != "discount"}
