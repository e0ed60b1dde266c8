"""A licence of an entity is granted, deemed, approved in principle or pending: one of them at a time."""

from __future__ import annotations

import datetime as dt

import polars as pl

from inflows.contracts.licences import UNDER_WAY
from inflows.registry.problems import FILE, LINE, PLACE, Problems
from inflows.registry.tables import LICENCES


def contradicting_statuses(rows: pl.DataFrame, problems: Problems) -> None:
    """Tell each line that begins before another status of the same entity and licence has ended.

    rows: PLACE and contract Licences. An entity without a name is its exchange. Of several versions of one
    key, the one known last counts. Withdrawn, returned, refused and lapsed ones stay on record: they overlap
    with whatever came after.
    """
    holder = ["exchange", "entity", "jurisdiction", "licence"]
    spans = (
        rows.sort("known_at", nulls_last=False, maintain_order=True)
        .unique(subset=LICENCES.key, keep="last", maintain_order=True)
        .filter(pl.col("status").is_in(UNDER_WAY))
        .with_columns(pl.col("valid_from").fill_null(dt.date.min), pl.col("valid_to").fill_null(dt.date.max))
        .sort(*holder, "valid_from", *PLACE)
        .with_columns(
            pl.col("valid_to").cum_max().shift(1).over(holder).alias("_until"),
            pl.col("status", FILE, LINE).shift(1).over(holder).name.prefix("before:"),
        )
        .filter(pl.col("valid_from") < pl.col("_until"))
    )
    for row in spans.iter_rows(named=True):
        where = problems.place(row[f"before:{FILE}"], row[f"before:{LINE}"])
        problems.add_line(
            row[FILE],
            row[LINE],
            f"'{row['exchange']}' is {row['status']} here and {row['before:status']} in {where}, "
            "at the same time",
        )
