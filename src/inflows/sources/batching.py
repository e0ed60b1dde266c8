"""Rows that are judged a batch at a time, as they stream by."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from inflows.raw.delivery import delivered_columns


def in_batches(
    rows: pl.LazyFrame, judge: Callable[[pl.DataFrame], pl.DataFrame], dataset: str
) -> pl.LazyFrame:
    """The delivered columns of a dataset that `judge` makes of each batch of rows.

    The result's types are not looked at again: `judge` must keep to them.
    """
    return rows.map_batches(
        judge, streamable=True, schema=delivered_columns(dataset), validate_output_schema=False
    )
