"""Where things lie in the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths below one data folder (`--data`, environment `INFLOWS_DATA`, default `data`)."""

    root: Path

    @property
    def raw(self) -> Path:
        """What the chains say: transfers, UTXO entries, blocks, quarantine."""
        return self.root / "raw"

    @property
    def registry(self) -> Path:
        """Labels, assets, prices, jurisdictions: append-only."""
        return self.root / "registry"

    @property
    def warehouse(self) -> Path:
        """Flows and daily facts as Parquet, the published database, the vintages."""
        return self.root / "warehouse"

    @property
    def staging(self) -> Path:
        """Unfinished work on the same file system as what it will become; safe to delete."""
        return self.root / ".staging"

    @property
    def lock(self) -> Path:
        """The lock of the one process that writes."""
        return self.root / ".lock"

    @property
    def published(self) -> Path:
        """The database that readers open."""
        return self.warehouse / "inflows.duckdb"

    @property
    def vintages(self) -> Path:
        """One folder a publication."""
        return self.warehouse / "vintages"

    @property
    def kept_inputs(self) -> Path:
        """Raw files of vintages, by the digest of their content."""
        return self.warehouse / "inputs"

    def raw_partition(self, dataset: str, chain: str, date: str) -> Path:
        """The one file of a raw partition: a chain and a UTC day."""
        return self.raw / dataset / f"chain={chain}" / f"date={date}" / "part.parquet"

    def quarantine_partition(self, dataset: str, chain: str, date: str) -> Path:
        """The quarantined rows of a chain and a UTC day (either may be 'unknown')."""
        return (
            self.raw
            / "quarantine"
            / f"dataset={dataset}"
            / f"chain={chain}"
            / f"date={date}"
            / "part.parquet"
        )

    def facts_partition(self, table: str, chain: str, date: str) -> Path:
        """The one file of a partition of what the stages make (fct_flow, agg_flow_daily)."""
        return self.warehouse / table / f"chain={chain}" / f"date={date}" / "part.parquet"
