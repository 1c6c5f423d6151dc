"""Two things pytest cannot know: how to run the examples of our pages, and that a kind of test may not exist yet."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, chdir
from doctest import ELLIPSIS
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

pytest_plugins = ["private_servers.fixtures", "promises.fixtures", "pytest_crmkit"]


def _enter_an_empty_folder(namespace: dict[str, Any]) -> None:
    """An example may write `shop.db` beside itself, as its reader would."""
    page = namespace["_page"] = ExitStack()
    page.enter_context(chdir(page.enter_context(tempfile.TemporaryDirectory())))


def _leave_it(namespace: dict[str, Any]) -> None:
    """What an example opened and left open would warn when it is collected."""
    for value in namespace.values():
        if type(value).__name__ in {"CRM", "AsyncCRM"}:
            value.close()
    namespace["_page"].close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    setup=_enter_an_empty_folder,
    teardown=_leave_it,
).pytest()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """`-m heavy` and `-m nightly` are run before the first such test is written, too; nothing else may find nothing."""
    kind = session.config.option.markexpr
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and kind in {"heavy", "nightly"}:
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the loops of tests/reliability counted belongs into the log of a run that passed, too."""
    reports = [report for status in ("passed", "failed") for report in terminalreporter.getreports(status)]
    told = [value for report in reports for name, value in report.user_properties if name == "figure"]
    if told:
        terminalreporter.section("what the promises' tests counted")
        for figure in sorted(told):
            terminalreporter.write_line(figure)
