import datetime as dt
from pathlib import Path

import polars as pl
from support import NOON, frame

from inflows import files
from inflows.contracts.raw import Blocks
from inflows.layout import Layout
from inflows.raw.store import block_gaps, coverage
from inflows.stages.period_coverage import classified_days
from inflows.status import summary


def blocks_read(layout: Layout, chain: str, numbers: list[int], date: dt.date) -> None:
    flags = dict.fromkeys(("has_token", "has_native", "has_trace", "has_withdrawal", "has_utxo"), True)
    rows = [
        {
            "chain": chain,
            "block_number": n,
            "block_time": NOON,
            "block_hash": f"{n}",
            "parent_hash": f"{n - 1}",
            **flags,
        }
        for n in numbers
    ]
    files.write_parquet(frame(Blocks, rows), layout.raw_partition("blocks", chain, date.isoformat()))


def read(layout: Layout) -> pl.DataFrame:
    return classified_days(coverage(layout), lambda _: pl.DataFrame(), lambda _: None)


def test_missing_blocks_are_named_by_their_runs_within_and_across_days(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks_read(layout, "ethereum", [10, 11, 14], dt.date(2024, 3, 1))
    blocks_read(layout, "ethereum", [15, 17, 30], dt.date(2024, 3, 2))
    blocks_read(layout, "bsc", [5, 6], dt.date(2024, 3, 1))
    shown = {row["chain"]: row for row in summary(read(layout), block_gaps(layout)).rows(named=True)}
    assert (shown["ethereum"]["missing_blocks"], shown["ethereum"]["gaps"]) == (15, "12-13, 16-16, 18-29")
    assert (shown["bsc"]["missing_blocks"], shown["bsc"]["gaps"]) == (0, "")


def test_many_gaps_are_counted_and_only_the_first_are_named(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    blocks_read(layout, "ethereum", list(range(0, 20, 2)), dt.date(2024, 3, 1))
    row = summary(read(layout), block_gaps(layout)).row(0, named=True)
    assert row["missing_blocks"] == 9
    assert row["gaps"] == "1-1, 3-3, 5-5, 7-7, 9-9, and 4 more"
