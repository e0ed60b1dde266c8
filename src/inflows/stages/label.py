"""Who stands on each side of a transfer, at the time of its block, at each level."""

from __future__ import annotations

from typing import cast

import polars as pl

from inflows.contracts.names import LEVELS, ROLES

_EXCHANGES, _ROLES = ([f"{what}_{level}" for level in LEVELS] for what in ("exchange", "role"))
_SPAN_COLUMNS = (*_EXCHANGES, *_ROLES, "confidence_all")


def touching(transfers: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """The transfers of which a side may be a labelled wallet (by 64-bit key, so possibly a few more).

    transfers: contract Transfers. wallets: contract Wallets, of the same chain.
    """
    keys = wallets["address_key"].unique().sort().implode()
    return transfers.filter(pl.col("from_key").is_in(keys) | pl.col("to_key").is_in(keys))


def label_transfers(transfers: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """Add {from,to}_{exchange,role}_{strict,base,all} and {from,to}_confidence_all to each transfer.

    One row in, one row out; nulls where no wallet stands. Exchanges and roles are Enums here: they are
    compared six times a row, and numbers compare faster than names.
    """
    named = wallets.select(_EXCHANGES).unpivot()["value"].drop_nulls().unique().sort()
    numbered = wallets.with_columns(
        pl.col(_EXCHANGES).cast(pl.Enum(named)), pl.col(_ROLES).cast(pl.Enum(list(ROLES)))
    )
    return transfers.pipe(label_side, numbered, "from").pipe(label_side, numbered, "to")


def label_side(transfers: pl.LazyFrame, wallets: pl.DataFrame, side: str) -> pl.LazyFrame:
    """The columns of one side (`from` or `to`) alone; one row in, one row out, in the same order.

    The span that began last before the block's time is looked up by key, then verified on the full address
    and on the span's end. Nearly all wallets have one span: a join for the first spans and one for each
    further number costs less than half of an as-of join.
    """
    spans = wallets.select("address_key", "valid_from", "valid_to", "address", *_SPAN_COLUMNS).with_columns(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("_span"),
        pl.col("valid_from").rank("ordinal").over("address_key").alias("_number"),
    )
    key = f"{side}_key"
    found = transfers.with_columns(pl.lit(None, dtype=pl.UInt32).alias("_span"))
    for number in range(1, (cast("int | None", spans["_number"].max()) or 0) + 1):
        of_number = (
            spans.lazy()
            .filter(pl.col("_number") == number)
            .select("address_key", pl.col("valid_from").alias("_begins"), pl.col("_span").alias("_this"))
        )
        found = (
            found.join(
                of_number,
                left_on=key,
                right_on="address_key",
                how="left",
                validate="m:1",
                maintain_order="left",
            )
            .with_columns(
                pl.when(pl.col("_begins") <= pl.col("block_time"))
                .then("_this")
                .otherwise("_span")
                .alias("_span")
            )
            .drop("_begins", "_this")
        )
    told = spans.lazy().select(
        "_span",
        pl.col("valid_to").alias("_ends"),
        pl.col("address").alias("_address"),
        *(pl.col(name).alias(f"{side}_{name}") for name in _SPAN_COLUMNS),
    )
    holds = (pl.col("_address") == pl.col(f"{side}_address")) & (pl.col("block_time") < pl.col("_ends"))
    return (
        found.join(told, on="_span", how="left", validate="m:1", maintain_order="left")
        .with_columns(
            pl.when(holds).then(pl.col(f"{side}_{name}")).alias(f"{side}_{name}") for name in _SPAN_COLUMNS
        )
        .drop("_span", "_ends", "_address")
    )
