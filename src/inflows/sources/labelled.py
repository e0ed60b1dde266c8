"""Only what touches labelled wallets, for disks that cannot hold a chain."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from inflows.addresses import address_key
from inflows.errors import UsageError
from inflows.raw.delivery import Delivery

NOT_LABELLED: Final = "not_labelled"
_DIGITS: Final = 16


def only_labelled(deliveries: Iterable[Delivery], addresses: Sequence[str]) -> Iterator[Delivery]:
    """The same deliveries, with transfers between other addresses set aside and counted.

    addresses: in canonical form. Blocks say that they were read for this set alone. UTXO entries are refused:
    a transaction is understood as a whole or not at all.
    """
    known = pl.Series("address", sorted(set(addresses)), dtype=pl.String)
    digest = digest_of(addresses)
    keys = known.to_frame().select(address_key(pl.col("address"))).to_series().unique().sort()
    for delivery in deliveries:
        if delivery.dataset == "utxo":
            raise UsageError(
                "UTXO entries cannot be limited to labelled wallets: transactions must be whole.",
                "Leave --only-labelled out. Nothing was stored.",
            )
        frame = (
            _blocks(delivery.frame, digest)
            if delivery.dataset == "blocks"
            else _transfers(delivery.frame, keys, known)
        )
        yield dataclasses.replace(delivery, frame=frame, labelled_set=digest)


def digest_of(addresses: Iterable[str]) -> str:
    """A short name of a set of addresses: the same for the same addresses."""
    return hashlib.sha256("\n".join(sorted(set(addresses))).encode()).hexdigest()[:_DIGITS]


def _transfers(frame: pl.LazyFrame, keys: pl.Series, known: pl.Series) -> pl.LazyFrame:
    sides = ("from_address", "to_address")

    def mark(batch: pl.DataFrame) -> pl.DataFrame:
        """Keys first, which are compared fast; what they let through is compared in full."""
        found = batch.select(address_key(pl.col(side)).is_in(keys.implode()).alias(side) for side in sides)
        maybe = (found["from_address"] | found["to_address"]).fill_null(False)
        near = batch.filter(maybe).select(pl.any_horizontal(pl.col(sides).is_in(known.implode()))).to_series()
        touches = pl.repeat(False, batch.height, dtype=pl.Boolean, eager=True).scatter(maybe.arg_true(), near)
        unknown = pl.when(~pl.lit(touches)).then(pl.lit(NOT_LABELLED))
        return batch.with_columns(pl.coalesce("reason", unknown).alias("reason"))

    return frame.map_batches(
        mark, streamable=True, schema=frame.collect_schema(), validate_output_schema=False
    )


def _blocks(frame: pl.LazyFrame, digest: str) -> pl.LazyFrame:
    token = pl.col("has_token").fill_null(False)
    nothing = (
        pl.lit(False).alias(name) for name in ("has_token", "has_native", "has_trace", "has_withdrawal")
    )
    return frame.with_columns(
        token.alias("has_labelled"),
        pl.when(token).then(pl.lit(digest)).otherwise(pl.lit("")).alias("labelled_set"),
        *nothing,
    )
