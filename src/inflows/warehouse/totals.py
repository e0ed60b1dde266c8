"""The half-year table as it was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from inflows.contracts.flows import Totals
from inflows.contracts.names import BASES, LEVELS, SCOPES
from inflows.contracts.schema import conform
from inflows.errors import UsageError, WorkError
from inflows.jurisdictions import is_jurisdiction, jurisdiction_codes
from inflows.layout import Layout
from inflows.periods import period_named
from inflows.warehouse.query import reading

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
    level: str | None = "base",
) -> pl.DataFrame:
    """The published totals (contract Totals), by period, then the largest inflow, then jurisdiction.

    The source is the published database or the totals.parquet of a vintage. Periods and jurisdictions are
    taken as people write them; level None: every level. A name that does not exist is a UsageError that names
    the choices.
    """
    require_selection(basis, scope, level)
    totals = choose(_load(source), period, jurisdictions).filter(basis=basis, scope=scope)
    order = {"period": False, "inflow_usd": True, "jurisdiction": False, "level": False}
    return of_level(totals, level).sort(list(order), descending=list(order.values()))


def of_level(totals: pl.DataFrame, level: str | None) -> pl.DataFrame:
    """The rows of one level; None: all."""
    return totals if level is None else totals.filter(level=level)


def require_selection(basis: str, scope: str, level: str | None) -> None:
    """Refuse a basis, scope or level that does not exist."""
    _one_of(basis, BASES, "basis")
    _one_of(scope, SCOPES, "scope")
    if level is not None:
        _one_of(level, LEVELS, "level")


def choose(totals: pl.DataFrame, period: str | None, jurisdictions: Sequence[str]) -> pl.DataFrame:
    """The totals of a period and of some jurisdictions; one without flows has no row.

    A period that no total has is a UsageError, and so is a name that is no jurisdiction.
    """
    chosen = pl.lit(True)
    if period is not None:
        period = period_named(period)
        _one_of(period, totals["period"].unique().sort(), "period")
        chosen &= pl.col("period") == period
    codes = known_jurisdictions(jurisdictions)
    if codes:
        chosen &= pl.col("jurisdiction").is_in(codes)
    return totals.filter(chosen)


def known_jurisdictions(places: Sequence[str]) -> tuple[str, ...]:
    """The codes of jurisdictions (codes or English names); UsageError where one is in no use."""
    codes = jurisdiction_codes(places)
    for code in codes:
        if not is_jurisdiction(code):
            raise UsageError(
                f"There are no totals for jurisdiction '{code}': it is no code of ISO 3166-1.",
                "Write a code (HK) or an English name (Hong Kong); ZZ is what no registry row attributes.",
            )
    return codes


def read_all_totals(source: Layout | Path | str) -> pl.DataFrame:
    """Every published total (contract Totals)."""
    return _load(source)


def _load(source: Layout | Path | str) -> pl.DataFrame:
    if isinstance(source, str | Path) and Path(source).suffix == ".parquet":
        return _completed(_stored(Path(source)))
    with reading(source) as connection:
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
