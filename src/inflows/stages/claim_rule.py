"""The rule for claims that disagree, written once: which exchange wins an address in a span of time, and why.

`resolve` settles a chain's wallets by it; `verdicts` tells it to people, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from inflows.chains import STAKING_CONTRACTS, evm_labels_hold
from inflows.contracts.schema import UTC_TIME
from inflows.times import BEGINNING, END

SPAN: Final = ("address", "valid_from", "valid_to")

UNOPPOSED: Final = "unopposed"
CHAIN_SPECIFIC: Final = "chain_specific"
HIGHER_CONFIDENCE: Final = "higher_confidence"
MORE_LINEAGES: Final = "more_lineages"
NEWER: Final = "newer"
CONTESTED: Final = "contested"
REASONS: Final = {
    UNOPPOSED: "no other exchange is claimed",
    CHAIN_SPECIFIC: "a label for the chain itself beats those for evm",
    HIGHER_CONFIDENCE: "its best claim is surer",
    MORE_LINEAGES: "equally sure, and more independent lists say so",
    NEWER: "equally sure by as many lists, and known later",
    CONTESTED: "equal in confidence, lists and time: it counts for no exchange",
}
"""What decided between the exchanges claimed, in words."""

_RANK: Final = {"confidence": HIGHER_CONFIDENCE, "lineages": MORE_LINEAGES, "newest": NEWER}
"""By what exchanges are compared, in this order, and what decided where it differs."""


def claims_of(claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str]) -> pl.LazyFrame:
    """Claims that hold on the chain, with open ends made definite, `is_specific` and `lineage`.

    A chain's own staking contract is nobody's wallet, so claims about it do not hold.
    """
    chains = [chain, "evm"] if evm_labels_hold(chain) else [chain]
    source = pl.col("source")
    return (
        claims.filter(
            pl.col("chain").is_in(chains), ~pl.col("address").is_in(STAKING_CONTRACTS.get(chain, ()))
        )
        .select(
            "address",
            pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME)),
            pl.col("valid_to").fill_null(pl.lit(END, dtype=UTC_TIME)),
            "exchange",
            "role",
            "confidence",
            "known_at",
            "source",
            (pl.col("chain") == chain).alias("is_specific"),
            (source.replace(dict(lineages)) if lineages else source).alias("lineage"),
        )
        .filter(pl.col("valid_from") < pl.col("valid_to"))  # what holds at no time was withdrawn
    )


def in_dispute(claims: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """The claims about addresses of a chain of which more than one exchange is claimed, at whatever time."""
    chains = [chain, "evm"] if evm_labels_hold(chain) else [chain]
    held = claims.filter(pl.col("chain").is_in(chains))
    several = (
        held.group_by("address")
        .agg(pl.col("exchange").min().alias("_first"), pl.col("exchange").max().alias("_last"))
        .filter(pl.col("_first") != pl.col("_last"))
        .select("address")
    )
    return held.join(several, on="address", how="semi")


def spans_of(claims: pl.LazyFrame) -> pl.LazyFrame:
    """Each claim once for each elementary span of its address that it covers."""
    cuts = pl.concat(
        [claims.select("address", pl.col(end).alias("valid_from")) for end in ("valid_from", "valid_to")]
    )
    spans = (
        cuts.unique()
        .sort("address", "valid_from")
        .with_columns(pl.col("valid_from").shift(-1).over("address").alias("valid_to"))
        .drop_nulls("valid_to")
    )
    whole = claims.rename({"valid_from": "_from", "valid_to": "_to"})
    covers = (pl.col("_from") <= pl.col("valid_from")) & (pl.col("_to") >= pl.col("valid_to"))
    return spans.join(whole, on="address", validate="m:m").filter(covers).drop("_from", "_to")


def contests(claims: pl.LazyFrame) -> pl.LazyFrame:
    """For each span the exchange that wins, or nulls where `tied`, of claims that exist at a level.

    claims: what spans_of gives. Columns: SPAN, exchange, role and confidence (of its best claim), newest
    (known_at of its best claim), tied, reason (one of REASONS).
    """
    best_claim_first = {"confidence": True, "known_at": True, "_untold": False, "role": False}
    order, descending = list(best_claim_first), list(best_claim_first.values())
    by_exchange = (
        claims.with_columns(
            (pl.col("exchange").min() != pl.col("exchange").max()).over(SPAN).alias("_disputed"),
            (pl.col("role") == "").alias("_untold"),
        )
        .filter(pl.col("is_specific") == pl.col("is_specific").any().over(SPAN))
        .sort(order, descending=descending, nulls_last=True)
        .group_by(*SPAN, "exchange", maintain_order=True)
        .agg(
            pl.col("role").first(),
            pl.col("confidence").first(),
            pl.col("known_at").first(),
            pl.col("known_at").max().alias("newest"),
            pl.col("lineage").n_unique().alias("lineages"),
            pl.col("_disputed").first(),
        )
    )
    rank = tuple(_RANK)
    first, second = pl.all().first(), pl.struct(rank).slice(1, 1).first()
    contest = (
        by_exchange.sort(rank, descending=True, nulls_last=True)
        .group_by(SPAN, maintain_order=True)
        .agg(first, second.alias("_second"), pl.len().alias("_exchanges"))
    )
    # Two nulls in known_at are equally old, so the comparison must take null for a value.
    equal = {name: pl.col(name).eq_missing(pl.col("_second").struct.field(name)) for name in rank}
    is_tied = (pl.col("_exchanges") > 1) & pl.all_horizontal(*equal.values())
    decided = (
        pl.when(~pl.col("tied")).then(pl.col(name)).otherwise(None).alias(name)
        for name in ("exchange", "role", "confidence")
    )
    known = pl.when(~pl.col("tied")).then(pl.col("known_at")).otherwise(None).alias("newest")
    return contest.with_columns(is_tied.alias("tied"), _reason(equal).alias("reason")).select(
        *SPAN, *decided, known, "tied", "reason"
    )


def _reason(equal: Mapping[str, pl.Expr]) -> pl.Expr:
    """Why the first exchange of a contest stands before the second."""
    decided = pl.lit(CONTESTED)
    for name, reason in reversed(_RANK.items()):
        decided = pl.when(~equal[name]).then(pl.lit(reason)).otherwise(decided)
    alone = pl.when("_disputed").then(pl.lit(CHAIN_SPECIFIC)).otherwise(pl.lit(UNOPPOSED))
    return pl.when(pl.col("_exchanges") > 1).then(decided).otherwise(alone)


def merged(spans: pl.LazyFrame, decided: tuple[str, ...]) -> pl.LazyFrame:
    """Make one span of those that touch and have the same decision: SPAN and the columns of `decided`."""
    same = [pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("address", *decided)]
    goes_on = pl.all_horizontal(*same, pl.col("valid_from") == pl.col("valid_to").shift(1)).fill_null(False)
    return (
        spans.sort("address", "valid_from")
        .with_columns((~goes_on).cum_sum().alias("_run"))
        .group_by("_run", maintain_order=True)
        .agg(pl.all().exclude("valid_to").first(), pl.col("valid_to").last())
        .select(*SPAN, *decided)
    )
