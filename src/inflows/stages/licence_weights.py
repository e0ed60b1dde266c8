"""What licences and published figures mean: their standing, the weights that follow, the days covered."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from inflows.contracts.licences import STATUSES
from inflows.contracts.registry import Jurisdictions
from inflows.contracts.schema import WEIGHT, conform


def with_standing(licences: pl.LazyFrame) -> pl.LazyFrame:
    """Add standing: under which of the lists of a register a status is counted (contract Licences)."""
    return licences.with_columns(standing=pl.col("status").replace_strict(STATUSES, return_dtype=pl.String))


def weights_of_licences(licences: pl.LazyFrame) -> pl.LazyFrame:
    """The weights under the basis licence that follow from the policies (contract Jurisdictions).

    An entity with wallets of its own (policy own_wallets) counts whole where it holds a licence, granted or
    deemed. A share is never derived, and what is unattributed has no row: both are for the registry to say.
    """
    held = pl.col("status").is_in(("granted", "deemed")) & (pl.col("policy") == "own_wallets")
    return (
        licences.filter(held)
        .with_columns(basis=pl.lit("licence"), weight=pl.lit(Decimal(1)).cast(WEIGHT))
        .pipe(conform, Jurisdictions)
    )


def with_days(references: pl.LazyFrame) -> pl.LazyFrame:
    """Add period_from and period_to (exclusive): the days that the period of a figure names.

    Periods are half-years (2024-H1), months (2025-02) and spans of months (2023-07/2024-06).
    """
    period = pl.col("period")
    half, second = period.str.contains("-H"), period.str.ends_with("-H2")
    first = pl.when(half).then(
        pl.concat_str(period.str.head(4), pl.when(second).then(pl.lit("-07")).otherwise(pl.lit("-01")))
    )
    last = pl.when(half).then(
        pl.concat_str(period.str.head(4), pl.when(second).then(pl.lit("-12")).otherwise(pl.lit("-06")))
    )
    return references.with_columns(
        period_from=_first_day(first.otherwise(period.str.head(7))),
        period_to=_first_day(last.otherwise(period.str.tail(7))).dt.offset_by("1mo"),
    )


def _first_day(month: pl.Expr) -> pl.Expr:
    return pl.concat_str(month, pl.lit("-01")).str.to_date("%Y-%m-%d")
