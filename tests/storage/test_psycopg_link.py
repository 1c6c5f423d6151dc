"""A connection spoken to by whole round trips: what goes wrong in one, and what the server remembers."""

from __future__ import annotations

import psycopg
import pytest

from crmkit.storage.sql.databases.psycopg_link import MOST_PREPARED, PsycopgLink


def test_what_fails_in_a_round_trip_is_said_and_undoes_all_of_it(link: PsycopgLink) -> None:
    """None is run after it, and the connection is as good as before."""
    link.execute("CREATE TABLE seen (number int)")
    with pytest.raises(psycopg.errors.DivisionByZero):
        link.several((
            ("INSERT INTO seen VALUES (1)", ()), ("SELECT 1 / %s", (0,)), ("INSERT INTO seen VALUES (2)", ()),
        ))  # fmt: skip
    assert not link.in_transaction
    assert [(0,)] == link.execute("SELECT count(*) FROM seen").fetchall()


def test_a_parameter_may_be_larger_than_what_the_server_takes_at_once(link: PsycopgLink) -> None:
    """Sending it is waited for, as answers are."""
    several = [("SELECT %s::text", ("a" * 20_000_000,)), ("SELECT length(%s::text)", ("b" * 20_000_000,))]
    (longest,), (length,) = [answer.fetchall() for answer in link.several(several)]
    assert (20_000_000, 20_000_000) == (len(longest[0]), length[0])


def test_percent_signs_are_told_from_parameters(link: PsycopgLink) -> None:
    """Written twice they are one."""
    assert [("5 % of 20", True)] == link.execute("SELECT %s || ' %% of ' || %s, 7 %% 4 = 3", ("5", "20")).fetchall()


def test_the_server_remembers_no_more_than_so_many_statements(link: PsycopgLink) -> None:
    """Each is answered alike, remembered or not."""
    for _ in range(2):
        for number in range(MOST_PREPARED + 20):
            assert [(number + 1,)] == link.execute(f"SELECT {number} + %s::int", (1,)).fetchall()
    (remembered,) = link.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
    assert (MOST_PREPARED,) == remembered


def test_a_connection_told_to_prepare_nothing_prepares_nothing(link: PsycopgLink) -> None:
    """Behind some poolers the next statement goes to another server."""
    link._connection.prepare_threshold = None
    for _ in range(3):
        link.execute("SELECT %s::int", (1,))
    assert [(0,)] == link.execute("SELECT count(*) FROM pg_prepared_statements").fetchall()
