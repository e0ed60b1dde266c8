"""Discovery of addresses on UTXO chains, from the raw store into the registry of labels."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from inflows.build.registry_snapshot import Registries
from inflows.discover.recording import OUTCOMES, Recorded, record
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import list_partitions
from inflows.stages.clusters import SOURCE, discover_cospending


@dataclass(frozen=True)
class Discovered:
    """What a discovery found: the import of its labels, and the clusters that would join two exchanges."""

    chain: str
    labels: Recorded
    conflicts: pl.DataFrame
    """chain, exchanges, labelled, addresses: see stages.clusters."""
    outcomes: pl.DataFrame
    """OUTCOMES: found by exchange, and what would join several."""

    def sentence(self) -> str:
        """The closing line."""
        addresses = "1 address was" if self.labels.found == 1 else f"{self.labels.found:,} addresses were"
        line = f"{self.chain}: {addresses} spent together with labelled ones"
        line += f" ({self.labels.counts()})."
        if self.conflicts.height:
            clusters = "1 cluster" if self.conflicts.height == 1 else f"{self.conflicts.height:,} clusters"
            line += f" {clusters} would join several exchanges, and count for none: " + ", ".join(
                self.conflicts["exchanges"].unique().sort().head(5)
            )
            line += "." if self.conflicts.height <= 5 else ", …"
        return line


def discover(
    layout: Layout, chain: str, as_of: dt.datetime, known_at: dt.datetime, *, withdraw: bool = True
) -> Discovered:
    """Label what was spent together with labelled addresses of a UTXO chain before as_of.

    The labels known at as_of are extended, as known from known_at; a new label names the transaction that is
    its evidence. Found again, a label is unchanged. withdraw: earlier finds that no longer follow cease to
    hold. The caller holds files.writing(layout). Raises UsageError where the chain has no UTXO entries.
    """
    paths = [path for of, _, path in list_partitions(layout, "utxo") if of == chain]
    if not paths:
        raise UsageError(
            f"There are no UTXO entries of '{chain}' in {layout.raw}.",
            "Ingest some first, with `inflows ingest bitcoin` or `inflows ingest files`.",
        )
    entries = pl.scan_parquet(paths, hive_partitioning=False, glob=False).filter(pl.col("block_time") < as_of)
    wallets = Registries(layout, as_of).of_chain(chain).wallets
    labels, conflicts = discover_cospending(entries, wallets)
    recorded = record(layout, chain, SOURCE, labels, known_at=known_at, withdraw=withdraw)
    return Discovered(chain, recorded, conflicts, _outcomes(chain, labels, conflicts))


def _outcomes(chain: str, labels: pl.DataFrame, conflicts: pl.DataFrame) -> pl.DataFrame:
    found = labels.group_by("exchange").agg(addresses=pl.len())
    joined = conflicts.select(
        pl.lit(None, dtype=pl.String).alias("exchange"), "addresses", outcome=pl.lit("joins_exchanges")
    )
    several = joined.group_by("exchange", "outcome").agg(pl.col("addresses").sum())
    return (
        pl.concat([found.with_columns(outcome=pl.lit("found")), several], how="diagonal_relaxed")
        .with_columns(chain=pl.lit(chain), rule=pl.lit(SOURCE))
        .select(pl.col(name).cast(kind) for name, kind in OUTCOMES.items())
        .sort("exchange", "outcome", nulls_last=True)
    )
