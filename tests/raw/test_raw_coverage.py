"""Coverage is told by the footers of raw files, however their rows are grouped."""

import datetime as dt
from pathlib import Path

from support import NOON, transfer, transfers

from inflows.layout import Layout
from inflows.raw.store import coverage


def test_first_and_last_block_are_those_of_all_row_groups(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = layout.raw_partition("transfers", "ethereum", "2024-03-01")
    path.parent.mkdir(parents=True)
    rows = transfers(*(transfer(number, block_time=NOON) for number in range(7)))
    rows.write_parquet(path, row_group_size=2)
    (found,) = coverage(layout).select("chain", "date", "rows", "first_block", "last_block").rows()
    assert found == ("ethereum", dt.date(2024, 3, 1), 7, 19_000_000, 19_000_006)
