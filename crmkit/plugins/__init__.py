"""Plugins: what integrators write, and all they may import besides `crmkit` itself."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from crmkit.domain.actor import System as System
from crmkit.errors import AuthFailed as AuthFailed, Drop as Drop, NotReady as NotReady, Retry as Retry
from crmkit.plugins.collections import Code as Code, Collection as Collection, Data as Data, Personal as Personal
from crmkit.plugins.context import (
    EventContext as EventContext,
    HookContext as HookContext,
    ProjectContext as ProjectContext,
)
from crmkit.plugins.delivery.relay import Drained as Drained, Relay as Relay
from crmkit.plugins.deprecating import RemovedInCrmkit2Warning as RemovedInCrmkit2Warning
from crmkit.plugins.endpoints import Endpoint as Endpoint, Request as Request, Response as Response
from crmkit.plugins.host import Plugins as Plugins
from crmkit.plugins.jobs import Job as Job, JobContext as JobContext
from crmkit.plugins.markers import hookimpl as hookimpl, on as on
from crmkit.plugins.plugin import Plugin as Plugin
from crmkit.plugins.states import PluginStatus as PluginStatus
from crmkit.plugins.subscription import Subscription as Subscription
from crmkit.plugins.values.asking import Address as Address, Window as Window
from crmkit.plugins.values.channels import Channel as Channel, Receipt as Receipt
from crmkit.plugins.values.deciding import (
    Command as Command,
    ContactAttempt as ContactAttempt,
    DealMove as DealMove,
    MergePlan as MergePlan,
    MergeQuestion as MergeQuestion,
    RecordChange as RecordChange,
    Veto as Veto,
)
from crmkit.plugins.values.permit import Outgoing as Outgoing, Permit as Permit
from crmkit.plugins.values.registering import (
    CommandLine as CommandLine,
    ConsentPurpose as ConsentPurpose,
    HealthCheck as HealthCheck,
)
from crmkit.plugins.values.reporting import DeadLetter as DeadLetter, Failure as Failure

if TYPE_CHECKING:
    from crmkit.plugins.outbound import HTTP as HTTP, Answer as Answer
    from crmkit.plugins.settings import (
        PhoneNumber as PhoneNumber,
        PluginsConfig as PluginsConfig,
        Secret as Secret,
        TimeZone as TimeZone,
        Url as Url,
        load as load,
        setting as setting,
        settings_class as settings_class,
    )
    from crmkit.plugins.signatures import new_secret as new_secret, sign as sign, verify as verify

__all__ = [
    "JobContext",
    "Job",
    "Personal",
    "Data",
    "Collection",
    "Code",
    "Address",
    "Answer",
    "AuthFailed",
    "Channel",
    "Command",
    "CommandLine",
    "ConsentPurpose",
    "DeadLetter",
    "DealMove",
    "Drained",
    "Drop",
    "Endpoint",
    "EventContext",
    "Failure",
    "HTTP",
    "HealthCheck",
    "HookContext",
    "MergePlan",
    "ContactAttempt",
    "MergeQuestion",
    "Outgoing",
    "Permit",
    "NotReady",
    "PhoneNumber",
    "Plugin",
    "PluginStatus",
    "Plugins",
    "PluginsConfig",
    "ProjectContext",
    "Receipt",
    "RecordChange",
    "Relay",
    "RemovedInCrmkit2Warning",
    "Request",
    "Response",
    "Retry",
    "Secret",
    "Subscription",
    "System",
    "TimeZone",
    "Url",
    "Veto",
    "Window",
    "hookimpl",
    "load",
    "new_secret",
    "on",
    "setting",
    "settings_class",
    "sign",
    "verify",
]

#: What needs HTTP, TLS or TOML is loaded when it is first asked for: a host without plugins needs none of it.
_ON_FIRST_USE = {
    "HTTP": "crmkit.plugins.outbound",
    "Answer": "crmkit.plugins.outbound",
    "PhoneNumber": "crmkit.plugins.settings",
    "PluginsConfig": "crmkit.plugins.settings",
    "Secret": "crmkit.plugins.settings",
    "TimeZone": "crmkit.plugins.settings",
    "Url": "crmkit.plugins.settings",
    "load": "crmkit.plugins.settings",
    "new_secret": "crmkit.plugins.signatures",
    "setting": "crmkit.plugins.settings",
    "settings_class": "crmkit.plugins.settings",
    "sign": "crmkit.plugins.signatures",
    "verify": "crmkit.plugins.signatures",
}


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for."""
    if name not in _ON_FIRST_USE:
        message = f"module 'crmkit.plugins' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_ON_FIRST_USE[name]), name)
