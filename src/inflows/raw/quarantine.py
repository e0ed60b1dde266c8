"""Rows in quarantine: as JSON and back, and as a set.

A row that the store itself took out is written with all its columns as text, so that it can be judged again
when more is delivered. Its origin is the source it came from, because files are forgotten once merged. A row
that could not be understood is kept as it was delivered, with the first file by name that delivered it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows import addresses
from inflows.contracts import columns as c
from inflows.contracts import raw
from inflows.contracts.schema import conform, dtypes, with_defaults
from inflows.raw.quarantine_reasons import STATUS_UNKNOWN

SCHEMAS: Final[dict[str, type[c.Schema]]] = {
    "transfers": raw.Transfers,
    "utxo": raw.UtxoEntries,
    "blocks": raw.Blocks,
}
ADDRESS_KEYS: Final = {
    "transfers": {"from_key": "from_address", "to_key": "to_address"},
    "utxo": {"address_key": "address"},
    "blocks": {},
}
"""The 64-bit key columns of each dataset, with the addresses that they are made of."""


def with_keys(dataset: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add the 64-bit look-up keys of the dataset's addresses."""
    return frame.with_columns(
        addresses.address_key(pl.col(address)).alias(key) for key, address in ADDRESS_KEYS[dataset].items()
    )


def encode(dataset: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Rows with the contract's columns and `reason`, as quarantine rows."""
    day = pl.col("block_time").dt.strftime("%Y-%m-%d")
    return frame.select(
        pl.lit(dataset).alias("dataset"),
        "chain",
        day.alias("date"),
        "reason",
        pl.struct(_as_text(dataset)).struct.json_encode().alias("row"),
        (pl.lit("") if dataset == "blocks" else pl.col("source")).alias("origin"),
    )


def decode(dataset: str, quarantined: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that `encode` wrote, with the contract's columns."""
    types = dtypes(SCHEMAS[dataset])
    text = pl.Struct({name: pl.String() for name in types if name not in ADDRESS_KEYS[dataset]})
    rows = quarantined.select(pl.col("row").str.json_decode(text)).unnest("row")
    typed = rows.with_columns(
        pl.col(name) == "true"
        if kind == pl.Boolean
        else pl.col(name).cast(pl.Int64).cast(kind)
        if kind == pl.Datetime
        else pl.col(name).cast(kind)
        for name, kind in types.items()
        if name not in ADDRESS_KEYS[dataset]
    )
    return conform(with_keys(dataset, with_defaults(typed, SCHEMAS[dataset])), SCHEMAS[dataset])


def still_unknown(quarantined: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """Quarantined rows without those of unknown success whose transfer another source has told of.

    kept: transfers of the same chains and days. Sources name a transaction's hash `tx_hash` or `hash`.
    """
    in_doubt = pl.col("reason") == STATUS_UNKNOWN
    if quarantined.filter(in_doubt).is_empty():
        return quarantined
    named = [pl.col("row").str.json_path_match(f"$.{name}") for name in ("tx_hash", "hash")]
    day = pl.col("block_time").dt.strftime("%Y-%m-%d")
    told = kept.filter(kind="native").select("chain", "tx_hash", date=day).unique()
    answered = (
        quarantined.filter(in_doubt)
        .with_columns(
            addresses.hash_on(pl.col("chain"), pl.coalesce(named).str.to_lowercase()).alias("tx_hash")
        )
        .join(told, on=["chain", "date", "tx_hash"], how="semi")
        .drop("tx_hash")
    )
    return quarantined.join(answered, on=quarantined.columns, how="anti", maintain_order="left")


def as_set(quarantined: pl.LazyFrame) -> pl.LazyFrame:
    """Each quarantined row once, with its first origin by name, in the order of the file."""
    key = ["dataset", "chain", "date", "reason", "row"]
    return conform(
        quarantined.group_by(key).agg(pl.col("origin").min()).sort("reason", "row"), raw.Quarantine
    )


def _as_text(dataset: str) -> list[pl.Expr]:
    """The contract's columns as text: times as microseconds since 1970, booleans as true and false."""
    return [
        pl.col(name).dt.timestamp("us").cast(pl.String)
        if kind == pl.Datetime
        else pl.when(pl.col(name)).then(pl.lit("true")).otherwise(pl.lit("false")).alias(name)
        if kind == pl.Boolean
        else pl.col(name).cast(pl.String)
        for name, kind in dtypes(SCHEMAS[dataset]).items()
        if name not in ADDRESS_KEYS[dataset]
    ]
