"""A database that is broken is called broken, with the remedy, whoever reads it."""

from pathlib import Path

import pytest

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.warehouse.query import run_sql
from inflows.warehouse.totals import read_totals

EVERYTHING = (
    "select count(distinct f) from fct_flow as f union all select count(distinct d) from dim_wallet as d"
)


def _told(path: Path, read) -> str | None:
    try:
        read(path)
    except WorkError as error:
        return str(error)
    except UsageError as error:
        pytest.fail(f"taken for a fault of the query: {error}")
    return None


def test_a_byte_that_was_flipped_is_the_files_fault_and_not_the_querys(published: Layout, tmp_path: Path):
    sound = published.published.read_bytes()
    path = tmp_path / "inflows.duckdb"
    problems = []
    for place in range(20_000, len(sound), 40_000):
        broken = bytearray(sound)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        problems += [_told(path, lambda path: run_sql(path, EVERYTHING)), _told(path, read_totals)]
    assert any(problem and "is broken: Corrupt database file" in problem for problem in problems)
    assert all(problem is None or "Run `inflows build` to make it again." in problem for problem in problems)


def test_a_file_that_was_cut_off_is_told(published: Layout, tmp_path: Path):
    path = tmp_path / "inflows.duckdb"
    path.write_bytes(published.published.read_bytes()[:20_000])
    assert "cannot be opened" in (_told(path, read_totals) or "")


def test_a_query_that_is_wrong_is_still_the_querys_fault(published: Layout):
    with pytest.raises(UsageError, match="cannot be run") as error:
        run_sql(published, "select nothing from fct_flow")
    assert "describe TABLE" in error.value.hint
