"""`crmkit audit`: seal a store's journal, and look whether it is as it was sealed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from crmkit import CRM
from crmkit.audit import FileSink, Head, heads_in
from crmkit.cli.commands import crmkit
from crmkit.errors import Invalid
from crmkit.storage.sql import SQLStorage
from crmkit.testing import NOON


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with three entries, none of which is sealed."""
    url = f"sqlite:///{tmp_path}/crm.db"
    with CRM.open(url) as crm:
        for _ in range(3):
            with crm.begin() as tx:
                tx.clients.add(name="Anna")
    return url


def _run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(crmkit, ["audit", *args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def _edit(url: str, statement: str) -> None:
    storage = SQLStorage(url)
    with storage.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    storage.close()


def test_what_was_sealed_is_verified_by_the_file_of_heads(url: str, tmp_path: Path) -> None:
    """And sealing again when there is nothing new leaves it as it is, but for the last head, told again."""
    heads = f"{tmp_path}/heads.jsonl"
    assert (0, "3 entries sealed.\n") == _run("seal", url, "--heads", heads)
    assert (0, "0 entries sealed.\n") == _run("seal", url, "--heads", heads)
    assert {(1, 3)} == {(head.number, head.entries) for head in heads_in(heads)}
    code, said = _run("verify", url, "--heads", heads)
    assert (0, "3 entries compared with 1 seals, and with the heads that were kept.\nAll is well.\n") == (code, said)


def test_a_breach_is_a_sentence_and_an_exit_code(url: str, tmp_path: Path) -> None:
    """Which a nightly job can go by; the chain made anew is seen by the heads alone."""
    heads = f"{tmp_path}/heads.jsonl"
    _run("seal", url, "--heads", heads)
    _edit(url, "UPDATE crm_journal SET actor = 'x' WHERE seq = 2")
    code, said = _run("verify", url)
    assert (1, True, True) == (code, "Entry 2 was edited" in said, "without heads" in said)
    code, said = _run("verify", url, "--heads", heads, "--json")
    told = json.loads(said)
    assert (1, False, [("edited", 2)]) == (
        code, told["is_sound"], [(one["kind"], one["position"]) for one in told["breaches"]],
    )  # fmt: skip
    _edit(url, "DELETE FROM crm_seal")
    assert 0 == _run("seal", url)[0]
    assert (0, 1) == (_run("verify", url)[0], _run("verify", url, "--heads", heads)[0])


def test_heads_that_cannot_be_written_are_told(url: str, tmp_path: Path) -> None:
    """The seal stands all the same, and the next one who seals offers its head."""
    code, said = _run("seal", url, "--heads", f"{tmp_path}/nowhere/heads.jsonl")
    assert (1, True) == (code, "offered again" in said)
    heads = f"{tmp_path}/heads.jsonl"
    assert (0, "0 entries sealed.\n") == _run("seal", url, "--heads", heads)
    assert [1] == [head.number for head in heads_in(heads)][:1]


@pytest.mark.parametrize("command", ["relay", "worker"])
def test_who_tells_what_waits_may_seal_too(url: str, tmp_path: Path, command: str) -> None:
    """One process looks after a store."""
    heads = tmp_path / "heads.jsonl"
    done = CliRunner().invoke(crmkit, [command, url, "--once", "--heads", str(heads)])
    assert 0 == done.exit_code, done.output
    assert 3 == heads_in(heads)[-1].entries


def test_isolated_workers_do_not_seal(url: str, tmp_path: Path) -> None:
    """There are several, and none looks after the store."""
    with pytest.raises(Invalid, match="worker --heads"):
        CliRunner().invoke(crmkit, ["relay", url, "--isolate", "--heads", f"{tmp_path}/x"], catch_exceptions=False)


def test_a_line_that_broke_off_is_passed_over(tmp_path: Path) -> None:
    """As a full disk leaves it: its head was offered again, and stands on a line of its own."""
    path = tmp_path / "heads.jsonl"
    head = Head(1, "ab", NOON, entries=3, upto=3)
    FileSink(path)(head)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:20], encoding="utf-8")
    FileSink(path)(head)
    assert [head, head] == list(heads_in(path))


@pytest.mark.parametrize("text", ['{"number": 1}\n', "7\n", "\xff"])
def test_what_is_no_file_of_heads_is_refused(tmp_path: Path, text: str) -> None:
    """Whoever wrote it, no sink did."""
    path = tmp_path / "heads.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Invalid):
        heads_in(path)
    with pytest.raises(Invalid):
        heads_in(tmp_path / "nowhere")
