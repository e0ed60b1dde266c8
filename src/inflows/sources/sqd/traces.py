"""Calls of a filtered answer as internal transfers of native coin; no network here.

An answer holds the calls that were asked for, all calls above them, and their transactions. No transfers are:
delegatecall, staticcall and callcode, calls of no value, failed calls and all below them. A call below one
that is not in the answer may or may not have moved its value: it is quarantined, and never taken for good.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.sources.evm_logs import hex_to_digits
from inflows.sources.evm_traces import position_of

_TX: Final = ["block_number", "transactionIndex"]
_CALL: Final = [*_TX, "_path"]


def outcomes(calls: pl.DataFrame) -> pl.DataFrame:
    """block_number, transactionIndex and _good of transactions whose top call is among these: no error."""
    return calls.filter(pl.col("traceAddress").list.len() == 0).select(*_TX, _good=pl.col("error").is_null())


def moves(calls: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """What calls below the top move, with the transaction of each.

    Columns: block_number, tx_hash, position, from_address, to_address, amount_raw, given (null; `failed`; or
    `trace_incomplete` where it cannot be told what moved).
    """
    known = calls.with_columns(_path=_text(pl.col("traceAddress")), _failed=pl.col("error").is_not_null())
    action, kind = pl.col("action").struct, pl.col("type")
    suicide, create = kind == "suicide", kind == "create"
    value = pl.when(suicide).then(action.field("balance")).otherwise(action.field("value"))
    moving = known.filter(
        pl.col("traceAddress").list.len() > 0,
        suicide | create | ((kind == "call") & (action.field("callType") == "call")),
    ).with_columns(
        from_address=pl.when(suicide).then(action.field("address")).otherwise(action.field("from")),
        to_address=pl.when(suicide)
        .then(action.field("refundAddress"))
        .when(create)
        .then(pl.col("result").struct.field("address"))
        .otherwise(action.field("to")),
        # A call without a value moves none; a selfdestruct without a balance (an early geth's) is not known.
        amount_raw=hex_to_digits(
            pl.when(value.is_null() & ~suicide)
            .then(pl.lit(""))
            .otherwise(value.str.to_lowercase().str.extract(r"^0x([0-9a-f]*)$"))
        ),
    )
    moving = moving.filter((pl.col("amount_raw") != "0").fill_null(True))
    normalised = moving.join(_above(moving, known), on=_CALL, how="left", validate="1:1").join(
        transactions.select(*_TX, pl.col("hash").alias("tx_hash"), "status"),
        on=_TX,
        how="left",
        validate="m:1",
    )
    failed = pl.col("_failed") | pl.col("_above_failed").fill_null(False)
    incomplete = (
        pl.col("_above_missing").fill_null(True)
        | pl.col("tx_hash").is_null()
        | pl.col("amount_raw").is_null()
        | pl.col("to_address").is_null()
        | (pl.col("status") == 0).fill_null(False)  # and no call above says so
    )
    return normalised.select(
        "block_number",
        pl.col("tx_hash").fill_null(""),
        position_of(pl.col("_path")).alias("position"),
        "from_address",
        "to_address",
        "amount_raw",
        pl.when(failed)
        .then(pl.lit("failed"))
        .when(incomplete)
        .then(pl.lit("trace_incomplete"))
        .alias("given"),
    )


def _above(moving: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """For each moving call, whether a call above it failed, and whether one is not known."""
    steps = moving.select(*_CALL, "traceAddress", _depth=pl.int_ranges(0, pl.col("traceAddress").list.len()))
    above = steps.explode("_depth").with_columns(
        _parent=_text(pl.col("traceAddress").list.head(pl.col("_depth")))
    )
    told = known.select(*_TX, pl.col("_path").alias("_parent"), "_failed")
    return (
        above.join(told, on=[*_TX, "_parent"], how="left", validate="m:1")
        .group_by(_CALL)
        .agg(
            _above_failed=pl.col("_failed").fill_null(False).any(),
            _above_missing=pl.col("_failed").is_null().any(),
        )
    )


def _text(path: pl.Expr) -> pl.Expr:
    """A path as text: `0,12`; empty at the top."""
    return path.cast(pl.List(pl.String)).list.join(",")
