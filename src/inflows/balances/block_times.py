"""The instants of balances that are told by their block alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from inflows.contracts.names import DATASETS
from inflows.contracts.schema import UTC_TIME
from inflows.layout import Layout
from inflows.raw.partitions import list_partitions
from inflows.times import BEGINNING

_INSTANT: Final = dt.timedelta(microseconds=1)


def with_times(layout: Layout, chain: str, balances: pl.DataFrame) -> pl.DataFrame:
    """The balances of a chain, each with a time.

    One that names only its block gets the time of the last block up to it of which anything is stored:
    nothing is known to have moved between the two. Where nothing is, the instant before the next block's.
    """
    numbers = balances.filter(pl.col("time").is_null())["block_number"].unique().sort()
    if numbers.is_empty():
        return balances
    paths = [path for dataset in DATASETS for of, _, path in list_partitions(layout, dataset) if of == chain]
    scans = [pl.scan_parquet(path, hive_partitioning=False, glob=False) for path in paths]
    known = times_of(scans, numbers)
    return (
        balances.join(known, on="block_number", how="left", validate="m:1", maintain_order="left")
        .with_columns(time=pl.coalesce("time", "_time"))
        .drop("_time")
    )


def times_of(frames: Sequence[pl.LazyFrame], numbers: pl.Series) -> pl.DataFrame:
    """block_number (each of the sorted `numbers`) and _time, from frames with block_number and block_time."""
    bounds = numbers.to_numpy()

    def place(found: pl.Series) -> pl.Series:
        return pl.Series(np.searchsorted(bounds, found.to_numpy()), dtype=pl.Int64)

    nothing = pl.LazyFrame(schema={"block_number": pl.Int64, "block_time": UTC_TIME})
    times = (
        pl.concat([nothing, *(frame.select("block_number", "block_time") for frame in frames)])
        .with_columns(
            # The place of the first bound at or above: what is below it came before, or with it.
            place=pl.col("block_number").map_batches(place, return_dtype=pl.Int64, is_elementwise=True)
        )
        .group_by("place")
        .agg(last=pl.col("block_time").max(), first=pl.col("block_time").min())
        .collect(engine="streaming")
    )
    places = pl.DataFrame({"place": range(len(numbers) + 1)}, schema={"place": pl.Int64})
    ordered = places.join(times, on="place", how="left", validate="1:1", maintain_order="left")
    after = pl.col("first").shift(-1).reverse().cum_min().fill_null(strategy="forward").reverse()
    return (
        ordered.with_columns(
            _time=pl.coalesce(
                pl.col("last").cum_max().fill_null(strategy="forward"),
                after - _INSTANT,
                pl.lit(BEGINNING, dtype=UTC_TIME),
            )
        )
        .head(len(numbers))
        .select(numbers.alias("block_number"), "_time")
    )
