"""Web hooks: other systems hear of events over HTTP, signed as Standard Webhooks 1 has it. A plugin like any other."""

from crmkit.webhooks.plugin import WebHooks as WebHooks
from crmkit.webhooks.settings import Target as Target, WebHookSettings as WebHookSettings

__all__ = ["Target", "WebHookSettings", "WebHooks"]
