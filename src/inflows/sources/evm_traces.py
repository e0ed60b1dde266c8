"""What the traces of EVM clients say of transfers: the calls that move coins, and those that do not.

The trace at the top of a transaction is the transaction's own value: kind `native`, position 0, the very key
that a table of transactions gives it. So a transfer that both tables tell of is one. All traces below are
kind `trace`.

No transfers are: delegatecall, callcode and staticcall (the value stays with the caller, or is none), calls
of no value, failed calls and all below them. Rewards, the genesis and the DAO fork belong to no transaction,
and are set aside: other sources of traces leave them out, and coins that are made are no inflow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import own_row

_OF_NO_TRANSACTION: Final = ("reward", "genesis", "daofork")
_MOVING: Final = ("create", "create2", "suicide", "selfdestruct")
_STAYING: Final = ("delegatecall", "callcode", "staticcall")
_LEVELS, _WIDTH = 6, 1000
"""A path of so many levels, each below this less one, is written into a position in digits."""

_CALL: Final = ["block_number", "_tx", "_path"]


def traces_as_own(
    rows: pl.LazyFrame,
    chain: str,
    source: str,
    failed: pl.DataFrame | None,
    *,
    amount: pl.Expr,
    is_zero: pl.Expr,
    block_time: pl.Expr | None = None,
) -> pl.LazyFrame:
    """Native transfers and internal ones.

    Columns needed: block_number, transaction_hash, from_address, to_address, trace_type, call_type,
    trace_address, error (text), status (integer), and what the expressions name. amount: as text; is_zero:
    whether it is nothing. failed: block_number, _tx and _path of the calls that failed.
    """
    kind, call = (
        pl.col(name).fill_null("").str.to_lowercase().str.replace_all("_", "", literal=True)
        for name in ("trace_type", "call_type")
    )
    rows = with_paths(rows)
    if failed is None or failed.is_empty():
        rows = rows.with_columns(_below_failed=pl.lit(False))
    else:
        below = (
            rows.filter(~is_zero.fill_null(True))
            .select(_CALL)
            .join(failed.lazy().rename({"_path": "_failed"}), on=_CALL[:2], how="inner")
            .filter((pl.col("_failed") == "") | pl.col("_path").str.starts_with(pl.col("_failed") + ","))
            .select(*_CALL, pl.lit(True).alias("_below_failed"))
            .unique()
        )
        rows = rows.join(below, on=_CALL, how="left", validate="m:1", maintain_order="left").with_columns(
            pl.col("_below_failed").fill_null(False)
        )
    moves = kind.is_in(_MOVING) | ((kind == "call") & (call == "call"))
    return own_row(
        rows,
        chain,
        source,
        tx_hash=pl.col("transaction_hash"),
        position=pl.when(pl.col("_path") == "").then(0).otherwise(position_of(pl.col("_path"))),
        kind=pl.when(pl.col("_path") == "").then(pl.lit("native")).otherwise(pl.lit("trace")),
        contract=pl.lit(""),
        amount_raw=amount,
        block_time=block_time,
        given=pl.when(kind.is_in(_OF_NO_TRANSACTION))
        .then(pl.lit("no_transaction"))
        .when((kind == "call") & call.is_in(_STAYING))
        .then(pl.lit("no_transfer"))
        .when(~moves)
        .then(pl.lit("bad_trace_type"))
        .when(is_zero.fill_null(True))
        .then(pl.lit("zero_value"))
        .when((pl.col("status") == 0) | (pl.col("error").fill_null("") != "") | pl.col("_below_failed"))
        .then(pl.lit("failed"))
        .when((pl.col("status") != 1).fill_null(True))
        .then(pl.lit("status_unknown"))
        .when(~pl.col("_path").str.contains(r"^(?:[0-9]+(?:,[0-9]+)*)?$"))
        .then(pl.lit("bad_trace_address")),
    )


def with_paths(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add _tx, the transaction in lower case, and _path, a trace's place in it: `0,1,2`, empty at the top."""
    path = pl.col("trace_address").fill_null("").str.replace_all(r"[\[\]\s\"']", "")
    return rows.with_columns(_tx=pl.col("transaction_hash").str.to_lowercase(), _path=path)


def failed_calls(tables: Iterable[pl.LazyFrame]) -> pl.DataFrame:
    """Block, transaction and path of all calls that failed, in all tables of traces."""
    failures = [
        with_paths(
            rows.filter(
                ((pl.col("status") == 0) | (pl.col("error").fill_null("") != ""))
                & pl.col("transaction_hash").is_not_null()
            ).select("block_number", "transaction_hash", "trace_address")
        ).select(_CALL)
        for rows in tables
    ]
    return pl.concat(failures).unique().collect(engine="streaming")


def position_of(path: pl.Expr) -> pl.Expr:
    """A number for a path that stays the same whatever else is delivered.

    Three digits a level, counted from 1: `0,12` is 001013. A path that is deeper or wider is a hash of 62
    bits above 2^62 instead.
    """
    return path.map_batches(_numbered, return_dtype=pl.Int64)


def _numbered(paths: pl.Series) -> pl.Series:
    """Number each different path once: a day has millions of traces and a few thousand paths."""
    known = paths.unique()
    numbers = pl.Series([_number(path) for path in known], dtype=pl.Int64)
    return paths.replace_strict(known, numbers, return_dtype=pl.Int64).cast(pl.Int64)  # none: stays text


def _number(path: str | None) -> int | None:
    levels = (path or "").split(",")
    if not all(level.isascii() and level.isdigit() for level in levels):
        return None
    steps = [int(level) + 1 for level in levels]
    if len(steps) <= _LEVELS and max(steps) < _WIDTH:
        number = 0
        for step in steps:
            number = number * _WIDTH + step
        return number
    digest = hashlib.blake2b((path or "").encode(), digest_size=8).digest()
    return 2**62 + int.from_bytes(digest) % 2**62
