"""Telling what waits in a process of its own: one loop for all plugins, or a supervised worker for each."""

from crmkit.relay.loop import Told as Told, run as run
from crmkit.relay.sealing import Sealed as Sealed, seal as seal
from crmkit.relay.supervisor import Limits as Limits, Supervisor as Supervisor
