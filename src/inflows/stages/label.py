"""Who stands on each side of a transfer, at the time of its block, at each level."""

from __future__ import annotations

import polars as pl

from inflows.contracts.names import LEVELS

_SPAN_COLUMNS = (*(f"{what}_{level}" for level in LEVELS for what in ("exchange", "role")), "confidence_all")


def touching(transfers: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """The transfers of which a side may be a labelled wallet (by 64-bit key, so possibly a few more).

    transfers: contract Transfers. wallets: contract Wallets, of the same chain.
    """
    keys = wallets["address_key"].unique().sort().implode()
    return transfers.filter(pl.col("from_key").is_in(keys) | pl.col("to_key").is_in(keys))


def label_transfers(transfers: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """Add {from,to}_{exchange,role}_{strict,base,all} and {from,to}_confidence_all to each transfer.

    One row in, one row out: the span of a wallet that began last before the block's time is looked up by key
    (an as-of join finds at most one), then verified on the full address and on the span's end.
    """
    ordered = touching(transfers, wallets).sort("block_time", maintain_order=True)
    return ordered.pipe(label_side, wallets, "from").pipe(label_side, wallets, "to")


def label_side(transfers: pl.LazyFrame, wallets: pl.DataFrame, side: str) -> pl.LazyFrame:
    """The columns of one side (`from` or `to`) alone, of transfers in the order of block_time."""
    spans = (
        wallets.lazy()
        .select("address_key", "valid_from", "valid_to", "address", *_SPAN_COLUMNS)
        .sort("valid_from")
    )
    renamed = spans.rename(
        {name: f"_{name}" for name in ("valid_from", "valid_to", "address")}
        | {name: f"{side}_{name}" for name in _SPAN_COLUMNS}
    )
    joined = transfers.join_asof(
        renamed,
        left_on="block_time",
        right_on="_valid_from",
        by_left=f"{side}_key",
        by_right="address_key",
        strategy="backward",
        check_sortedness=False,  # both sides are sorted above; with `by` Polars cannot see it
    )
    holds = (pl.col("_address") == pl.col(f"{side}_address")) & (pl.col("block_time") < pl.col("_valid_to"))
    return joined.with_columns(
        pl.when(holds).then(pl.col(f"{side}_{name}")).alias(f"{side}_{name}") for name in _SPAN_COLUMNS
    ).drop("_valid_from", "_valid_to", "_address")
