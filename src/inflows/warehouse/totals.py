"""The half-year table, and two jurisdictions side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from inflows.contracts.flows import Totals
from inflows.contracts.names import BASES, LEVELS, SCOPES
from inflows.contracts.schema import USD, conform
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.periods import bounds
from inflows.warehouse.query import connect

HELD: Final = {
    "coverage_share": pl.Float64(),
    "chain_days": pl.Int64(),
    "chain_days_covered": pl.Int64(),
    "days_covered": pl.Int64(),
    "coverage": pl.String(),
    "partial": pl.Boolean(),
    "year_before_partial": pl.Boolean(),
}
"""What a comparison says of how much of its period is held, the same for both."""

TABLE = "agg_jurisdiction_half_year"


def read_totals(
    source: Layout | Path | str,
    period: str | None = None,
    jurisdictions: Sequence[str] = (),
    basis: str = "licence",
    scope: str = "exchange",
    level: str = "base",
) -> pl.DataFrame:
    """The published totals (contract Totals), by period, then the largest inflow, then jurisdiction.

    The source is the published database or the totals.parquet of a vintage. A name that does not exist is a
    UsageError that names the choices.
    """
    require_selection(basis, scope, level)
    totals = choose(_load(source), period, jurisdictions)
    order = {"period": False, "inflow_usd": True, "jurisdiction": False}
    return totals.filter(basis=basis, scope=scope, level=level).sort(
        list(order), descending=list(order.values())
    )


def require_selection(basis: str, scope: str, level: str) -> None:
    """Refuse a basis, scope or level that does not exist."""
    _one_of(basis, BASES, "basis")
    _one_of(scope, SCOPES, "scope")
    _one_of(level, LEVELS, "level")


def choose(totals: pl.DataFrame, period: str | None, jurisdictions: Sequence[str]) -> pl.DataFrame:
    """The totals of a period and of some jurisdictions; a name that no total has is a UsageError."""
    chosen = pl.lit(True)
    if period is not None:
        bounds(period)  # An ill-formed period has an error of its own.
        _one_of(period, totals["period"].unique().sort(), "period")
        chosen &= pl.col("period") == period
    if jurisdictions:
        for jurisdiction in jurisdictions:
            _one_of(jurisdiction, totals["jurisdiction"].unique().sort(), "jurisdiction")
        chosen &= pl.col("jurisdiction").is_in(list(jurisdictions))
    return totals.filter(chosen)


def read_all_totals(source: Layout | Path | str) -> pl.DataFrame:
    """Every published total (contract Totals)."""
    return _load(source)


def compare(
    source: Layout | Path | str,
    jurisdiction: str,
    other: str,
    period: str,
    basis: str = "licence",
    scope: str = "exchange",
    level: str = "base",
) -> pl.DataFrame:
    """One row: the inflow of two jurisdictions, their ratio, and each one's ratio on the year.

    A jurisdiction without flows in the period has received 0; the ratio to 0 is null.
    """
    totals = read_totals(source, period, (jurisdiction, other), basis, scope, level)
    of_period = choose(_load(source), period, ()).row(0, named=True)
    rows = {row["jurisdiction"]: row for row in totals.iter_rows(named=True)}
    mine: dict[str, Any] = rows.get(jurisdiction, {})
    theirs: dict[str, Any] = rows.get(other, {})
    inflow = mine.get("inflow_usd", Decimal(0))
    other_inflow = theirs.get("inflow_usd", Decimal(0))
    row = {
        "period": period,
        "jurisdiction": jurisdiction,
        "other": other,
        "basis": basis,
        "scope": scope,
        "level": level,
        "inflow_usd": inflow,
        "other_inflow_usd": other_inflow,
        "ratio": float(inflow / other_inflow) if other_inflow else None,
        "inflow_ratio_on_year": mine.get("inflow_ratio_on_year"),
        "other_inflow_ratio_on_year": theirs.get("inflow_ratio_on_year"),
        **{name: of_period[name] for name in HELD},
        "simulated": of_period["simulated"],
    }
    ratios = dict.fromkeys(("ratio", "inflow_ratio_on_year", "other_inflow_ratio_on_year"), pl.Float64())
    amounts = dict.fromkeys(("inflow_usd", "other_inflow_usd"), USD)
    return pl.DataFrame([row], schema_overrides={**ratios, **amounts, **HELD})


def _load(source: Layout | Path | str) -> pl.DataFrame:
    if isinstance(source, str | Path) and Path(source).suffix == ".parquet":
        return _completed(_stored(Path(source)))
    with connect(source) as connection:
        return _completed(pl.DataFrame(connection.table(TABLE).to_arrow_table()))


def _completed(frame: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns; those that an older program did not publish are unknown."""
    missing = [name for name, column in Totals.columns().items() if column.nullable and name not in frame]
    whole = frame.lazy().with_columns(pl.lit(None).alias(name) for name in missing)
    return whole.pipe(conform, Totals).collect()


def _stored(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        raise WorkError(
            f"The totals {path} cannot be read.", "Restore the file from a copy, or publish a new vintage."
        ) from None


def _one_of(name: str, choices: Iterable[str], what: str) -> None:
    choices = list(choices)
    if name not in choices:
        known = f"Choose one of: {', '.join(choices)}." if choices else "The published table is empty."
        raise UsageError(f"There are no totals for {what} '{name}'.", known)
