"""Shares of visits to the exchanges' sites, by country and month: weights under the basis traffic."""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.contracts.schema import WEIGHT
from inflows.registry.column_checks import Check, Column, country, moment, number, says, slug, text, words
from inflows.registry.file_format import OwnFormat
from inflows.registry.problems import FILE, LINE, PLACE, Problems
from inflows.registry.tables import JURISDICTIONS

_UNTOLD: Final = "web traffic shares"


def traffic() -> OwnFormat:
    """Columns exchange, country, month (2024-06), share (0 to 1); optional source, known_at."""
    month = pl.col("month")
    return OwnFormat(
        JURISDICTIONS,
        (
            slug("exchange"),
            country("country"),
            _month("month"),
            number("share", places=9, zero=True, most=1),
            words("source", longest=500, present=False, filled=False),
            moment("known_at", present=False, filled=False),
        ),
        (),
        derived=(
            pl.col("country").alias("jurisdiction"),
            pl.lit("traffic").alias("basis"),
            pl.col("share").cast(WEIGHT).alias("weight"),
            month.alias("valid_from"),
            month.dt.offset_by("1mo").alias("valid_to"),
            pl.col("source").replace({"": _UNTOLD}),
        ),
        between=shares_above_one,
    )


def shares_above_one(rows: pl.DataFrame, problems: Problems) -> None:
    """Tell the line at which the shares of an exchange and month pass 1 (columns of the table, PLACE)."""
    month = ["exchange", "valid_from", "known_at"]
    passing = (
        rows.sort(*PLACE)
        .unique(subset=[*month, "jurisdiction"], keep="first", maintain_order=True)
        .with_columns(pl.col("weight").cum_sum().over(month).alias("_sum"))
        .filter(pl.col("_sum") > 1)
        .unique(subset=month, keep="first", maintain_order=True)
    )
    for row in passing.iter_rows(named=True):
        problems.add_line(
            row[FILE],
            row[LINE],
            f"the shares of '{row['exchange']}' in {row['valid_from']:%Y-%m} sum to "
            f"{row['_sum'].normalize():f} here, and they are parts of 1",
        )


def _month(name: str) -> Column:
    value = pl.concat_str(text(name), pl.lit("-01")).str.to_date("%Y-%m-%d", strict=False)
    bad = ~text(name).str.contains(r"^[0-9]{4}-(?:0[1-9]|1[0-2])$")
    return Column(name, value, (Check(bad, says(f"{name} '{{}}' is not a month; write 2024-06", name)),))
