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

from inflows.chains import evm_labels_hold
from inflows.contracts.flows import Wallets
from inflows.contracts.names import LEVELS
from inflows.contracts.schema import UTC_TIME, conform
from inflows.errors import WorkError
from inflows.keys import BEGINNING, END, address_key

SPAN: Final = ("address", "valid_from", "valid_to")
_DECIDED: Final = (
    *(f"{what}_{level}" for level in LEVELS for what in ("exchange", "role")),
    "confidence_all",
    "known_at",
    "sources",
    "contested",
)


def resolve_wallets(
    claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str] | None = None
) -> pl.LazyFrame:
    """Wallets (contracts.flows.Wallets) of a chain from the label claims in effect, by address and time.

    `lineages` maps a source to the list that it copies; a source that is not in it is a lineage of its own.
    Spans in which no claim holds are left out. Raises WorkError if two labelled addresses share a key.
    """
    held = _claims_of(claims, chain, lineages or {}).collect()
    is_alone = pl.len().over("address") == 1
    alone = held.filter(is_alone).lazy()
    several = _spans(held.filter(~is_alone).lazy())
    wallets = (
        pl.concat([_decide_alone(alone), _decide(several).pipe(_merge_equal_neighbours)])
        .with_columns(pl.lit(chain).alias("chain"), address_key(pl.col("address")).alias("address_key"))
        .sort("address", "valid_from")
        .pipe(conform, Wallets)
        .collect()
    )
    _refuse_shared_keys(wallets, chain)
    return wallets.lazy()


def _claims_of(claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str]) -> pl.LazyFrame:
    """Claims that hold on the chain, with open ends made definite, `is_specific` and `lineage`."""
    chains = [chain, "evm"] if evm_labels_hold(chain) else [chain]
    source = pl.col("source")
    return (
        claims.filter(pl.col("chain").is_in(chains))
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


def _spans(claims: pl.LazyFrame) -> pl.LazyFrame:
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


def _decide(claims: pl.LazyFrame) -> pl.LazyFrame:
    """One decision for each span (SPAN and what is decided), of claims by span."""
    decided = claims.group_by(SPAN).agg(pl.col("source").unique().sort().str.join("; ").alias("sources"))
    for level, threshold in LEVELS.items():
        winners = _winners(claims.filter(pl.col("confidence") >= threshold))
        names = {name: f"{name}_{level}" for name in ("exchange", "role", "confidence", "newest", "tied")}
        decided = decided.join(winners.rename(names), on=SPAN, how="left", validate="1:1")
    tied = pl.any_horizontal(pl.col(f"tied_{level}").fill_null(False) for level in LEVELS)
    return decided.with_columns(tied.alias("contested"), pl.col("newest_all").alias("known_at")).select(
        *SPAN, *_DECIDED
    )


def _winners(claims: pl.LazyFrame) -> pl.LazyFrame:
    """For each span the exchange that wins, or nulls where `tied`, of claims that exist at a level."""
    best_claim_first = {"confidence": True, "known_at": True, "_untold": False, "role": False}
    order, descending = list(best_claim_first), list(best_claim_first.values())
    by_exchange = (
        claims.filter(pl.col("is_specific") == pl.col("is_specific").any().over(SPAN))
        .with_columns((pl.col("role") == "").alias("_untold"))
        .sort(order, descending=descending, nulls_last=True)
        .group_by(*SPAN, "exchange", maintain_order=True)
        .agg(
            pl.col("role").first(),
            pl.col("confidence").first(),
            pl.col("known_at").first(),
            pl.col("known_at").max().alias("newest"),
            pl.col("lineage").n_unique().alias("lineages"),
        )
    )
    rank = ("confidence", "lineages", "newest")
    first, second = pl.all().first(), pl.struct(rank).slice(1, 1).first()
    contest = (
        by_exchange.sort(rank, descending=True, nulls_last=True)
        .group_by(SPAN, maintain_order=True)
        .agg(first, second.alias("_second"), pl.len().alias("_exchanges"))
    )
    # Two nulls in known_at are equally old, so the comparison must take null for a value.
    equal = pl.all_horizontal(pl.col(name).eq_missing(pl.col("_second").struct.field(name)) for name in rank)
    tied = (pl.col("_exchanges") > 1) & equal
    decided = (
        pl.when(~pl.col("tied")).then(pl.col(name)).otherwise(None).alias(name)
        for name in ("exchange", "role", "confidence")
    )
    known = pl.when(~pl.col("tied")).then(pl.col("known_at")).otherwise(None).alias("newest")
    return contest.with_columns(tied.alias("tied")).select(*SPAN, *decided, known, "tied")


def _merge_equal_neighbours(spans: pl.LazyFrame) -> pl.LazyFrame:
    """Make one span of those that touch and have the same decision."""
    same = [pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("address", *_DECIDED)]
    goes_on = pl.all_horizontal(*same, pl.col("valid_from") == pl.col("valid_to").shift(1)).fill_null(False)
    return (
        spans.sort("address", "valid_from")
        .with_columns((~goes_on).cum_sum().alias("_run"))
        .group_by("_run", maintain_order=True)
        .agg(pl.all().exclude("valid_to").first(), pl.col("valid_to").last())
        .select(*SPAN, *_DECIDED)
    )


def _refuse_shared_keys(wallets: pl.DataFrame, chain: str) -> None:
    """Look-ups run on keys, so two labelled addresses with one key would be mistaken for each other."""
    addresses = wallets.select("address", "address_key").unique()
    shared = addresses.filter(pl.col("address_key").is_duplicated()).sort("address_key", "address")
    if not shared.is_empty():
        one, other = shared["address"].head(2).to_list()
        raise WorkError(
            f"The labelled addresses {one} and {other} on {chain} share a look-up key.",
            "Take the label of one of them out of what is imported.",
        )
