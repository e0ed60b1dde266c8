"""Discovery of addresses on UTXO chains, from the raw store into the registry of labels."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.raw import list_partitions
from inflows.registries import Registries
from inflows.registry.store import Imported, append
from inflows.registry.tables import LABELS
from inflows.stages.clusters import discover_cospending


@dataclass(frozen=True)
class Discovered:
    """What a discovery found: the import of its labels, and the clusters that would join two exchanges."""

    chain: str
    labels: Imported
    conflicts: pl.DataFrame
    """chain, exchanges, labelled, addresses: see stages.clusters."""

    def sentence(self) -> str:
        """The closing line."""
        addresses = "1 address was" if self.labels.read == 1 else f"{self.labels.read:,} addresses were"
        line = f"{self.chain}: {addresses} spent together with labelled ones"
        line += f" ({self.labels.added:,} added, {self.labels.replaced:,} replaced, "
        line += f"{self.labels.unchanged:,} unchanged)."
        if self.conflicts.height:
            clusters = "1 cluster" if self.conflicts.height == 1 else f"{self.conflicts.height:,} clusters"
            line += f" {clusters} would join several exchanges, and count for none: " + ", ".join(
                self.conflicts["exchanges"].unique().sort().head(5)
            )
            line += "." if self.conflicts.height <= 5 else ", …"
        return line


def discover(layout: Layout, chain: str, as_of: dt.datetime, now: dt.datetime) -> Discovered:
    """Label what was spent together with labelled addresses of a UTXO chain before as_of, as known from now.

    The labels known at as_of are extended; a new label names the transaction that is its evidence. Found
    again, a label is unchanged. The caller holds files.writing(layout). Raises UsageError where the chain has
    no UTXO entries.
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
    return Discovered(chain, append(layout, LABELS, labels, known_at=None, now=now), conflicts)
