"""The raw store's one way in: deliveries become partitions that depend on what was delivered, not on how.

The state of a partition is a pure function of the set of rows ever delivered for it (`resolve`). An ingestion
has two phases: `staging` reads everything and changes nothing, `merge` replaces partitions one by one. The
caller holds the writing lock (`inflows.files.writing`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from inflows.contracts.names import DATASETS
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.raw.claims import Claim, Claiming, add_claims, from_first_to_last, keep_labelled_set
from inflows.raw.coverage import block_gaps, coverage
from inflows.raw.cross_day_keys import on_two_days
from inflows.raw.delivery import Delivery
from inflows.raw.ingest_report import IngestReport
from inflows.raw.merge import Merged, merge, read
from inflows.raw.partitions import list_partitions, partition_fingerprint
from inflows.raw.parts import Partition
from inflows.raw.quarantine import decode
from inflows.raw.quarantine_reasons import MERGE_REASONS
from inflows.raw.staging import Staged, end_run, is_disk_error, new_run, stage, unwritable
from inflows.raw.trace_owners import forget_trace_flags

__all__ = [
    "Delivery",
    "IngestReport",
    "block_gaps",
    "coverage",
    "ingest",
    "list_partitions",
    "partition_fingerprint",
]

_log = logging.getLogger(__name__)


def ingest(
    layout: Layout,
    deliveries: Iterable[Delivery],
    *,
    replace: bool = False,
    claiming: Claiming | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Store what sources deliver; `deliveries` is consumed once, and may be a generator.

    `replace` lets the delivered traces of a chain and day take the place of another source's. claiming: what
    whether the delivery says that it holds days; it holds none where more than half of the rows of it, or of
    the day's partition, lie in quarantine.
    Raises UsageError (nothing stored) where an input cannot be read or its traces have another owner, and
    WorkError where the store cannot be written.
    """
    progress = progress or silent()
    folder = new_run(layout)
    try:
        staged = stage(deliveries, folder, progress)
        for chain, date in _check_owners_of_traces(layout, staged, replace=replace):
            forget_trace_flags(layout, chain, date)
        progress.begin("Storing", staged.rows.total())
        if claiming is not None and claiming.labelled_set:
            keep_labelled_set(layout, claiming.labelled_set, claiming.labelled)
        report = _merge_all(layout, staged, folder, progress, replace=replace)
        if claiming is not None:  # last of all, so that what is claimed is in the store
            add_claims(layout, _claims(claiming, staged, report))
        return report
    except (OSError, pl.exceptions.PolarsError) as error:
        if not is_disk_error(error):
            raise
        raise unwritable(layout.raw, error) from None
    finally:
        end_run(folder)


def _merge_all(
    layout: Layout,
    staged: Staged,
    folder: Path,
    progress: Progress,
    *,
    replace: bool,
) -> IngestReport:
    touched = {dataset: sorted(staged.parts[dataset]) for dataset in DATASETS if dataset in staged.parts}
    merged = {
        # Blocks last: they say what has been read, which is true once the rest is in the store.
        dataset: merge(
            layout,
            dataset,
            staged.parts[dataset],
            folder,
            progress,
            replace_traces=replace and dataset == "transfers",
        )
        for dataset in touched
    }
    warnings = [
        warning
        for dataset, of_dataset in touched.items()
        for warning in on_two_days(layout, dataset, of_dataset)
    ]
    for warning in warnings:
        _log.warning(warning)  # on stderr, whether or not the caller looks at the report
    quarantined = staged.quarantined
    for part in merged.values():
        quarantined = quarantined + part.quarantined
    rows = [merged.get(dataset, Merged()) for dataset in ("transfers", "utxo")]
    partitions = {partition for of_dataset in touched.values() for partition in of_dataset}
    return IngestReport(
        rows_read=staged.rows["transfers"] + staged.rows["utxo"],
        blocks_read=staged.rows["blocks"],
        rows_new=sum(part.new for part in rows),
        rows_already_there=sum(part.good - part.new - part.quarantined.total() for part in rows),
        quarantined=quarantined,
        rows_misread=staged.misread + sum(part.quarantined.total() for part in rows),
        days_misread=tuple(sorted(day for day, tally in staged.partitions.items() if tally.is_misread)),
        understood=frozenset(staged.understood),
        set_aside=staged.set_aside,
        rows_released=sum(part.released for part in rows),
        partitions_changed=sum(part.changed for part in merged.values()),
        chains=tuple(sorted({chain for chain, _ in partitions if chain != "unknown"})),
        warnings=tuple(warnings),
        days=len({date for _, date in partitions if date != "unknown"}),
    )


def _claims(claiming: Claiming, staged: Staged, report: IngestReport) -> set[Claim]:
    """What may be claimed: of a dump its partitions, each judged alone; of other files their span of days."""
    days = {
        (chain, day)
        for day, tally in staged.partitions.items()
        if claiming.partitions and not tally.is_misread
        for chain in tally.chains
    }
    if claiming.spans and not report.is_misread:
        days |= from_first_to_last(staged.understood)
    return claiming.of(days)


def _check_owners_of_traces(layout: Layout, staged: Staged, *, replace: bool) -> list[Partition]:
    """Refuse traces of a chain and day that another source owns: tools number them differently.

    Returns the chains and days whose traces are to be replaced.
    """
    delivered = staged.owners_of_traces
    touched: list[Partition] = sorted({(chain, date) for chain, date, _ in delivered})
    raw = [p for key in touched if (p := layout.raw_partition("transfers", *key)).exists()]
    held = [p for key in touched if (p := layout.quarantine_partition("transfers", *key)).exists()]
    waiting = read(held, "quarantine").filter(pl.col("reason").is_in(MERGE_REASONS))
    there = _owners(read(raw, "transfers")) | _owners(decode("transfers", waiting))
    owned = set() if replace else there
    for chain, date in touched:
        sources = sorted(s for c, d, s in owned | delivered if (c, d) == (chain, date))
        if len(sources) > 1:
            raise UsageError(
                f"Traces of {chain} on {date} come from {' and from '.join(sources)}, "
                "and each tool numbers traces differently.",
                "Deliver one of them alone."
                if replace or not owned
                else "Nothing was stored. Give --replace to put the new ones in place of the old.",
            )
    return sorted({(chain, date) for chain, date, _ in there - delivered} & set(touched))


def _owners(transfers: pl.LazyFrame) -> set[tuple[str, str, str]]:
    """Chain, day and source of all traces in a frame."""
    day = pl.col("block_time").dt.strftime("%Y-%m-%d")
    rows = (
        transfers.filter(pl.col("kind") == "trace").select("chain", day.alias("date"), "source").unique()
    ).collect(engine="streaming")
    return {(str(chain), str(date), str(source)) for chain, date, source in rows.iter_rows()}
