"""What inputs spend, where the node does not say it: looked up among the outputs that we hold ourselves."""

from __future__ import annotations

import polars as pl

from inflows.errors import SpentOutputsMissing
from inflows.layout import Layout
from inflows.raw import list_partitions

OUTPUT = {"spent_tx": pl.String, "spent_n": pl.Int64, "address": pl.String, "amount_raw": pl.String}
"""Outputs in the form in which inputs look for them."""


def _outputs_of(entries: pl.DataFrame) -> pl.DataFrame:
    """The outputs (OUTPUT) among entries."""
    return (
        entries.filter(pl.col("side") == "out")
        .select("address", "amount_raw", spent_tx="tx_hash", spent_n="position")
        .select(OUTPUT.keys())
    )


def with_prevouts(entries: pl.DataFrame, layout: Layout, chain: str) -> pl.DataFrame:
    """Entries with the address and amount of every input.

    Looked for among the entries themselves and in the raw store. Raises SpentOutputsMissing for the first
    block with an input whose output is nowhere.
    """
    lacking = entries.filter(pl.col("amount_raw").is_null())
    if lacking.is_empty():
        return entries
    key = ["spent_tx", "spent_n"]
    near = _outputs_of(entries)
    missing = lacking.join(near, on=key, how="anti")
    # Two coinbase ids occur twice, with the same contents; the raw store may repeat what this run has read.
    held = pl.concat([near, _stored(layout, chain, missing["spent_tx"])]).unique(key)
    found = lacking.drop("address", "amount_raw").join(held, on=key, how="left", validate="m:1")
    lost = found.filter(pl.col("amount_raw").is_null()).sort("block_number", "tx_hash", "position")
    if lost.height:
        number = lost["block_number"][0]
        of_block = lost.filter(pl.col("block_number") == number).height
        raise SpentOutputsMissing(
            f"Block {number} of {chain} cannot be stored: the node does not tell what {of_block} of its "
            f"inputs spend (the first is {lost['position'][0]} of {lost['tx_hash'][0]}).",
            "Give a node that answers getblock with verbosity 3 and keeps undo data (Bitcoin Core 25 or "
            "later, not pruned), or ingest the earlier blocks that made these outputs first.",
            number=number,
        )
    return pl.concat([entries.filter(pl.col("amount_raw").is_not_null()), found.select(entries.columns)])


def _stored(layout: Layout, chain: str, hashes: pl.Series) -> pl.DataFrame:
    paths = [path for of, _, path in list_partitions(layout, "utxo") if of == chain]
    if not paths or hashes.is_empty():
        return pl.DataFrame(schema=OUTPUT)
    return (
        pl.scan_parquet(paths, hive_partitioning=False, glob=False)
        .filter(pl.col("side") == "out", pl.col("tx_hash").is_in(hashes.unique().implode()))
        .select("address", "amount_raw", spent_tx="tx_hash", spent_n="position")
        .select(OUTPUT.keys())
        .collect(engine="streaming")
    )
