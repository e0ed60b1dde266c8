"""Published figures beside the totals of one basis, scope and level."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from inflows.layout import Layout
from inflows.warehouse.query import reading

RELATION: Final = "rpt_reference_comparison"
_OURS: Final = (
    "basis", "scope", "level", "inflow_usd", "our_ratio", "ratio_to_published", "coverage_share",
    "priced_share", "partial", "simulated",
)  # fmt: skip
_NO_TOTAL: Final = "we have no total for this place and period"


def compared(source: Layout | Path | str, *, basis: str, scope: str, level: str) -> pl.DataFrame:
    """One row a figure (columns of rpt_reference_comparison), by period, jurisdiction and figure.

    Where the totals chosen have none for it, ours is null; counts of licences have no basis anyway.
    """
    with reading(source) as connection:
        every = pl.DataFrame(connection.table(RELATION).to_arrow_table())
    chosen = (pl.col("basis") == basis) & (pl.col("scope") == scope) & (pl.col("level") == level)
    found = every.filter(chosen | pl.col("basis").is_null())
    others = (
        every.join(found, on="figure", how="anti")
        .unique("figure", keep="first", maintain_order=True)
        .with_columns(
            *(pl.lit(None, dtype=every.schema[name]).alias(name) for name in _OURS),
            differs=pl.lit(_NO_TOTAL),
        )
    )
    return pl.concat([found, others]).sort("period", "jurisdiction", "figure")
