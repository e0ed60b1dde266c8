"""What is believed of addresses at each level, told with the reason and with what everybody claims.

The decision is that of `contests`, by which builds settle wallets too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from inflows.contracts.names import LEVELS
from inflows.stages.claim_rule import CONTESTED, SPAN, claims_of, contests, in_dispute, merged, spans_of

_TOLD: Final = ("exchange", "role", "confidence", "known_at", "reason", "exchanges", "claims", "lineages")


def verdicts(claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str]) -> pl.LazyFrame:
    """The verdict on each address of a chain (or `evm`), by span of time and level at which a claim exists.

    claims: contract Labels, in effect; better those of few addresses. Columns: chain, address, level,
    valid_from, valid_to (times.BEGINNING and END where open), exchange, role, confidence, known_at (of the
    claim that decides; null where contested), reason (contests.REASONS), exchanges (all claimed, sorted,
    joined by '; '), claims (each exchange with its sureness and sources, in words), lineages (how many).
    Sorted by address, level (strict first) and time.
    """
    covering = spans_of(claims_of(claims, chain, lineages))
    parts = [
        _at_level(covering.filter(pl.col("confidence") >= threshold)).with_columns(
            pl.lit(chain).alias("chain"), pl.lit(level).alias("level"), pl.lit(place).alias("_place")
        )
        for place, (level, threshold) in enumerate(LEVELS.items())
    ]
    return (
        pl.concat(parts)
        .sort("address", "_place", "valid_from")
        .select("chain", "address", "level", "valid_from", "valid_to", *_TOLD)
    )


def contested(claims: pl.LazyFrame, chain: str, lineages: Mapping[str, str]) -> pl.LazyFrame:
    """The verdicts by which an address of a chain counts for no exchange."""
    return verdicts(in_dispute(claims, chain), chain, lineages).filter(pl.col("reason") == CONTESTED)


def _at_level(claims: pl.LazyFrame) -> pl.LazyFrame:
    """Decision and claims by span, of the claims that exist at a level."""
    said = (
        claims.group_by(*SPAN, "exchange")
        .agg(
            pl.col("confidence").max().alias("_surest"),
            pl.col("source").unique().sort().str.join(", ").alias("_sources"),
        )
        .sort(*SPAN, "_surest", "exchange", descending=[False, False, False, True, False])
        .group_by(SPAN, maintain_order=True)
        .agg(
            pl.col("exchange").sort().str.join("; ").alias("exchanges"),
            pl.format("{} ({}: {})", "exchange", "_surest", "_sources").str.join("; ").alias("claims"),
        )
    )
    counted = claims.group_by(SPAN).agg(pl.col("lineage").n_unique().cast(pl.Int64).alias("lineages"))
    return (
        contests(claims)
        .rename({"newest": "known_at"})
        .join(said, on=SPAN, validate="1:1")
        .join(counted, on=SPAN, validate="1:1")
        .pipe(merged, _TOLD)
    )
