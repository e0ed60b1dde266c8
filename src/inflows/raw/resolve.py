"""What a partition holds, as a pure function of the set of rows ever delivered for it.

Every rule here gives the same answer for all rows at once as for any of them first and the others later,
with what was kept and what was quarantined as candidates again. So the order of deliveries, duplicates and
overlaps leave no trace in the store.

Candidates have the columns of the dataset's contract, and may have the boolean columns STORED and DELIVERED
(where the row comes from), which are or-ed over the rows that become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from inflows.contracts.raw import WHOLE_KINDS
from inflows.raw.dedupe import dedupe
from inflows.raw.quarantine_reasons import CONFLICTING_CONTENTS, INPUTS_MISSING, SPENDS_TOO_MUCH

STORED: Final = "_stored"
DELIVERED: Final = "_delivered"

KEYS: Final = {
    "transfers": ("chain", "block_number", "tx_hash", "kind", "position"),
    "utxo": ("chain", "block_number", "tx_hash", "side", "position"),
    "blocks": ("chain", "block_number"),
}
ORDER: Final = {
    "transfers": ("block_number", "position", "kind", "tx_hash"),
    "utxo": ("block_number", "tx_hash", "side", "position"),
    "blocks": ("block_number",),
}
"""The order of rows in a partition's file."""

_CONTENTS: Final = {
    "transfers": ("block_time", "contract", "from_address", "to_address", "amount_raw"),
    "utxo": ("block_time", "is_coinbase", "address", "amount_raw"),
    "blocks": ("block_time", "block_hash", "parent_hash"),
}
_COVERAGE: Final = (*WHOLE_KINDS, "has_labelled")
_DAY: Final = "_day"
"""The partition's day belongs to every key here: partitions are judged together, and never by each other."""
_TRANSACTION: Final = ("chain", "block_number", "tx_hash", _DAY)
_SAFE_DIGITS: Final = 28
"""Amounts of at most this many digits can be summed ten billion times in 38."""


