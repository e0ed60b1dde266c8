"""Tables of Bitcoin's answers as UTXO entries of whole transactions; no network here.

The entries are those that `ingest bitcoin` makes of the same blocks. Amounts are the JSON's own digits, never
a float; a coinbase has no inputs; scripts that name no single address have none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

import polars as pl

from inflows.addresses import canonical_address
from inflows.contracts.schema import UTC_TIME
from inflows.errors import Inconsistent
from inflows.raw.delivery import delivered_columns
from inflows.sources.bitcoin.satoshi import satoshi
from inflows.sources.own_format.normalise import with_rows
from inflows.sources.sqd.answers import LISTS, Tables

SOURCE: Final = "sqd"
_TX: Final = ["block_number", "transactionIndex"]
_UNIT: Final = Decimal(10) ** -8


def entries(chain: str, tables: Tables, labelled: Sequence[str] | None, name: str) -> pl.DataFrame:
    """The entries of the tables (`Gathered.upto`), or of transactions that touch a labelled address.

    Columns: as a source delivers UTXO entries. A transaction with an amount that is not told, or is no whole
    number of satoshi, is quarantined whole. Raises Inconsistent where a transaction is not whole: an input or
    output left out would be money that came from nowhere.
    """
    inputs, outputs = tables.get("inputs", empty("inputs")), tables.get("outputs", empty("outputs"))
    transactions = tables.get("transactions", empty("transactions"))
    coinbase = inputs.filter(pl.col("type") == "coinbase").select(*_TX, is_coinbase=pl.lit(True)).unique()
    sides = pl.concat(
        [
            _side(inputs, "in", "inputIndex", "prevoutValue", "prevoutScriptPubKeyAddress"),
            _side(outputs, "out", "outputIndex", "value", "scriptPubKeyAddress"),
        ]
    )
    _check_whole(sides, transactions, name)
    times = tables["blocks"].select(
        "block_number",
        block_time=pl.from_epoch("timestamp", time_unit="s").dt.replace_time_zone("UTC").cast(UTC_TIME),
    )
    rows = (
        sides.join(transactions.rename({"txid": "tx_hash"}), on=_TX, how="left", validate="m:1")
        .join(coinbase, on=_TX, how="left", validate="m:1")
        .join(times, on="block_number", how="left", validate="m:1")
        .with_columns(pl.col("is_coinbase").fill_null(False), chain=pl.lit(chain), source=pl.lit(SOURCE))
        .filter(~(pl.col("is_coinbase") & (pl.col("side") == "in")))
        .with_columns(
            address=canonical_address(pl.col("address")).fill_null(""),
            amount_raw=_amount(pl.col("value")),
        )
    )
    if labelled is not None:
        known = pl.Series("address", labelled, dtype=pl.String)
        touched = pl.col("address").is_in(known.implode()).any().over(_TX)
        rows = rows.filter(touched)
    untold = pl.col("amount_raw").is_null()
    rows = rows.with_columns(
        exact=pl.lit(True),
        reason=pl.when((untold & pl.col("value").is_not_null()).any().over(_TX))
        .then(pl.lit("amount_not_an_integer"))
        .when(untold.any().over(_TX))
        .then(pl.lit("inputs_missing")),
    ).sort(*_TX, "side", "position")
    kept = ["chain", "block_number", "tx_hash", "is_coinbase", "side", "position", "address", "value"]
    return with_rows(rows, rows.select(kept)).select(
        pl.col(name).cast(kind) for name, kind in delivered_columns("utxo").items()
    )


def empty(table: str) -> pl.DataFrame:
    """A table without rows."""
    return pl.DataFrame(schema={"block_number": pl.Int64, **LISTS["bitcoin"][table]})


def _side(frame: pl.DataFrame, side: str, position: str, value: str, address: str) -> pl.DataFrame:
    return frame.select(
        *_TX,
        pl.lit(side).alias("side"),
        pl.col(position).alias("position"),
        pl.col(value).alias("value"),
        pl.col(address).alias("address"),
    )


def _check_whole(sides: pl.DataFrame, transactions: pl.DataFrame, name: str) -> None:
    """Every transaction has inputs and outputs, numbered from 0 without a gap, and an id."""
    per = sides.group_by(_TX).agg(
        *(
            (of.sum() > 0) & (pl.col("position").filter(of).max() + 1 == of.sum())
            for of in ((pl.col("side") == side).alias(side) for side in ("in", "out"))
        )
    )
    whole = per.join(transactions, on=_TX, how="full", coalesce=True, validate="1:1").with_columns(
        whole=(pl.col("in") & pl.col("out") & pl.col("txid").str.contains(r"^[0-9a-f]{64}$")).fill_null(False)
    )
    for number, place in whole.filter(~pl.col("whole")).select(_TX).sort(_TX).head(1).iter_rows():
        raise Inconsistent(
            f"{name} gives transaction {place:,} of block {number:,} without all of its inputs and outputs.",
            "Nothing of it was stored. Try again later, or give another --portal.",
        )


def _amount(coins: pl.Expr) -> pl.Expr:
    """Whole satoshi as digits; null where the text is not told, or is none."""
    exact = satoshi(coins)
    rare = (
        pl.when(exact.is_null()).then(coins).map_elements(_nearest, return_dtype=pl.String, skip_nulls=True)
    )
    return exact.fill_null(rare)


def _nearest(coins: str) -> str | None:
    """The satoshi of a double that was written with all its digits, like 0.30000000000000004; else None."""
    try:
        value = Decimal(coins)
        rounded = value.quantize(_UNIT)
    except InvalidOperation:
        return None
    if value < 0 or abs(value - rounded) > 2 * Decimal(math.ulp(float(value))):
        return None
    return str(int(rounded.scaleb(8)))
