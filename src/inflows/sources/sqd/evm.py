"""Tables of an EVM chain's answers as rows of the raw store; no network here.

The rows are those that `ingest evm` makes of the same blocks, with the same keys: token transfers by their
log's index, native ones at position 0, withdrawals by their global index. Only internal transfers have
numbers of their own, from the path of the call, for a filtered answer does not tell what ran before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import polars as pl

from inflows.chains import EVM_ZERO
from inflows.raw.delivery import delivered_columns
from inflows.sources.evm.decode import as_delivered, normalise_rows, token_rows
from inflows.sources.evm_logs import hex_to_digits
from inflows.sources.sqd.answers import LISTS, Tables
from inflows.sources.sqd.traces import moves, outcomes

SOURCE: Final = "sqd"
_PLAIN: Final = (
    pl.col("given").is_null()
    & pl.col("tx_hash").str.contains(r"^0x[0-9a-f]{64}$")
    & pl.col("from_address").str.contains(r"^0x[0-9a-f]{40}$")
    & pl.col("to_address").str.contains(r"^0x[0-9a-f]{40}$")
    & (pl.col("amount_raw").str.len_bytes() < 78)
)
"""Rows in canonical form, which normalising would leave as they are."""


def transfers(
    chain: str, tables: Tables, labelled: Sequence[str] | None, counts: Counter[str]
) -> pl.DataFrame:
    """All transfers of the tables (`Gathered.upto`), or those from or to a labelled address (lower case).

    Rows that a request only pulled in beside what it asked for are none of them. Columns: as a source
    delivers transfers. Counts: zero_value, the transactions that carry none.
    """
    times = tables["blocks"].select("block_number", pl.col("timestamp").alias("seconds"))
    known = None if labelled is None else pl.Series("address", labelled, dtype=pl.String)
    frames = [pl.DataFrame(schema=delivered_columns("transfers"))]
    if "logs" in tables:
        frames.append(_tokens(chain, _timed(tables["logs"], times), known))
    transactions = tables.get("transactions", empty("transactions"))
    calls = tables.get("traces", empty("traces"))
    if transactions.height:
        frames.append(_natives(chain, _timed(transactions, times), outcomes(calls), known, counts))
    if calls.height:
        found = _timed(moves(calls, transactions), times)
        frames.append(_normalised(chain, found, "trace", known))
    if "withdrawals" in tables:
        frames.append(_withdrawals(chain, _timed(tables["withdrawals"], times), known))
    return pl.concat(frames)


def empty(table: str) -> pl.DataFrame:
    """A table without rows."""
    return pl.DataFrame(schema={"block_number": pl.Int64, **LISTS["evm"][table]})


def digits(text: pl.Expr) -> pl.Expr:
    """Hex with 0x as decimal digits; null where it is none."""
    word = text.str.to_lowercase().str.extract(r"^0x([0-9a-f]*)$")
    return hex_to_digits(word)


def _timed(frame: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    return frame.join(times, on="block_number", how="left", validate="m:1", maintain_order="left")


def _tokens(chain: str, logs: pl.DataFrame, known: pl.Series | None) -> pl.DataFrame:
    if known is not None:
        # By the topics as they are: what cannot be understood is quarantined, if it was asked for.
        words = "0x" + "0" * 24 + known.str.slice(2)
        sides = (pl.col("topics").list.get(place, null_on_oob=True).str.to_lowercase() for place in (1, 2))
        logs = logs.filter(pl.any_horizontal(side.is_in(words.implode()) for side in sides).fill_null(False))
    frame = logs.select(
        "block_number",
        "seconds",
        pl.col("transactionHash").alias("tx_hash"),
        pl.col("logIndex").alias("position"),
        "address",
        "topics",
        "data",
    )
    return token_rows(chain, frame, SOURCE)


def _natives(
    chain: str, rows: pl.DataFrame, good: pl.DataFrame, known: pl.Series | None, counts: Counter[str]
) -> pl.DataFrame:
    """Native transfers of transactions; a creation's goes to the created contract.

    Where a transaction has no status (before Byzantium), the outcome of its top call tells, if it was read.
    """
    amount = digits(pl.col("value"))
    found = (
        rows.join(
            good, on=["block_number", "transactionIndex"], how="left", validate="1:1", maintain_order="left"
        )
        .with_columns(to_address=pl.coalesce("to", "contractAddress"), amount_raw=amount)
        .rename({"hash": "tx_hash", "from": "from_address"})
    )
    found = _touching(found, known)
    nothing = (pl.col("amount_raw") == "0").fill_null(pl.col("value").is_null())
    counts["zero_value"] += found.select(nothing.sum()).item()
    succeeded = pl.coalesce(pl.col("status") == 1, "_good")
    found = found.filter(~nothing).with_columns(
        position=pl.lit(0, dtype=pl.Int64),
        given=pl.when(succeeded.is_null())
        .then(pl.lit("status_unknown"))
        .when(~succeeded)
        .then(pl.lit("failed")),
    )
    return _normalised(chain, found, "native", None)


def _withdrawals(chain: str, rows: pl.DataFrame, known: pl.Series | None) -> pl.DataFrame:
    gwei = digits(pl.col("amount"))
    index = digits(pl.col("index")).cast(pl.Int64, strict=False)
    found = rows.select(
        "block_number",
        "seconds",
        pl.lit("").alias("tx_hash"),
        index.fill_null(-1).alias("position"),
        pl.lit(EVM_ZERO).alias("from_address"),
        pl.col("address").alias("to_address"),
        pl.when(gwei == "0").then(gwei).otherwise(gwei + "0" * 9).alias("amount_raw"),
        pl.when(index.is_null()).then(pl.lit("bad_withdrawals")).alias("given"),
    )
    return _normalised(chain, found, "withdrawal", known)


def _normalised(chain: str, rows: pl.DataFrame, kind: str, known: pl.Series | None) -> pl.DataFrame:
    found = _touching(rows, known).select(
        "block_number",
        "seconds",
        "tx_hash",
        "position",
        pl.lit(kind).alias("kind"),
        pl.lit("").alias("contract"),
        "from_address",
        "to_address",
        "amount_raw",
        pl.lit(SOURCE).alias("source"),
        "given",
    )
    plain = found.select((_PLAIN & (kind != "withdrawal")).fill_null(False)).to_series()
    good, odd = found.filter(plain), found.filter(~plain)
    return pl.concat([as_delivered(chain, good), normalise_rows(chain, odd, odd.drop("seconds", "given"))])


def _touching(rows: pl.DataFrame, known: pl.Series | None) -> pl.DataFrame:
    if known is None:
        return rows
    sides = (
        pl.col(side).str.to_lowercase().is_in(known.implode()) for side in ("from_address", "to_address")
    )
    return rows.filter(pl.any_horizontal(sides).fill_null(False))
