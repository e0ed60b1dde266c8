"""Which wallets are held against their balances, and between which two instants.

The wallets of an exchange with balances of an asset at the same two instants are one group: what moves
between them changes nothing. Each wallet is in one group for each asset, from the first of its balances to
the last, or with `each` from every one to the next.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.addresses import address_key

_WALLET: Final = ["address", "contract"]
_POINT: Final = ["time", "block_number"]
WINDOW: Final = ("from_time", "from_block", "to_time", "to_block")
GROUP: Final = ("exchange", "contract", *WINDOW)


@dataclass(frozen=True)
class Windows:
    """The groups of a chain, their wallets, and the balances that are in none."""

    groups: pl.DataFrame
    """group (its number), exchange, contract, from_time, from_block, to_time, to_block."""
    members: pl.DataFrame
    """group, address, address_key, contract, WINDOW, opening_raw, closing_raw, always_labelled, agreed."""
    lonely: int
    """Wallets and assets of which one balance alone is given."""
    unlabelled: int
    """Wallets and assets whose address no exchange has in the window, at the level."""


def windows(
    balances: pl.DataFrame,
    wallets: pl.DataFrame,
    level: str,
    *,
    first: dt.datetime | None = None,
    last: dt.datetime | None = None,
    each: bool = False,
) -> Windows:
    """The windows of one chain.

    balances: address, contract, time (of every one), block_number (null: the time alone tells), amount_raw,
    source, known_at. wallets: contract Wallets. Only balances from `first` to `last`, both included, count.
    """
    points = _one_a_point(balances).filter(
        pl.lit(True) if first is None else pl.col("time") >= first,
        pl.lit(True) if last is None else pl.col("time") <= last,
    )
    pairs = _pairs(points, each=each)
    held = _held(pairs, wallets, level)
    groups = held.select(GROUP).unique().sort(GROUP, nulls_last=False).with_row_index("group")
    members = held.join(groups, on=list(GROUP), nulls_equal=True, validate="m:1").select(
        "group",
        "address",
        address_key(pl.col("address")).alias("address_key"),
        "contract",
        *WINDOW,
        "opening_raw",
        "closing_raw",
        "always_labelled",
        "agreed",
    )
    given, paired = (frame.select(_WALLET).n_unique() for frame in (points, pairs))
    return Windows(
        groups,
        members.sort("group", "address"),
        lonely=given - paired,
        unlabelled=paired - held.select(_WALLET).n_unique(),
    )


def _one_a_point(balances: pl.DataFrame) -> pl.DataFrame:
    """One balance for a wallet, asset and instant; `agreed` is false where sources tell different ones.

    Of several the one known last is taken, then the first source by name. Balances after one block are of one
    instant, the latest that is told for it. A balance by its time alone is one of the same block as others of
    the same instant, where those name one block.
    """
    told = pl.col("time").max().over("block_number")
    block = pl.col("block_number")
    the_one = pl.when(block.n_unique().over("time") - block.is_null().any().over("time") == 1).then(
        block.max().over("time")
    )
    return (
        balances.with_columns(time=pl.when(block.is_null()).then("time").otherwise(told))
        .with_columns(block_number=pl.coalesce(block, the_one))
        .sort(
            *_WALLET,
            *_POINT,
            "known_at",
            "source",
            descending=[False] * 4 + [True, False],
            nulls_last=[False] * 4 + [True, False],
        )
        .group_by(*_WALLET, *_POINT, maintain_order=True)
        .agg(pl.col("amount_raw").first(), agreed=pl.col("amount_raw").n_unique() == 1)
    )


def _pairs(points: pl.DataFrame, *, each: bool) -> pl.DataFrame:
    """Opening and closing balance of each wallet and asset that has two."""
    ordered = points.sort(*_WALLET, *_POINT, nulls_last=False)
    if not each:
        ends = [pl.int_range(pl.len()).over(_WALLET) == 0, pl.int_range(pl.len(), 0, -1).over(_WALLET) == 1]
        ordered = ordered.filter(pl.any_horizontal(ends))
    before = {
        "from_time": "time",
        "from_block": "block_number",
        "opening_raw": "amount_raw",
        "_agreed": "agreed",
    }
    return (
        ordered.with_columns(pl.col(of).shift(1).over(_WALLET).alias(name) for name, of in before.items())
        .filter(pl.col("opening_raw").is_not_null())
        .rename({"time": "to_time", "block_number": "to_block", "amount_raw": "closing_raw"})
        .with_columns(agreed=pl.col("agreed") & pl.col("_agreed"))
        .drop("_agreed")
    )


def _held(pairs: pl.DataFrame, wallets: pl.DataFrame, level: str) -> pl.DataFrame:
    """The pairs, with the exchange that had the wallet last in the window, and whether it always had it."""
    starts, ends = pl.col("valid_from"), pl.col("valid_to")
    spans = (
        wallets.select("address", "valid_from", "valid_to", exchange=f"exchange_{level}")
        .filter(pl.col("exchange").is_not_null())
        .join(pairs, on="address", validate="m:m")
        .filter(starts <= pl.col("to_time"), ends > pl.col("from_time"))
    )
    key = [*_WALLET, *WINDOW]
    owners = (
        spans.sort(*key, "valid_from")
        .group_by(key, maintain_order=True)
        .agg(pl.col("exchange").last(), pl.all().exclude(*key, "exchange").last())
        .drop("valid_from", "valid_to")
    )
    within = pl.min_horizontal(ends, "to_time") - pl.max_horizontal(starts, "from_time")
    covered = spans.group_by([*key, "exchange"]).agg(_covered=within.sum())
    return (
        owners.join(covered, on=[*key, "exchange"], how="left", nulls_equal=True, validate="1:1")
        .with_columns(always_labelled=pl.col("_covered") >= pl.col("to_time") - pl.col("from_time"))
        .drop("_covered")
    )
