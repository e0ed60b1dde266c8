"""Names of chains and exchanges in own formats, each as the project writes it, before a row is judged.

A chain goes by every name of reference/chains.csv, an exchange by every name of reference/exchanges.csv and
reference/exchange_aliases.csv. Names of exchanges that nobody listed are one where they differ in punctuation
alone, in this import and from what the registry holds.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.chains import with_canonical_chains
from inflows.exchanges import known_names, one_spelling
from inflows.layout import Layout
from inflows.registry.store import scan
from inflows.registry.tables import JURISDICTIONS, LABELS, LICENCES

_NAMED_IN: Final = (LABELS, JURISDICTIONS, LICENCES)


def held_exchanges(layout: Layout) -> list[str]:
    """Every name of an exchange in the registries, sorted."""
    named = pl.concat([scan(layout, table).select("exchange") for table in _NAMED_IN])
    return named.select(pl.col("exchange").unique().sort()).collect()["exchange"].to_list()


def with_our_names(rows: pl.DataFrame, held: list[str]) -> tuple[pl.DataFrame, int]:
    """Rows of text with our names in the columns `chain` and `exchange`, and how many rows were renamed so.

    held: the exchanges of the registry (held_exchanges).
    """
    named = with_canonical_chains(rows) if "chain" in rows.columns else rows
    if "exchange" in rows.columns:
        named = with_our_exchanges(named, held)
    changed = [rows[name].ne_missing(named[name]) for name in ("chain", "exchange") if name in rows.columns]
    return named, int(pl.select(pl.any_horizontal(changed)).to_series().sum()) if changed else 0


def with_our_exchanges(rows: pl.DataFrame, held: list[str]) -> pl.DataFrame:
    """Rows with our names in the column `exchange`."""
    names = known_names()
    canonical = {name: names.canonical_exchange(name) for name in rows["exchange"].unique().drop_nulls()}
    joined = one_spelling(canonical.values(), held)
    renamed = {name: new for name, slug in canonical.items() if (new := joined.get(slug, slug)) != name}
    return rows.with_columns(pl.col("exchange").replace(renamed)) if renamed else rows
