"""What the registries said at a time: for each key the row that was known last.

A row is known from its known_at on (null: since ever). Of the rows of one key known by then, the one with the
latest known_at holds; of two known since the same instant, the one stored later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.layout import Layout
from inflows.registry.store import SEQUENCE, scan
from inflows.registry.tables import (
    ASSETS,
    BALANCES,
    JURISDICTIONS,
    LABELS,
    LICENCES,
    PRICES,
    TABLES,
    Table,
    in_utc,
)

SIMULATED: Final = "simulated"
"""The source of rows that describe a synthetic market."""


def latest(rows: pl.LazyFrame, table: Table, as_of: dt.datetime) -> pl.LazyFrame:
    """Of rows with SEQUENCE, those that hold as of a time, without SEQUENCE."""
    known = pl.col("known_at").is_null() | (pl.col("known_at") <= pl.lit(in_utc(as_of), dtype=UTC_TIME))
    return (
        rows.filter(known)
        .sort("known_at", SEQUENCE, nulls_last=False)
        .unique(subset=table.key, keep="last", maintain_order=True)
        .select(table.columns)
    )


def labels(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Claims about addresses (contracts.registry.Labels), one for each chain, address, source, valid_from."""
    return latest(scan(layout, LABELS), LABELS, as_of)


def assets(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Listed assets (contracts.registry.Assets), one for each chain and contract."""
    return latest(scan(layout, ASSETS), ASSETS, as_of)


def jurisdictions(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Weights (contracts.registry.Jurisdictions), one for each exchange, jurisdiction, basis, valid_from."""
    return latest(scan(layout, JURISDICTIONS), JURISDICTIONS, as_of)


def licences(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Statuses of licences (contracts.licences.Licences)."""
    return latest(scan(layout, LICENCES), LICENCES, as_of)


def balances(layout: Layout, as_of: dt.datetime) -> pl.LazyFrame:
    """Balances of wallets (contracts.balances.Balances), one for each source and instant."""
    return latest(scan(layout, BALANCES), BALANCES, as_of)


def prices(layout: Layout, as_of: dt.datetime, order: Sequence[str] = ()) -> pl.LazyFrame:
    """Quotes (contracts.registry.Prices), one for each chain, contract and time.

    Of several sources the first in `order` decides; those that are not in it come after. Between two that
    stand alike the quote known later decides (a correction wins, whatever its source is called), then the
    source's name.
    """
    quotes = latest(scan(layout, PRICES), PRICES, as_of)
    ranks = {source: rank for rank, source in reversed(list(enumerate(order)))}
    rank = (
        pl.col("source").replace_strict(ranks, default=len(order), return_dtype=pl.UInt32)
        if ranks
        else pl.lit(0, dtype=pl.UInt32)
    )
    return (
        quotes.sort(
            rank, "known_at", "source", descending=[False, True, False], nulls_last=True, maintain_order=True
        )
        .unique(subset=("chain", "contract", "time"), keep="first", maintain_order=True)
        .select(PRICES.columns)
    )


def fingerprint(layout: Layout, table: str, as_of: dt.datetime) -> str:
    """SHA-256, in hex, over what a table said at a time, however many files it came in.

    Hashed is the CSV of the effective rows, sorted by key, under a header of the columns' names: instants as
    microseconds and days as days since 1970, decimals with all their places, text in quotes, null as nothing.
    Notes are left out: no total depends on them.
    """
    held = TABLES[table]
    return digest(latest(scan(layout, held), held, as_of), held)


def digest(effective: pl.LazyFrame, held: Table) -> str:
    """SHA-256, in hex, over the effective rows of a table; see fingerprint."""
    ordered = effective.drop(held.notes).sort(held.key)
    rows = ordered.with_columns(pl.selectors.temporal().to_physical()).collect()
    hashed = hashlib.sha256()
    hashed.update((",".join(rows.columns) + "\n").encode())
    for part in rows.iter_slices(250_000):
        hashed.update(part.write_csv(include_header=False, quote_style="non_numeric").encode())
    return hashed.hexdigest()


def is_simulated(layout: Layout, as_of: dt.datetime) -> bool:
    """Whether any label, price or weight in effect comes from the simulated market."""
    return any(_holds_simulated(layout, table, as_of) for table in (LABELS, PRICES, JURISDICTIONS))


def _holds_simulated(layout: Layout, table: Table, as_of: dt.datetime) -> bool:
    is_simulated, rows = pl.col("source") == SIMULATED, scan(layout, table)
    if "source" in table.key:  # Rows of another source cannot replace one of this, so they need not be read.
        rows = rows.filter(is_simulated)
    return not latest(rows, table, as_of).filter(is_simulated).head(1).collect().is_empty()
