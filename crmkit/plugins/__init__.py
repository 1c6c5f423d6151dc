"""Plugins: what integrators write. The slots on the command path that they fill are `crmkit.services.command.Slots`."""
