"""The command line. What it needs beyond crmkit's own dependencies comes with the extra `cli` or `demo`."""

from __future__ import annotations

import sys

from crmkit.errors import CRMError, MissingExtra

_PACKAGES = ("click", "rich")


def main() -> None:
    """Run `crmkit …`; what goes wrong on purpose is one sentence on stderr and exit code 1, never a traceback."""
    try:
        from crmkit.cli.commands import crmkit

        crmkit(prog_name="crmkit")
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _PACKAGES:
            raise
        sys.exit(str(MissingExtra("demo", missing)))
    except CRMError as error:
        sys.exit(str(error))
