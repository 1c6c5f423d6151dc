"""Hooks that are asked while somebody reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmkit.domain.ids import ClientId
from crmkit.domain.touchpoint import Touchpoint
from crmkit.plugins.context import HookContext
from crmkit.plugins.hooks.spec import hookspec
from crmkit.plugins.values.asking import Address, Window


@hookspec(kind="first", phase="query", fail="open")
def crm_resolve_client(ctx: HookContext, address: Address) -> ClientId | None:
    """Say whose an address is that crmkit itself does not know: a caller, a sender. The first answer counts."""


@hookspec(kind="collect", phase="query", fail="skip")
def crm_timeline(ctx: HookContext, client_id: ClientId, window: Window) -> Iterable[Touchpoint] | None:
    """
    Add to a client's timeline what your own records know, as touchpoints within *window*, newest first.

    If you fail the timeline comes without yours, and says that it is partial.
    """


@hookspec(kind="filter", phase="query", fail="closed")
def crm_filter_payload(payload: Mapping[str, Any], destination: str) -> Mapping[str, Any] | None:
    """
    Take out or mask what must not leave the house, before it goes to *destination*, such as `webhooks:shop`.

    If you fail nothing is sent: what a filter would have taken out must not slip through.
    """
