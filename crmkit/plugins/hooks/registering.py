"""Hooks asked once, while a CRM opens: what a plugin brings along. No input or output here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crmkit.domain.access import Operation
from crmkit.domain.custom import Field
from crmkit.domain.events import Event
from crmkit.domain.sight import Entity, Level
from crmkit.domain.where import Where
from crmkit.plugins.endpoints import Endpoint
from crmkit.plugins.hooks.spec import hookspec
from crmkit.plugins.jobs import Job
from crmkit.plugins.subscription import Subscription
from crmkit.plugins.values.channels import Channel
from crmkit.plugins.values.registering import CommandLine, ConsentPurpose, HealthCheck


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_event_types() -> Iterable[type[Event]] | None:
    """Bring events of your own; each is named `<plugin>.<what happened>`, said with `tx.tell` and told like any other."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_fields() -> Iterable[Field[Any]] | None:
    """Bring custom fields of clients and deals; two that differ under one name are refused."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_consent_purposes() -> Iterable[ConsentPurpose] | None:
    """Bring purposes that a client may consent to, each with the legal bases that carry it."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_channels() -> Iterable[Channel] | None:
    """Bring ways to reach people; a name that two plugins bring is refused."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_observers() -> Iterable[Subscription] | None:
    """Bring observers that your settings ask for, one for each target; each is delivered to on its own."""


@hookspec(kind="collect", phase="build", fail="skip")
def crm_register_health_checks() -> Iterable[HealthCheck] | None:
    """Bring checks for `crmkit plugins doctor`: whether what you talk to answers."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_endpoints() -> Iterable[Endpoint] | None:
    """Bring endpoints where others hand something in; the host serves all of them with one app, `crmkit.http`."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_commands() -> Iterable[CommandLine] | None:
    """Bring commands for `crmkit <plugin> …`; each is imported when somebody calls it."""


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_jobs() -> Iterable[Job] | None:
    """Bring work to be done by the clock; `crm.run_due()` or `crmkit worker` does it, one process at a time."""


@hookspec(kind="collect", phase="build", fail="closed")
def crm_access_scope(role: str, action: Operation, entity: Entity) -> Level | Where | None:
    """
    Take away from what a role of the host's access policy may do: at most to a level, or with clients that meet a condition.

    A condition is on the client, whatever the entity, and may say `ACTOR` for the key of whoever acts. Every plugin's
    answer holds; None takes nothing away, and nobody can give more than the policy. If you fail, what you were asked
    about is allowed to nobody.
    """


@hookspec(kind="collect", phase="build", fail="broken")
def crm_register_migrations() -> Iterable[Path] | None:
    """
    Bring tables of your own, on SQL storages only: the folder of your Alembic branch, whose label is your name.

    The names of tables begin with yours and two underscores; `ctx.sql` reaches them. No hook is called meanwhile.
    """
