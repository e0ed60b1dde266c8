"""Settle all claims about a chain's addresses: whose an address was, at each level, in each span of time.

An address's time is cut at every valid_from and valid_to of its claims. In each span and at each level:

- claims below the level's confidence do not exist, and claims for the chain itself beat those for `evm`;
- of the exchanges claimed then, the one with the highest confidence wins, then the one with more independent
  lineages (copies of one list are one lineage), then the one known last;
- exchanges still equal make the address contested: it counts for none of them at that level;
- the winner's role is that of its best claim: by confidence, then the one known last, then one that tells a
  role, then alphabetically.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from inflows.addresses import address_key
from inflows.contracts.flows import Wallets
from inflows.contracts.names import LEVELS
from inflows.contracts.schema import conform
from inflows.errors import WorkError
from inflows.stages.claim_rule import SPAN, claims_of, contests, in_dispute, merged, spans_of

_DECIDED: Final = (
    *(f"{what}_{level}" for level in LEVELS for what in ("exchange", "role")),
    "confidence_all",
    "known_at",
    "sources",
    "contested",
)
OWNER_UNKNOWN: Final = "?"
"""Begins the name under which a contested address stands as an owner of its own; no exchange's name does."""


def resolve_wallets(
    claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str] | None = None
) -> pl.LazyFrame:
    """Wallets (contracts.flows.Wallets) of a chain from the label claims in effect, by address and time.

    `lineages` maps a source to the list that it copies; a source that is not in it is a lineage of its own.
    Spans in which no claim holds are left out. Raises WorkError if two labelled addresses share a key.
    """
    held = claims_of(claims, chain, lineages or {}).collect()
    is_alone = pl.len().over("address") == 1
    alone = held.filter(is_alone).lazy()
    several = spans_of(held.filter(~is_alone).lazy())
    wallets = (
        pl.concat([_decide_alone(alone), _decide(several).pipe(merged, _DECIDED)])
        .with_columns(pl.lit(chain).alias("chain"), address_key(pl.col("address")).alias("address_key"))
        .sort("address", "valid_from")
        .pipe(conform, Wallets)
        .collect()
    )
    _refuse_shared_keys(wallets, chain)
    return wallets.lazy()


def contested_wallets(
    claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str] | None = None
) -> pl.LazyFrame:
    """Wallets (contracts.flows.Wallets) of the addresses that are contested at any time, by address and time.

    claims, lineages: as of resolve_wallets. At the levels at which an address is contested its exchange is
    OWNER_UNKNOWN and the address: an exchange of which nothing is known but that it is one.
    """
    decided = _decide(spans_of(claims_of(in_dispute(claims, chain), chain, lineages or {})))
    owner = pl.concat_str(pl.lit(OWNER_UNKNOWN), "address")
    return (
        decided.filter(pl.col("contested").any().over("address"))
        .with_columns(
            pl.when(f"tied_{level}").then(stands_for).otherwise(f"{what}_{level}").alias(f"{what}_{level}")
            for level in LEVELS
            for what, stands_for in (("exchange", owner), ("role", pl.lit("")))
        )
        .with_columns(
            pl.lit(chain).alias("chain"),
            address_key(pl.col("address")).alias("address_key"),
            pl.col("confidence_all").fill_null(0),
        )
        .sort("address", "valid_from")
        .pipe(conform, Wallets)
    )


def _decide_alone(claims: pl.LazyFrame) -> pl.LazyFrame:
    """The decision where an address has one claim in all: it exists at a level, or it does not."""
    exists = {level: pl.col("confidence") >= threshold for level, threshold in LEVELS.items()}
    return claims.select(
        *SPAN,
        *(
            pl.when(exists[level]).then(pl.col(what)).otherwise(None).alias(f"{what}_{level}")
            for level in LEVELS
            for what in ("exchange", "role")
        ),
        pl.col("confidence").alias("confidence_all"),
        "known_at",
        pl.col("source").alias("sources"),
        pl.lit(False).alias("contested"),
    )


def _decide(claims: pl.LazyFrame) -> pl.LazyFrame:
    """One decision for each span (SPAN, what is decided, tied_L at each level L), of claims by span."""
    decided = claims.group_by(SPAN).agg(pl.col("source").unique().sort().str.join("; ").alias("sources"))
    for level, threshold in LEVELS.items():
        names = {name: f"{name}_{level}" for name in ("exchange", "role", "confidence", "newest", "tied")}
        winners = contests(claims.filter(pl.col("confidence") >= threshold)).select(*SPAN, *names)
        decided = decided.join(winners.rename(names), on=SPAN, how="left", validate="1:1")
    tied = {f"tied_{level}": pl.col(f"tied_{level}").fill_null(False) for level in LEVELS}
    return decided.with_columns(
        pl.any_horizontal(*tied.values()).alias("contested"),
        pl.col("newest_all").alias("known_at"),
        **tied,
    ).select(*SPAN, *_DECIDED, *tied)


def _refuse_shared_keys(wallets: pl.DataFrame, chain: str) -> None:
    """Look-ups run on keys, so two labelled addresses with one key would be mistaken for each other."""
    if wallets["address_key"].n_unique() == wallets["address"].n_unique():
        return
    addresses = wallets.select("address", "address_key").unique()
    shared = addresses.filter(pl.col("address_key").is_duplicated()).sort("address_key", "address")
    if not shared.is_empty():
        one, other = shared["address"].head(2).to_list()
        raise WorkError(
            f"The labelled addresses {one} and {other} on {chain} share a look-up key.",
            "Take the label of one of them out of what is imported.",
        )
