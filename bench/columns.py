"""How raw transfers could be stored: keys, order, encodings and forms of columns, side by side.

    python bench/columns.py [--rows 1000000] [--turns 3]

Writes one synthetic day (bench/synthetic.py) in each way and reads from it what a build reads: the transfers
that touch one of 10,000 wallets, with their addresses, amounts and hashes. Printed are the size of the file,
the processor time to write it and to read from it, and how many times as long as the way in use each takes;
medians of the turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from inflows.cli import keep_freed_memory

os.environ.setdefault("POLARS_MAX_THREADS", "2")
keep_freed_memory()

import polars as pl  # noqa: E402 (the number of threads is read when Polars is imported)
import synthetic  # noqa: E402

from inflows.addresses import address_key  # noqa: E402

WALLETS = 10_000
HEX = ("tx_hash", "from_address", "to_address")
IN_USE = "zstd 1, text, by block"


def main() -> None:
    """Write, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    wallets = pl.Series(synthetic.text(synthetic.addresses("wallet", WALLETS)).to_pylist())
    keys = pl.DataFrame({"a": wallets}).select(address_key(pl.col("a"))).to_series().sort()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        day = one_day(folder, given.rows)
        by_key = pl.col("from_key").is_in(keys.implode()) | pl.col("to_key").is_in(keys.implode())
        by_text = pl.col("from_address").is_in(wallets.implode()) | pl.col("to_address").is_in(
            wallets.implode()
        )
        as_bytes = wallets.str.slice(2).str.decode("hex")
        by_bytes = pl.col("from_address").is_in(as_bytes.implode()) | pl.col("to_address").is_in(
            as_bytes.implode()
        )
        binary = day.with_columns(pl.col(name).str.slice(2).str.decode("hex") for name in HEX)
        ways: dict[str, tuple[pl.DataFrame, dict[str, object], pl.Expr]] = {
            IN_USE: (day, zstd(1), by_key),
            "zstd 1, text, looked up by text": (day.drop("from_key", "to_key"), zstd(1), by_text),
            "zstd 3, text, by block": (day, zstd(3), by_key),
            "lz4, text, by block": (day, {"compression": "lz4"}, by_key),
            "snappy, text, by block": (day, {"compression": "snappy"}, by_key),
            "not compressed, text, by block": (day, {"compression": "uncompressed"}, by_key),
            "zstd 1, text, by contract": (day.sort("contract", "block_number"), zstd(1), by_key),
            "zstd 1, text, by receiver's key": (day.sort("to_key"), zstd(1), by_key),
            "zstd 1, text, one row group": (day, zstd(1) | {"row_group_size": 2**30}, by_key),
            "zstd 1, bytes, by block": (binary, zstd(1), by_key),
            "zstd 1, bytes, looked up by bytes": (binary.drop("from_key", "to_key"), zstd(1), by_bytes),
            "not compressed, bytes, by block": (binary, {"compression": "uncompressed"}, by_key),
        }
        measure(folder, ways, given.turns)


def zstd(level: int) -> dict[str, object]:
    """The options of a compression by zstd."""
    return {"compression": "zstd", "compression_level": level}


def one_day(folder: Path, rows: int) -> pl.DataFrame:
    """A synthetic day with the columns of the raw store."""
    synthetic.transfers(folder / "made", rows * synthetic.DAYS, WALLETS, days=1)
    day = pl.read_parquet(folder / "made" / "day-00.parquet")
    return day.with_columns(
        from_key=address_key(pl.col("from_address")), to_key=address_key(pl.col("to_address"))
    )


def measure(
    folder: Path, ways: dict[str, tuple[pl.DataFrame, dict[str, object], pl.Expr]], turns: int
) -> None:
    """Take turns, and print a line for each way."""
    written: dict[str, list[float]] = {name: [] for name in ways}
    read: dict[str, list[float]] = {name: [] for name in ways}
    path = folder / "day.parquet"
    sizes, found = {}, set()
    for _ in range(turns):
        for name, (frame, options, predicate) in ways.items():
            written[name].append(processor(lambda f=frame, o=options: f.write_parquet(path, **o)))
            sizes[name] = path.stat().st_size
            touching = pl.scan_parquet(path).filter(predicate)
            read[name].append(processor(lambda t=touching: found.add(t.collect(engine="streaming").height)))
    if len(found) != 1:
        raise SystemExit(f"The ways found {sorted(found)} transfers.")
    usual = statistics.median(read[IN_USE])
    print(f"{next(iter(ways.values()))[0].height:,} transfers, {found.pop():,} of them touch a wallet")
    print(f"{'':36}{'MB':>6}{'write, s':>10}{'read, s':>10}{'read, ratio':>13}")
    for name in ways:
        write, again = statistics.median(written[name]), statistics.median(read[name])
        print(f"{name:36}{sizes[name] / 1e6:6.0f}{write:10.2f}{again:10.2f}{again / usual:13.2f}")


def processor(work: Callable[[], object]) -> float:
    """Seconds of processor time that some work takes, of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
