"""What plugins bring along when a CRM opens."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmkit.domain.consent import ConsentPurpose as ConsentPurpose


@attrs.frozen
class HealthCheck:
    """
    A question for the doctor: `run` returns None if all is well, else a sentence without personal data.

    >>> HealthCheck("smtp", lambda: None).run() is None
    True
    """

    name: str
    run: Callable[[], str | None] = attrs.field(repr=False)


@attrs.frozen
class CommandLine:
    """
    A command of a plugin's own: its name, one line of help, and where its click command is, as `module:name`.

    >>> CommandLine("resend", "Send again what failed.", "crmkit_slack.commands:resend").name
    'resend'
    """

    name: str
    help: str
    target: str
