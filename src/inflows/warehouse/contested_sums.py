"""What contested addresses received and sent, by a published database."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from inflows.contracts.schema import USD
from inflows.warehouse.query import run_sql


def contested_inflow(published: Path) -> pl.DataFrame:
    """Columns chain, address, level, inflow_usd, outflow_usd; no rows where none is published yet."""
    rows: list[tuple[object, ...]] = []
    if published.exists():
        views = "select view_name from duckdb_views() where view_name = 'rpt_contested'"
        if run_sql(published, views)[1]:
            query = "select chain, address, level, inflow_usd, outflow_usd from rpt_contested"
            rows = run_sql(published, query)[1]
    types = {**dict.fromkeys(("chain", "address", "level"), pl.String()), "inflow_usd": USD}
    return pl.DataFrame(rows, schema=types | {"outflow_usd": USD}, orient="row")
