"""How fast files come into the raw store, in turns with tools that only copy them.

`aws-eth-token-transfers` against DuckDB's `copy … to` of the same columns, into one file by its defaults and
into what the raw store writes (a zstd file a day); and CSV of our own format against Polars' bare
`scan_csv().sink_parquet()`. Each turn runs all of them, so that a busy machine slows all alike; the best of
the turns counts.

usage: bench/files.py [--rows N] [--turns N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from inflows.cli import keep_freed_memory

keep_freed_memory()  # as the command line does

import duckdb  # noqa: E402 (memory is settled when Polars is imported)
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from inflows.layout import Layout  # noqa: E402
from inflows.sources import ingest_files  # noqa: E402

COLUMNS = (
    "token_address, from_address, to_address, value, transaction_hash, log_index, "
    "block_timestamp, block_number"
)


def main() -> None:
    """Make the files, run the turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bench-files-"))
    dump, csv = folder / "dump", folder / "own.csv"
    make(given.rows, dump, csv)
    runs: dict[str, Callable[[Path], object]] = {
        "duckdb copy, one file": lambda out: copied(dump, out / "copy.parquet"),
        "duckdb copy, a zstd file a day": lambda out: copied(dump, out / "copy", daily=True),
        "ingest aws-eth-token-transfers": lambda out: ingest_files(
            Layout(out), [dump], "aws-eth-token-transfers"
        ),
        "polars scan_csv.sink_parquet": lambda out: pl.scan_csv(csv, infer_schema=False).sink_parquet(
            out / "csv.parquet", mkdir=True
        ),
        "ingest inflows csv": lambda out: ingest_files(Layout(out), [csv], "inflows"),
    }
    best = dict.fromkeys(runs, float("inf"))
    processor = dict(best)
    for _ in range(given.turns):
        for name, run in runs.items():
            out = folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            began, began_cpu = time.perf_counter(), time.process_time()
            run(out)
            best[name] = min(best[name], time.perf_counter() - began)
            processor[name] = min(processor[name], time.process_time() - began_cpu)
    for name, seconds in best.items():
        print(f"{name:34} {seconds:7.2f} s {processor[name]:7.2f} s cpu {given.rows / seconds:12,.0f} rows/s")
    one, daily, aws, polars, own = runs
    for ours, theirs in ((aws, one), (aws, daily), (own, polars)):
        share = f"{best[theirs] / best[ours]:.2f} of the speed of {theirs}"
        print(f"{ours}: {share}; by processor time {processor[theirs] / processor[ours]:.2f}")
    if given.folder is None:
        shutil.rmtree(folder)


def make(rows: int, dump: Path, csv: Path) -> None:
    """Token transfers of ten days, as AWS's files and as one CSV of our own format; made once."""
    if csv.exists():
        return
    random = np.random.default_rng(1)
    days = 10
    start = dt.datetime(2024, 3, 1)  # noqa: DTZ001 - the public schema has no zone
    block = np.sort(random.integers(0, days * 7200, rows))
    hexed = random.integers(0, 2**63, (200_000, 2), dtype=np.int64)
    wallets = pl.Series([f"0x{a:016x}{b:016x}{a % 2**32:08x}" for a, b in hexed])
    tokens = wallets[:500]
    amounts = np.floor(10 ** random.uniform(3, 23, rows))
    frame = pl.DataFrame(
        {
            "token_address": tokens.gather((random.zipf(1.5, rows) - 1) % 500),
            "from_address": wallets.gather(random.integers(0, len(wallets), rows)),
            "to_address": wallets.gather(random.integers(0, len(wallets), rows)),
            "value": amounts,
            "transaction_hash": pl.Series(random.integers(0, 2**63, rows // 2).repeat(2)[:rows])
            .cast(pl.UInt64)
            .hash(1),
            "log_index": pl.int_range(rows, eager=True) % 400,
            "block_timestamp": pl.Series(block * 12),
            "block_number": pl.Series(19_000_000 + block),
        }
    ).with_columns(
        pl.concat_str(
            pl.lit("0x"),
            *(
                pl.col("transaction_hash").hash(seed).cast(pl.String).str.pad_start(16, "0").str.tail(16)
                for seed in range(4)
            ),
        ).alias("transaction_hash"),
        (pl.lit(start) + pl.duration(seconds="block_timestamp"))
        .cast(pl.Datetime("ns"))
        .alias("block_timestamp"),
    )
    for day in range(days):
        date = start.date() + dt.timedelta(days=day)
        path = dump / "token_transfers" / f"date={date}" / "part-00000.snappy.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        of_day = frame.filter(pl.col("block_timestamp").dt.date() == date)
        of_day.write_parquet(path, compression="snappy", row_group_size=200_000)
    frame.select(
        pl.lit("ethereum").alias("chain"),
        "block_number",
        pl.col("block_timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("block_time"),
        pl.col("transaction_hash").alias("tx_hash"),
        pl.col("log_index").alias("position"),
        pl.lit("token").alias("kind"),
        pl.col("token_address").alias("contract"),
        "from_address",
        "to_address",
        pl.col("value").cast(pl.Int128).cast(pl.String).alias("amount_raw"),
    ).write_csv(csv)


def copied(dump: Path, target: Path, *, daily: bool = False) -> None:
    """DuckDB's copy of the same columns: into one file by its defaults, or into zstd files by day."""
    source = f"read_parquet('{dump}/*/*/*.parquet', hive_partitioning = true)"
    columns = f"{COLUMNS}, date" if daily else COLUMNS
    options = ", partition_by (date), compression zstd" if daily else ""
    duckdb.connect().execute(
        f"copy (select {columns} from {source}) to '{target}' (format parquet{options})"  # noqa: S608
    )


if __name__ == "__main__":
    main()
