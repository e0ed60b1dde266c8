"""Totals of other periods than half-years, and by chain, asset, exchange, size or kind of asset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from inflows.contracts.names import LEVELS
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.periods import HALF, grain_of, period_named
from inflows.stages.total import finished, period_totals
from inflows.warehouse.published_facts import published_facts
from inflows.warehouse.totals import choose, of_level, require_selection

BY: Final[dict[str, tuple[str, ...]]] = {
    "chain": ("chain",),
    "asset": ("chain", "contract", "symbol"),
    "exchange": ("exchange",),
    "size_band": ("size_band",),
    "asset_kind": ("asset_kind",),
}
"""What totals can be sliced by, and the columns of each."""


def slice_columns(by: Sequence[str]) -> list[str]:
    """The columns that slices add to the key, each once; UsageError names the choices."""
    for name in by:
        if name not in BY:
            raise UsageError(f"Totals have no slices by '{name}'.", f"Choose of: {', '.join(BY)}.")
    return list(dict.fromkeys(column for name in by for column in BY[name]))


def read_slices(
    source: Layout | Path | str,
    *,
    grain: str | None = None,
    by: Sequence[str] = (),
    period: str | None = None,
    jurisdictions: Sequence[str] = (),
    basis: str = "licence",
    scope: str = "exchange",
    level: str | None = "base",
) -> pl.DataFrame:
    """Totals (contract Totals, and the columns of the slices after its key) from the facts of a vintage.

    By period, the largest inflow, jurisdiction. grain: that of the period if one is given, else half-years.
    Rank and share of the world are among the jurisdictions of the same slice. level None: every level.
    """
    require_selection(basis, scope, level)
    period = None if period is None else period_named(period)
    columns = slice_columns(by)
    if period is not None and grain is not None and grain_of(period) != grain:
        raise UsageError(
            f"The period {period} is not a {grain}.", "Leave out --grain, or write another period."
        )
    grain = grain or (HALF if period is None else grain_of(period))
    with published_facts(source) as facts:
        totals = (
            period_totals(
                facts.daily(sorted(LEVELS if level is None else {level, "strict"})),
                facts.table("dim_jurisdiction").lazy(),
                grain,
                columns,
            )
            .filter(basis=basis, scope=scope)
            .collect(engine="streaming")
        )
        chosen = choose(of_level(totals, level), period, jurisdictions)
        periods = facts.coverage_of(chosen["period"].unique().sort().to_list())
        rows = finished(chosen.lazy(), periods, simulated=facts.simulated, by=columns).collect()
    order = {"period": False, "inflow_usd": True, "jurisdiction": False} | dict.fromkeys(columns, False)
    return rows.sort(list(order), descending=list(order.values()), nulls_last=True)
