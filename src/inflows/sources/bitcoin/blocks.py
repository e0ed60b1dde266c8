"""A node's answer to getblock as the entries of a block: pure, so that it is tested without a network.

The forms of Bitcoin Core (verbosity 3, and 2 without the spent outputs), of its older releases
(`scriptPubKey.addresses`) and of bcoin are read alike.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.addresses import canonical_address
from inflows.contracts.schema import UTC_TIME
from inflows.sources.bitcoin.satoshi import satoshi, with_numbers_as_text

_Fields = dict[str, pl.DataType | type[pl.DataType]]

_SCRIPT: Final = pl.Struct({"type": pl.String, "address": pl.String, "addresses": pl.List(pl.String)})
_OUTPUT: Final[_Fields] = {"value": pl.String, "scriptPubKey": _SCRIPT}
_INPUT: Final[_Fields] = {
    "coinbase": pl.String,
    "txid": pl.String,
    "vout": pl.Int64,
    "prevout": pl.Struct(_OUTPUT),
}
_TRANSACTION: Final[_Fields] = {
    "txid": pl.String,
    "vin": pl.List(pl.Struct(_INPUT)),
    "vout": pl.List(pl.Struct({"n": pl.Int64, **_OUTPUT})),
}
_ANSWER: Final = pl.Struct(
    {
        "result": pl.Struct(
            {
                "hash": pl.String,
                "height": pl.Int64,
                "time": pl.Int64,
                "previousblockhash": pl.String,
                "tx": pl.List(pl.Struct(_TRANSACTION)),
            }
        )
    }
)
_NO_ADDRESS: Final = ("multisig", "nulldata")
"""Scripts that several keys or nobody can spend; bcoin names an address for them all the same."""
_HASH: Final = r"^[0-9a-f]{64}$"
_LAST_SECOND: Final = int(dt.datetime(9998, 12, 31, tzinfo=dt.UTC).timestamp())


class Malformed(ValueError):
    """An answer that is no block; its text says why, in a clause that goes on after `block N: `."""


@dataclass(frozen=True)
class Block:
    """A block's header, and its inputs and outputs.

    entries: tx_hash, is_coinbase, side, position, address (empty: none), amount_raw (null: an input whose
    spent output was not told), spent_tx, spent_n (the output that an input spends).
    """

    number: int
    hash: str
    parent: str
    time: dt.datetime
    entries: pl.DataFrame


def decode_block(body: bytes) -> Block:
    """The block in a JSON-RPC answer to getblock with transactions; Malformed where there is none."""
    try:
        answer = with_numbers_as_text(pl.Series([body.decode()])).str.json_decode(_ANSWER)
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        raise Malformed("the answer is no block with its transactions") from None
    if answer.len() != 1:
        raise Malformed("the answer is empty")
    block = answer.struct.field("result").struct
    header = {name: block.field(name).item() for name in ("hash", "height", "time", "previousblockhash")}
    number, seconds = header["height"], header["time"]
    if number is None or seconds is None or not 0 <= seconds <= _LAST_SECOND:
        raise Malformed("the answer has no height or no time")
    transactions = _transactions(block.field("tx"))
    return Block(
        number=number,
        hash=header["hash"] or "",
        parent=header["previousblockhash"] or "",
        time=dt.datetime.fromtimestamp(seconds, dt.UTC),
        entries=_checked(pl.concat([_inputs(transactions), _outputs(transactions)])),
    )


def with_block_columns(block: Block, chain: str) -> pl.DataFrame:
    """The entries with the columns that their block gives them: chain, block_number, block_time."""
    return block.entries.with_columns(
        chain=pl.lit(chain),
        block_number=pl.lit(block.number, dtype=pl.Int64),
        block_time=pl.lit(block.time, dtype=UTC_TIME),
    )


def _transactions(listed: pl.Series) -> pl.DataFrame:
    """One row a transaction: tx_hash, is_coinbase, vin, vout."""
    if listed.null_count() or not listed.list.len().item():
        raise Malformed("the answer has no transactions")
    frame = listed.explode().to_frame("tx").unnest("tx")
    if frame["txid"].str.contains(_HASH).not_().fill_null(True).any():
        raise Malformed("a transaction has no id")
    if frame["txid"].is_duplicated().any():
        raise Malformed("a transaction stands in it twice")
    for side in ("vin", "vout"):
        if not (frame[side].list.len() > 0).fill_null(False).all():
            raise Malformed(f"a transaction has no {side}")
    first_input = pl.col("vin").list.first().struct
    return frame.select(
        "vin", "vout", tx_hash="txid", is_coinbase=first_input.field("coinbase").is_not_null()
    )


def _inputs(transactions: pl.DataFrame) -> pl.DataFrame:
    """Spent outputs; a coinbase transaction has none."""
    return (
        transactions.filter(~pl.col("is_coinbase"))
        .select("tx_hash", "is_coinbase", "vin", position=pl.int_ranges(0, pl.col("vin").list.len()))
        .explode("vin", "position")
        .unnest("vin")
        .rename({"txid": "spent_tx", "vout": "spent_n"})
        .unnest("prevout")
        .select(*_entry_columns("in"), "spent_tx", "spent_n", "value")
    )


def _outputs(transactions: pl.DataFrame) -> pl.DataFrame:
    return (
        transactions.select("tx_hash", "is_coinbase", "vout")
        .explode("vout")
        .unnest("vout")
        .rename({"n": "position"})
        .select(
            *_entry_columns("out"),
            pl.lit(None, dtype=pl.String).alias("spent_tx"),
            pl.lit(None, dtype=pl.Int64).alias("spent_n"),
            pl.col("value").fill_null(""),  # an output without an amount is malformed
        )
    )


def _entry_columns(side: str) -> list[pl.Expr]:
    """What inputs and outputs have alike; an address only where the script names exactly one."""
    script = pl.col("scriptPubKey").struct
    listed = script.field("addresses")
    named = pl.coalesce(script.field("address"), pl.when(listed.list.len() == 1).then(listed.list.first()))
    bare = script.field("type").str.to_lowercase().is_in(_NO_ADDRESS).fill_null(False)
    address = pl.when(~bare).then(named)
    return [
        pl.col("tx_hash", "is_coinbase"),
        pl.lit(side).alias("side"),
        pl.col("position").cast(pl.Int64),
        canonical_address(address).fill_null("").alias("address"),
    ]


def _checked(entries: pl.DataFrame) -> pl.DataFrame:
    """Amounts in satoshi, and nothing that the raw store could not hold."""
    exact = entries.with_columns(amount_raw=satoshi(pl.col("value")))
    if exact.filter(pl.col("value").is_not_null(), pl.col("amount_raw").is_null()).height:
        raise Malformed("an amount is no whole number of satoshi")
    outputs = exact.filter(pl.col("side") == "out")
    if outputs["position"].null_count() or (outputs["position"] < 0).any():
        raise Malformed("an output has no number")
    if outputs.select("tx_hash", "position").is_duplicated().any():
        raise Malformed("two outputs of a transaction have one number")
    untold = exact.filter(pl.col("amount_raw").is_null())
    if untold.filter(pl.col("spent_tx").is_null() | pl.col("spent_n").is_null()).height:
        raise Malformed("an input does not say what it spends")
    return exact.drop("value")
