"""All that the registry says of one address, and what it holds in numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from inflows.addresses import canonical_address
from inflows.contracts.schema import UTC_TIME
from inflows.labels.address_check import validate_address
from inflows.layout import Layout
from inflows.registry.effective import latest
from inflows.registry.store import SEQUENCE, scan
from inflows.registry.tables import LABELS, in_utc
from inflows.stages.claim_verdicts import verdicts
from inflows.times import BEGINNING, END

HOLDS, REPLACED, WITHDRAWN = "holds", "replaced", "withdrawn"
CLAIMS_AND_VERDICTS: Final = {
    "part": pl.String(),
    "chain": pl.String(),
    "address": pl.String(),
    "level": pl.String(),
    "exchange": pl.String(),
    "role": pl.String(),
    "confidence": pl.Int64(),
    "valid_from": UTC_TIME,
    "valid_to": UTC_TIME,
    "known_at": UTC_TIME,
    "reason": pl.String(),
    "exchanges": pl.String(),
    "state": pl.String(),
    "source": pl.String(),
    "lineage": pl.String(),
    "evidence": pl.String(),
}
"""Columns of claims_about: part is `verdict` (with level, reason, exchanges) or `claim` (state and after)."""

COUNTED: Final = ("chain", "exchange", "source", "role", "confidence")
"""By what claims are counted."""

_BASE58_ELSEWHERE: Final = {"tron": r"(?:0x)?41[0-9a-fA-F]{40}", "ton": r"(?:-1|0):[0-9a-fA-F]{64}"}


def spellings(address: str, chain: str | None = None) -> list[str]:
    """The canonical addresses that an address as people write it may stand for."""
    plain = pl.select(canonical_address(pl.lit(address))).item()
    others = [
        validate_address(of, address.strip()).address
        for of, form in _BASE58_ELSEWHERE.items()
        if re.fullmatch(form, address.strip())
        or (chain == of and not validate_address(of, address.strip()).reason)
    ]
    return sorted({plain, *others})


def claims_about(
    layout: Layout, address: str, chain: str | None, as_of: dt.datetime, lineages: Mapping[str, str]
) -> pl.DataFrame:
    """The verdicts on an address by chain, level and span, then all claims ever stored, oldest first.

    Columns: CLAIMS_AND_VERDICTS. Open ends are null. as_of: what was known then. chain: the verdict there,
    and the claims that hold there.
    """
    here = pl.col("address").is_in(spellings(address, chain))
    if chain is not None:
        here = here & pl.col("chain").is_in([chain, "evm"])
    stored = scan(layout, LABELS).filter(here).collect().lazy()
    current = latest(stored, LABELS, as_of)
    chains = [chain] if chain is not None else current.collect()["chain"].unique().sort().to_list()
    found = [verdicts(current, name, lineages).with_columns(part=pl.lit("verdict")) for name in chains]
    parts = [*found, _claims(stored, current, as_of, lineages)]
    return (
        pl.concat(parts, how="diagonal")
        .with_columns(
            pl.when(pl.col("valid_from") != BEGINNING).then("valid_from").alias("valid_from"),
            pl.when(pl.col("valid_to") != END).then("valid_to").alias("valid_to"),
            *(pl.lit(None).alias(name) for name in ("level", "reason", "exchanges") if not found),
        )
        .select(pl.col(name).cast(kind) for name, kind in CLAIMS_AND_VERDICTS.items())
        .collect()
    )


def _claims(
    stored: pl.LazyFrame, current: pl.LazyFrame, as_of: dt.datetime, lineages: Mapping[str, str]
) -> pl.LazyFrame:
    """Every row known by then and its state: it holds, was replaced by a later one, or withdraws a claim."""
    known = pl.col("known_at").is_null() | (pl.col("known_at") <= pl.lit(in_utc(as_of), dtype=UTC_TIME))
    same = [*LABELS.key, "known_at"]
    holding = current.select(*LABELS.columns).with_columns(_holds=pl.lit(True))
    opens = pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME))
    closes = pl.col("valid_to").fill_null(pl.lit(END, dtype=UTC_TIME))
    said = [name for name in LABELS.columns if name not in same]
    return (
        stored.filter(known)
        .join(holding, on=[*same, *said], how="left", nulls_equal=True, validate="m:1")
        .sort("chain", "address", "source", "known_at", SEQUENCE, nulls_last=False)
        .with_columns(
            part=pl.lit("claim"),
            state=pl.when(pl.col("_holds").is_null())
            .then(pl.lit(REPLACED))
            .when(opens >= closes)
            .then(pl.lit(WITHDRAWN))
            .otherwise(pl.lit(HOLDS)),
            lineage=pl.col("source").replace(dict(lineages)),
        )
        .drop("_holds", SEQUENCE)
    )


def in_effect(claims: pl.LazyFrame) -> pl.LazyFrame:
    """The claims without those that hold at no time, by which others were withdrawn."""
    opens = pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME))
    return claims.filter(opens < pl.col("valid_to").fill_null(pl.lit(END, dtype=UTC_TIME)))


def counted(claims: pl.LazyFrame, by: str) -> pl.DataFrame:
    """How many claims in effect say something of how many addresses, by one of COUNTED; the most first."""
    return (
        claims.group_by(by)
        .agg(
            claims=pl.len().cast(pl.Int64),
            addresses=pl.struct("chain", "address").n_unique().cast(pl.Int64),
            exchanges=pl.col("exchange").n_unique().cast(pl.Int64),
            sources=pl.col("source").n_unique().cast(pl.Int64),
        )
        .select(by, "claims", *(name for name in ("addresses", "exchanges", "sources") if name != f"{by}s"))
        .sort("claims", by, descending=[True, False])
        .collect()
    )


def agreement(claims: pl.LazyFrame, lineages: Mapping[str, str]) -> pl.DataFrame:
    """Of each two sources, the addresses that both name, and of how many they name the same exchanges.

    Columns: source_a, source_b (a before b), same_lineage, shared, agreeing, share. A claim for evm and one
    for an EVM chain are of one address.
    """
    said = claims.select("chain", "address", "exchange", "source").unique()
    pairs = (
        said.join(said, on="address", suffix="_b")
        .filter(
            pl.col("source") < pl.col("source_b"),
            (pl.col("chain") == pl.col("chain_b"))
            | (pl.col("chain") == "evm")
            | (pl.col("chain_b") == "evm"),
        )
        .group_by("source", "source_b", "address")
        .agg(agrees=(pl.col("exchange") == pl.col("exchange_b")).all())
    )
    lineage = dict(lineages)
    return (
        pairs.group_by(source_a="source", source_b="source_b")
        .agg(shared=pl.len().cast(pl.Int64), agreeing=pl.col("agrees").sum().cast(pl.Int64))
        .with_columns(
            same_lineage=pl.col("source_a").replace(lineage) == pl.col("source_b").replace(lineage),
            share=pl.col("agreeing") / pl.col("shared"),
        )
        .select("source_a", "source_b", "same_lineage", "shared", "agreeing", "share")
        .sort("shared", "source_a", "source_b", descending=[True, False, False])
        .collect()
    )
