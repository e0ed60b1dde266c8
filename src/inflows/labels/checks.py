"""What is wrong or open in the registry of labels: the rows of `labels check`, of frames alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from inflows.chains import evm_labels_hold
from inflows.contracts.schema import UTC_TIME
from inflows.labels.label_quarantine import worthless_lists
from inflows.stages.claim_rule import CONTESTED, in_dispute
from inflows.stages.claim_verdicts import verdicts
from inflows.times import BEGINNING, END

STRANGERS: Final = "conflict_strangers"
AFFILIATES: Final = "conflict_affiliates"
UNKNOWN: Final = "unknown_exchange"
QUARANTINED: Final = "quarantined"
WORTHLESS: Final = "worthless_list"
GONE: Final = "not_in_list_any_more"
CHECKS: Final = {
    CONTESTED: "addresses that count for no exchange at a level",
    STRANGERS: "addresses for which exchanges of different groups are named",
    AFFILIATES: "addresses for which sister companies are named",
    UNKNOWN: "exchanges under a name that the project does not list",
    QUARANTINED: "rows of imports that are not used",
    WORTHLESS: "lists of which every row failed its test",
    GONE: "claims that still hold, and that their list does not make any more",
}
"""The checks, in the order in which they are told."""

FOUND: Final = {
    "check": pl.String(),
    "chain": pl.String(),
    "address": pl.String(),
    "level": pl.String(),
    "exchange": pl.String(),
    "reason": pl.String(),
    "exchanges": pl.String(),
    "claims": pl.String(),
    "lineages": pl.Int64(),
    "valid_from": UTC_TIME,
    "valid_to": UTC_TIME,
    "source": pl.String(),
    "list": pl.String(),
    "rows": pl.Int64(),
}
"""Columns of what is found; null where a check has nothing to say of one. exchange: who is believed."""


def check_labels(
    claims: pl.DataFrame,
    unknown: list[str],
    quarantined: pl.DataFrame,
    lists: pl.DataFrame,
    lineages: Mapping[str, str],
    families: Mapping[str, str],
    gone: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """FOUND, of the label claims in effect, exchanges nobody lists, and what imports left (quarantine,
    and `gone`: snapshots.GONE).

    Conflicts are told once for an address and span, with the verdict at level all; contested ones for each
    level. A claim for `evm` stands under each chain of which somebody names the address too.
    """
    told = _disputed(claims, lineages)
    named = pl.col("exchanges").str.split("; ")
    family = named.list.eval(pl.element().replace(dict(families)))
    several = told.filter(named.list.len() > 1)
    of_all = several.filter(pl.col("level") == "all").with_columns(
        check=pl.when(family.list.n_unique() == 1).then(pl.lit(AFFILIATES)).otherwise(pl.lit(STRANGERS))
    )
    contested = several.filter(pl.col("reason") == CONTESTED).with_columns(check=pl.lit(CONTESTED))
    named_by = (
        claims.filter(pl.col("exchange").is_in(unknown))
        .group_by("exchange", "source")
        .agg(rows=pl.len())
        .with_columns(check=pl.lit(UNKNOWN))
    )
    held = (
        quarantined.group_by("source", "list", "reason")
        .agg(rows=pl.len())
        .with_columns(check=pl.lit(QUARANTINED))
    )
    failing = worthless_lists(lists).select(
        "source", "list", "chain", rows="quarantined", check=pl.lit(WORTHLESS)
    )
    forgotten = _still_held(claims, gone).with_columns(check=pl.lit(GONE))
    order = pl.Enum(list(CHECKS))
    return (
        pl.concat([contested, of_all, named_by, held, failing, forgotten], how="diagonal_relaxed")
        .select(pl.col(name).cast(kind) for name, kind in FOUND.items())
        .sort(pl.col("check").cast(order), *[name for name in FOUND if name != "check"], nulls_last=False)
    )


def _still_held(claims: pl.DataFrame, gone: pl.DataFrame | None) -> pl.DataFrame:
    """The claims in effect that their list does not make any more, as the last import of each list told."""
    if gone is None:
        return claims.clear().select("chain", "address", "exchange", "source", list="evidence")
    places = gone.select("source", "chain", "address", "list").unique(["source", "chain", "address"])
    return (
        claims.select("chain", "address", "exchange", "source")
        .unique()
        .join(places, on=["source", "chain", "address"], how="inner", validate="m:1")
    )


def with_value(found: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Add inflow_usd and outflow_usd to what is contested: what the address received and sent at that level.

    moved: chain, address, level, inflow_usd, outflow_usd, by real chains. A row for `evm` gets the sum of the
    EVM chains that have no row of their own. Null where moved tells nothing.
    """
    key = ["chain", "address", "level"]
    contested = found.filter(pl.col("check") == CONTESTED).select(key).unique()
    chains = moved["chain"].unique().sort()
    on_evm = pl.col("chain").is_in([chain for chain in chains if evm_labels_hold(chain)])
    elsewhere = moved.filter(on_evm).join(contested, on=key, how="anti").with_columns(chain=pl.lit("evm"))
    sums = pl.concat([moved, elsewhere]).group_by(key).agg(pl.col("inflow_usd", "outflow_usd").sum())
    told = sums.with_columns(check=pl.lit(CONTESTED))
    return found.join(told, on=["check", *key], how="left", validate="m:1", maintain_order="left")


def _disputed(claims: pl.DataFrame, lineages: Mapping[str, str]) -> pl.DataFrame:
    """The verdicts on all addresses for which several exchanges are named; open ends are null."""
    some = claims.lazy()
    found = []
    for chain in claims["chain"].unique().sort():
        disputed = in_dispute(some, chain)
        # An address that only claims for evm name is told once, as of evm.
        here = disputed.filter(pl.col("chain") == chain).select("address").unique()
        found.append(verdicts(disputed.join(here, on="address", how="semi"), chain, lineages))
    empty = verdicts(some.clear(), "evm", lineages)
    return (
        pl.concat([empty, *found])
        .with_columns(
            valid_from=pl.when(pl.col("valid_from") != BEGINNING).then("valid_from"),
            valid_to=pl.when(pl.col("valid_to") != END).then("valid_to"),
        )
        .collect()
    )
