"""Plugins: what integrators write, and all they may import besides `crmkit` itself."""

from crmkit.domain.actor import System as System
from crmkit.errors import AuthFailed as AuthFailed, Drop as Drop, NotReady as NotReady, Retry as Retry
from crmkit.plugins.context import (
    EventContext as EventContext,
    HookContext as HookContext,
    ProjectContext as ProjectContext,
)
from crmkit.plugins.delivery.relay import Drained as Drained, Relay as Relay
from crmkit.plugins.host import Plugins as Plugins
from crmkit.plugins.markers import hookimpl as hookimpl, on as on
from crmkit.plugins.plugin import Plugin as Plugin
from crmkit.plugins.settings import (
    PhoneNumber as PhoneNumber,
    PluginsConfig as PluginsConfig,
    Secret as Secret,
    Url as Url,
    load as load,
    setting as setting,
    settings_class as settings_class,
)
from crmkit.plugins.states import PluginStatus as PluginStatus
from crmkit.plugins.values.asking import Address as Address, Window as Window
from crmkit.plugins.values.channels import Channel as Channel, Message as Message, Receipt as Receipt
from crmkit.plugins.values.deciding import (
    Command as Command,
    DealMove as DealMove,
    MergePlan as MergePlan,
    MergeQuestion as MergeQuestion,
    RecordChange as RecordChange,
    Veto as Veto,
)
from crmkit.plugins.values.registering import ConsentPurpose as ConsentPurpose, HealthCheck as HealthCheck
from crmkit.plugins.values.reporting import DeadLetter as DeadLetter, Failure as Failure
