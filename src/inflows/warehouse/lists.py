"""Rows of the published relations that people look through: flows and wallets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
from duckdb import ColumnExpression, ConstantExpression, Expression

from inflows.layout import Layout
from inflows.periods import bounds, period_named
from inflows.warehouse.query import connect

FLOW_ORDER = ("chain", "block_number", "tx_hash", "kind", "position")


def read_flows(
    source: Layout | Path | str,
    period: str | None = None,
    exchanges: Sequence[str] = (),
    chains: Sequence[str] = (),
) -> pl.DataFrame:
    """Rows of fct_flow by FLOW_ORDER, block_time in UTC. exchanges: on either side, at level `all`."""
    chosen = _among("chain", chains)
    if exchanges:
        chosen = chosen & (_among("from_exchange", exchanges) | _among("to_exchange", exchanges))
    if period is not None:
        start, end = bounds(period_named(period))
        time = ColumnExpression("block_time")
        chosen = chosen & (time >= ConstantExpression(start)) & (time < ConstantExpression(end))
    return _rows(source, "fct_flow", chosen, FLOW_ORDER)


def read_wallets(
    source: Layout | Path | str, exchanges: Sequence[str] = (), chains: Sequence[str] = ()
) -> pl.DataFrame:
    """Rows of dim_wallet by chain, address and valid_from, instants in UTC."""
    chosen = _among("chain", chains) & _among("exchange", exchanges)
    return _rows(source, "dim_wallet", chosen, ("chain", "address", "valid_from"))


def _rows(
    source: Layout | Path | str, relation: str, chosen: Expression, order: Sequence[str]
) -> pl.DataFrame:
    with connect(source) as connection:
        kept: duckdb.DuckDBPyRelation = connection.table(relation).filter(chosen)
        frame = pl.DataFrame(kept.to_arrow_table())
    naive = [name for name, kind in frame.schema.items() if kind == pl.Datetime]
    return frame.with_columns(pl.col(naive).dt.replace_time_zone("UTC")).sort(order, nulls_last=False)


def _among(column: str, names: Sequence[str]) -> Expression:
    """Whether a column is one of some names; without names, true."""
    if not names:
        return ConstantExpression(True)
    return ColumnExpression(column).isin(*map(ConstantExpression, names))
