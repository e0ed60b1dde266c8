"""Rows that are normalised a batch at a time, as they stream by."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from inflows.raw.delivery import delivered_columns


def in_batches(
    rows: pl.LazyFrame, normalise_batch: Callable[[pl.DataFrame], pl.DataFrame], dataset: str
) -> pl.LazyFrame:
    """The delivered columns of a dataset that `normalise_batch` makes of each batch of rows.

    The result's types are not looked at again: `normalise_batch` must keep to them.
    """
    return rows.map_batches(
        normalise_batch, streamable=True, schema=delivered_columns(dataset), validate_output_schema=False
    )
