"""What PostgreSQL reads from COPY's text is what was given, whatever the text is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from crmkit.storage.sql.databases.copy_text import BLOCK, blocks
from crmkit.storage.sql.databases.psycopg_link import PsycopgLink

KINDS = "said text, code text, id uuid, number bigint, yes boolean, at timestamptz"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NASTY = st.sampled_from(["", "\\", "\\N", "\\.", "\t", "\n", "\r\n", "a\\tb", "\\\\", "N\\", "ё\u2028"])
ROW = st.tuples(
    TEXT | NASTY,
    TEXT | NASTY | st.none(),
    st.uuids() | st.none(),
    st.integers(-(2**63), 2**63 - 1) | st.none(),
    st.booleans() | st.none(),
    # An instant of the year 1, not before it in UTC.
    st.datetimes(datetime(1, 1, 2), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
    | st.none(),
)
Row = tuple[object, ...]


class Spelled(str):
    """A text of a caller's own class."""

    __slots__ = ()


def _read_back(link: PsycopgLink, rows: Sequence[Row]) -> list[Row]:
    link.execute("DROP TABLE IF EXISTS cells")
    link.execute(f"CREATE TEMP TABLE cells (place serial, {KINDS})")
    link.copy("COPY cells (said, code, id, number, yes, at) FROM STDIN", rows)
    return link.execute("SELECT said, code, id, number, yes, at FROM cells ORDER BY place").fetchall()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=8))
@example(
    rows=[("\\.", "\\N", None, None, None, None), ("", None, UUID(int=0), 0, False, datetime(1, 1, 1, tzinfo=UTC))]
)
def test_every_cell_comes_back_as_it_was_given(link: PsycopgLink, rows: list[Row]) -> None:
    r"""Tabs, line ends, backslashes, nothing, and the end of all data, which `\.` alone would be."""
    assert rows == _read_back(link, rows)


def test_more_rows_than_go_in_one_message_all_arrive_in_their_order(link: PsycopgLink) -> None:
    """The last message may be a short one."""
    rows: list[Row] = [(str(n), None, UUID(int=n), n, True, None) for n in range(BLOCK * 2 + 1)]
    assert rows == _read_back(link, rows)
    assert 3 == len(list(blocks(rows)))


def test_a_text_of_ones_own_class_is_a_text() -> None:
    """A caller's str may be more than a str."""
    assert ["a\\tb\nc\n"] == list(blocks([(Spelled("a\tb"),), ("c",)]))


def test_nothing_is_said_of_no_rows() -> None:
    """Not even an empty line, which would be a row."""
    assert [] == list(blocks([]))


def test_what_no_column_of_ours_holds_is_refused() -> None:
    """Rather than written as Python shows it."""
    with pytest.raises(TypeError, match="float"):
        list(blocks([(1.5,)]))