def resolve(dataset: str, candidates: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to keep, and those to quarantine (with the column `reason`), of all candidates."""
    names = candidates.columns
    flags = [name for name in (STORED, DELIVERED) if name in names]
    once, many = dedupe(candidates, KEYS[dataset], flags)
    if many.is_empty() and dataset != "utxo":
        return once, many.with_columns(pl.lit(None, dtype=pl.String).alias("reason"))
    resolved, conflicting = _merge(dataset, _dated(dataset, once), _dated(dataset, many), flags)
    if dataset == "utxo":
        resolved, conflicting = _whole_transactions(resolved, conflicting)
    # In memory: the streaming engine of Polars 2.1 dies of a panic in plans that branch as this one does.
    kept, refused = pl.collect_all(
        [resolved.select(names), conflicting.select(*names, "reason")], engine="in-memory"
    )
    return kept, refused


def _dated(dataset: str, rows: pl.DataFrame) -> pl.LazyFrame:
    """Rows with their day; blocks also with what stands for the source of other rows."""
    dated = rows.lazy().with_columns(pl.col("block_time").dt.date().alias(_DAY))
    if dataset != "blocks":
        return dated
    return dated.with_columns(
        exact=(pl.col("block_hash") != "") & (pl.col("parent_hash") != ""), source=pl.lit("")
    )


def _merge(
    dataset: str, once: pl.LazyFrame, many: pl.LazyFrame, flags: Sequence[str]
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """One row a key: equal contents are one, exact beats approximate, what still disagrees is conflicting.

    The source of a merged row is the smallest by name among the exact ones, if there are any: the approximate
    ones may already have been dropped.
    """
    key, contents = (*KEYS[dataset], _DAY), _CONTENTS[dataset]
    names = once.collect_schema().names()
    if dataset == "blocks":
        many = _with_all_sets(many.with_columns(pl.col(name).any().over(key) for name in _COVERAGE), key)
    merged = {
        "exact": pl.col("exact").any(),
        "source": pl.col("source").filter(pl.col("exact") == pl.col("exact").any()).min(),
        **{name: pl.col(name).any() for name in flags},
    }
    others = [
        pl.col(name).first()  # the 64-bit keys, which follow from the addresses
        for name in names
        if name not in {*key, *contents, *merged}
    ]
    best = (
        many.group_by(*key, *contents)
        .agg(*others, **merged)
        .filter(pl.col("exact") == pl.col("exact").any().over(key))
        .with_columns(_rivals=pl.len().over(key))
    )
    resolved = pl.concat([once.select(names), best.filter(pl.col("_rivals") == 1).select(names)])
    conflicting = best.filter(pl.col("_rivals") > 1).select(*names, reason=pl.lit(CONFLICTING_CONTENTS))
    return resolved, conflicting


def _with_all_sets(blocks: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Each block with all the sets of addresses that it was read for: their order leaves no trace."""
    digests = pl.col("labelled_set")
    of_key = (
        blocks.filter(digests != "")
        .select(*key, digests.str.split(","))
        .explode("labelled_set")
        .unique()
        .group_by(key)
        .agg(digests.sort().str.join(","))
    )
    names = blocks.collect_schema().names()
    return (
        blocks.drop("labelled_set")
        .join(of_key, on=list(key), how="left", validate="m:1")
        .with_columns(digests.fill_null(""))
        .select(names)
    )


def _whole_transactions(
    resolved: pl.LazyFrame, conflicting: pl.LazyFrame
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Take out whole transactions that have a conflicting entry, lack inputs, or spend less than they pay."""
    short = pl.col("amount_raw").str.len_bytes() <= _SAFE_DIGITS
    amount = pl.when(short).then("amount_raw").cast(pl.Int128)
    per_transaction = resolved.group_by(_TRANSACTION).agg(
        coinbase=pl.col("is_coinbase").any(),
        inputs=(pl.col("side") == "in").sum(),
        spent=amount.filter(pl.col("side") == "in").sum(),
        paid=amount.filter(pl.col("side") == "out").sum(),
        long=(~short).any(),
    )
    lacking = per_transaction.filter(~pl.col("coinbase"), pl.col("inputs") == 0).select(
        *_TRANSACTION, reason=pl.lit(INPUTS_MISSING)
    )
    has_inputs = per_transaction.filter(~pl.col("coinbase"), pl.col("inputs") > 0)
    overspent = has_inputs.filter(~pl.col("long"), pl.col("spent") < pl.col("paid")).select(_TRANSACTION)
    of_long = resolved.join(has_inputs.filter("long").select(_TRANSACTION), on=_TRANSACTION, how="semi")
    overspent_long = (
        of_long.group_by(_TRANSACTION)
        .agg(entries=pl.struct("side", "amount_raw"))
        .filter(pl.col("entries").map_elements(_pays_more_than_it_spends, return_dtype=pl.Boolean))
        .select(_TRANSACTION)
    )
    disputed = conflicting.select(*_TRANSACTION, "reason").unique()
    overspending = pl.concat([overspent, overspent_long]).with_columns(reason=pl.lit(SPENDS_TOO_MUCH))
    refused = (
        pl.concat([disputed, lacking, overspending])
        .group_by(_TRANSACTION)  # a disputed transaction may be lacking as well: the first reason by name
        .agg(pl.col("reason").min())
    )
    taken = resolved.join(refused, on=_TRANSACTION, how="inner", validate="m:1")
    kept = resolved.join(refused, on=_TRANSACTION, how="anti")
    names = conflicting.collect_schema().names()
    return kept, pl.concat([conflicting, taken.select(names)])


def _pays_more_than_it_spends(entries: pl.Series) -> bool:
    """Compare in Python's integers, which hold sums above 128 bits."""
    balance = 0
    for side, amount in entries.struct.unnest().iter_rows():
        balance += int(amount) if side == "in" else -int(amount)
    return balance < 0
