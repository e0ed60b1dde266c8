"""What is published of computed facts: totals, dimensions, findings; of a new vintage as of an old one."""

from __future__ import annotations

import datetime as dt
import hashlib

import polars as pl

from inflows.build import partition_facts
from inflows.build.registry_snapshot import Registries
from inflows.layout import Layout
from inflows.registry.store import files_of
from inflows.registry.tables import TABLES
from inflows.stages.aggregate import without_price
from inflows.stages.pass_through import passed_through
from inflows.stages.period_coverage import period_coverage
from inflows.stages.total import finished, period_totals
from inflows.stages.unattributed import without_basis
from inflows.warehouse.inputs import WarehouseInputs
from inflows.warehouse.kept_inputs import Kept, RawFile


def assembled(
    facts: partition_facts.Facts, registries: Registries, read: pl.DataFrame, as_of: dt.datetime, kept: Kept
) -> WarehouseInputs:
    """Total the daily facts, and gather all that is published beside them.

    read: what is known to have been read, as period_coverage.classified_days makes it.
    """
    daily = pl.scan_parquet([partition.daily for partition in facts.partitions])
    totals = period_totals(daily, registries.jurisdictions.lazy()).collect(engine="streaming")
    periods = period_coverage(totals["period"].unique().sort(), read, as_of, kept.chains)
    totals = finished(totals.lazy(), periods, simulated=registries.simulated).collect()
    unplaced = without_basis(daily, registries.jurisdictions.lazy()).collect(engine="streaming")
    chains = sorted({partition.chain for partition in facts.partitions})
    return WarehouseInputs(
        flows=[partition.flows for partition in facts.partitions],
        daily=[partition.daily for partition in facts.partitions],
        totals=totals,
        wallets=pl.concat([registries.of_chain(chain).wallets for chain in chains]),
        assets=registries.assets,
        jurisdictions=registries.jurisdictions,
        findings=pl.concat([passed_through(facts.findings()), without_price(daily).collect(), unplaced]),
        coverage=read,
        licences=registries.licences,
        references=registries.references,
        contested=registries.contested(chains),
        contested_daily=facts.contested(),
        kept=kept,
    )


def inputs_to_keep(
    layout: Layout,
    facts: partition_facts.Facts,
    staleness_hours: float,
    price_sources: tuple[str, ...],
    chains: tuple[str, ...],
) -> Kept:
    """The raw files that took part, how many files each registry has, and the settings that matter."""
    raw = [
        RawFile(dataset, partition.chain, partition.date.isoformat(), sha256, path)
        for partition in facts.partitions
        for (dataset, path), sha256 in zip(
            partition.raw.items(), partition.raw_sha256.split("+"), strict=True
        )
    ]
    registry_files = {name: len(files_of(layout, table)) for name, table in TABLES.items()}
    return Kept(tuple(raw), registry_files, staleness_hours, price_sources, chains)


def result_digest(totals: pl.DataFrame) -> str:
    """SHA-256 over the totals as CSV: what makes two publications the same."""
    return hashlib.sha256(totals.write_csv().encode()).hexdigest()
