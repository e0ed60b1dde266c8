"""What a source hands to the store: rows of one dataset, good and bad together."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from inflows import addresses
from inflows.chains import NATIVE_LOG_ADDRESS
from inflows.contracts.names import SLUG_PATTERN
from inflows.contracts.schema import dtypes, with_defaults
from inflows.errors import InflowsError
from inflows.raw.quarantine import ADDRESS_KEYS, SCHEMAS, with_keys
from inflows.raw.quarantine_reasons import NATIVE_SAID_TWICE, UNKNOWN
from inflows.times import may_be_of_a_block

CHAIN: Final = "_chain"
DATE: Final = "_date"


@dataclass(frozen=True)
class Delivery:
    """Rows of one dataset from one file or feed.

    The frame has the columns of the dataset's contract but for the 64-bit keys, and may have `reason` (null:
    the row is good; else a short snake_case reason) and `row` (the row as delivered, as JSON, where there is
    a reason). Rows with a reason may have nulls. Columns with a default (of blocks) may be left out.
    """

    dataset: str
    frame: pl.LazyFrame
    origin: str = ""
    """The file's name, for quarantined rows and for errors."""
    failures: list[InflowsError] = field(default_factory=list)
    """Where a reader that runs inside the frame leaves the error that the user shall see."""
    labelled_set: str = ""
    """The digest of a set of addresses, where the transfers of no others were kept; else empty."""
    day: dt.date | None = None
    """The UTC day of the dump's partition that this is of; None: the source has no such."""


def delivered_columns(dataset: str) -> dict[str, pl.DataType]:
    """Names and types of the columns that a source delivers, with `reason` and `row`."""
    types = dtypes(SCHEMAS[dataset])
    own = {name: kind for name, kind in types.items() if name not in ADDRESS_KEYS[dataset]}
    return {**own, "reason": pl.String(), "row": pl.String()}


def staged(delivery: Delivery) -> pl.LazyFrame:
    """A delivery with its keys, origin, and the partition that each row belongs to.

    A chain that is no slug never becomes part of a path: such rows belong to the unknown chain. Whatever the
    source, a transaction has one name, and a log that says a native transfer once more (EIP-7708) gets the
    reason to be set aside.
    """
    names = delivery.frame.collect_schema().names()
    frame = delivery.frame.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in ("reason", "row") if name not in names
    )
    typed = with_defaults(frame, SCHEMAS[delivery.dataset]).select(
        pl.col(name).cast(kind) for name, kind in delivered_columns(delivery.dataset).items()
    )
    if "tx_hash" in typed.collect_schema():
        typed = typed.with_columns(addresses.hash_on(pl.col("chain"), pl.col("tx_hash")).alias("tx_hash"))
    if delivery.dataset == "transfers":
        typed = typed.with_columns(pl.coalesce("reason", _said_twice()).alias("reason"))
    return with_keys(delivery.dataset, typed).with_columns(
        pl.lit(delivery.origin).alias("origin"),
        pl.col("chain").map_batches(_slugs, return_dtype=pl.String, is_elementwise=True).alias(CHAIN),
        pl.col("block_time").map_batches(_days, return_dtype=pl.String, is_elementwise=True).alias(DATE),
    )


def _said_twice() -> pl.Expr:
    says = (pl.col("kind") == "token") & (pl.col("contract") == NATIVE_LOG_ADDRESS)
    return pl.when(says).then(pl.lit(NATIVE_SAID_TWICE))


def _slugs(chains: pl.Series) -> pl.Series:
    """Chains that may become part of a path; each different one is looked at once."""
    known = chains.unique().to_frame("chain")
    slug = pl.col("chain").str.contains(SLUG_PATTERN).fill_null(False)
    texts = known.select(pl.when(slug).then("chain").otherwise(pl.lit(UNKNOWN))).to_series()
    return _each(chains, known.to_series(), texts)


def _days(times: pl.Series) -> pl.Series:
    """Days as they are written in paths; each different one is written once."""
    days = times.dt.date()
    known = days.unique()
    texts = known.dt.strftime("%Y-%m-%d")
    usual = known.to_frame("day").select(may_be_of_a_block(pl.col("day")).fill_null(False)).to_series()
    return _each(days, known, texts.zip_with(usual, pl.Series([UNKNOWN])))


def _each(values: pl.Series, known: pl.Series, texts: pl.Series) -> pl.Series:
    if values.is_empty():  # replace_strict would keep the type of what it was given
        return pl.Series(values.name, [], dtype=pl.String)
    if known.len() == 1:
        return pl.repeat(texts[0], values.len(), dtype=pl.String, eager=True).alias(values.name)
    return values.replace_strict(known, texts, return_dtype=pl.String)
