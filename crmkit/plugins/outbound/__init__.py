"""Requests to other systems that cannot be led into an inner network."""

from crmkit.plugins.outbound.answer import Answer as Answer
from crmkit.plugins.outbound.client import HTTP as HTTP
