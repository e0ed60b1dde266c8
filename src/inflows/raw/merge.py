"""Phase 2 of an ingestion: partitions are merged with what was delivered, and replaced one by one.

Killed at any moment, the store holds for each partition the old or the new file, and no row is missing from
raw and quarantine together: what leaves one of them is written into the other first. Starting the same
ingestion again gives the same bytes as if it had not been killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from inflows import files
from inflows.addresses import hash_on
from inflows.contracts.raw import Quarantine
from inflows.contracts.schema import conform, defaults, dtypes, empty, with_defaults
from inflows.layout import Layout
from inflows.progress import Progress
from inflows.raw.order import in_order
from inflows.raw.partial_days import LabelledSets, merged_labelled_sets, metadata, read_labelled_sets
from inflows.raw.partitions import remove_partition, sidecar
from inflows.raw.parts import ROWS_HELD, Part, Partition, split
from inflows.raw.quarantine import SCHEMAS, as_set, decode, encode, still_unknown
from inflows.raw.quarantine_reasons import MERGE_REASONS, STATUS_UNKNOWN
from inflows.raw.resolve import DELIVERED, ORDER, STORED, resolve

ROWS_A_PASS: Final = ROWS_HELD
"""Partitions are merged together up to this many rows: tiny ones cost little, and memory is bounded."""


@dataclass
class Merged:
    """What phase 2 counted."""

    new: int = 0
    released: int = 0
    good: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    changed: int = 0


def merge(
    layout: Layout,
    dataset: str,
    delivered: dict[Partition, list[Part]],
    scratch: Path,
    progress: Progress,
    *,
    replace_traces: bool = False,
) -> Merged:
    """Merge what phase 1 holds of a dataset into the store, pass by pass; `delivered` is used up."""
    total = Merged()
    rows = {partition: sum(part.rows for part in parts) for partition, parts in sorted(delivered.items())}
    for group in _passes(layout, dataset, rows):
        _merge_pass(
            layout,
            dataset,
            {partition: delivered.pop(partition) for partition in group},
            scratch,
            total,
            replace_traces=replace_traces,
        )
        progress.advance(sum(rows[partition] for partition in group))
    return total


def read(paths: list[Path], dataset: str) -> pl.LazyFrame:
    """Partitions of a dataset (or of 'quarantine') as one frame of its contract."""
    schema = Quarantine if dataset == "quarantine" else SCHEMAS[dataset]
    if not paths:
        return empty(schema)
    if not defaults(schema):
        return conform(pl.scan_parquet(paths, hive_partitioning=False, glob=False), schema)
    found = pl.scan_parquet(
        paths, schema=dtypes(schema), missing_columns="insert", hive_partitioning=False, glob=False
    )
    return conform(with_defaults(found, schema), schema)


def _merge_pass(
    layout: Layout,
    dataset: str,
    delivered: dict[Partition, list[Part]],
    scratch: Path,
    total: Merged,
    *,
    replace_traces: bool,
) -> None:
    raw_files = {p: layout.raw_partition(dataset, *p) for p in delivered}
    quarantine_files = {p: layout.quarantine_partition(dataset, *p) for p in delivered}
    stored = read([path for path in raw_files.values() if path.exists()], dataset).collect()
    waiting = read([path for path in quarantine_files.values() if path.exists()], "quarantine").collect()
    rows = pl.concat([part.read() for parts in delivered.values() for part in parts])

    good = conform(rows.lazy().filter(pl.col("reason").is_null()), SCHEMAS[dataset])
    judged_again = pl.col("reason").is_in(MERGE_REASONS)
    before = pl.concat(
        [
            stored.lazy().with_columns(pl.lit(True).alias(STORED)),
            decode(dataset, waiting.lazy().filter(judged_again)).with_columns(pl.lit(False).alias(STORED)),
        ]
    ).with_columns(pl.lit(False).alias(DELIVERED))
    if "tx_hash" in before.collect_schema():  # an earlier release kept what the sources wrote
        before = before.with_columns(hash_on(pl.col("chain"), pl.col("tx_hash")).alias("tx_hash"))
    if replace_traces:
        before = _without_replaced_traces(before, good)
    now = good.with_columns(pl.lit(False).alias(STORED), pl.lit(True).alias(DELIVERED))
    kept, refused = resolve(dataset, pl.concat([before, now]).collect(engine="in-memory"))

    held, unreadable = waiting.filter(~judged_again), _unreadable(dataset, rows.lazy()).collect()
    if dataset == "transfers":
        held_before, unreadable_before = held, unreadable
        held, unreadable = still_unknown(held, kept), still_unknown(unreadable, kept)
        total.released += held_before.height - held.height
        total.quarantined[STATUS_UNKNOWN] -= unreadable_before.height - unreadable.height
    quarantine = as_set(
        pl.concat(
            [
                held.lazy(),
                unreadable.lazy(),
                encode(dataset, refused.lazy()),
            ]
        )
    ).collect(engine="in-memory")
    total.good += rows["reason"].null_count()
    fresh = kept.filter(~pl.col(STORED))[DELIVERED]
    total.new += int(fresh.sum())
    total.released += int((~fresh).sum())
    for reason, count in refused.filter(DELIVERED)["reason"].value_counts().iter_rows():
        total.quarantined[reason] += count
    total.changed += _replace(
        (raw_files, _by_day(stored), _in_file_order(dataset, _by_day(kept.drop(STORED, DELIVERED)))),
        (quarantine_files, _by_partition(waiting), _by_partition(quarantine)),
        scratch,
        _labelled_sets(dataset, raw_files, delivered),
    )


def _labelled_sets(
    dataset: str,
    raw_files: dict[Partition, Path],
    delivered: dict[Partition, list[Part]],
) -> dict[Partition, tuple[LabelledSets, LabelledSets]]:
    """The labelled sets of partitions before and after; those without any are left out."""
    if dataset != "transfers":
        return {}
    found = {}
    for partition, path in raw_files.items():
        before = read_labelled_sets(path)
        after = merged_labelled_sets(before, path, delivered[partition])
        if before or after:
            found[partition] = (before, after)
    return found


_Frames = dict[Partition, pl.DataFrame]
_SetsChange = tuple[LabelledSets, LabelledSets]
_Side = tuple[dict[Partition, Path], _Frames, _Frames]


def _replace(
    raw: _Side,
    quarantine: _Side,
    scratch: Path,
    labelled_sets: Mapping[Partition, _SetsChange],
) -> int:
    """Write what changed, in an order in which no row is ever in neither place; return how many changed."""
    raw_files, raw_before, raw_after = raw
    held_files, held_before, held_after = quarantine
    for partition, after in held_after.items():
        held = held_before.get(partition)
        if held is None or not held.equals(after):
            union = (
                after if held is None else as_set(pl.concat([held, after]).lazy()).collect(engine="in-memory")
            )
            files.write_parquet(union.rechunk(), held_files[partition], scratch=scratch)
            held_before[partition] = union
    changed = 0
    for partition in sorted(raw_before.keys() | raw_after.keys()):
        path = raw_files[partition]
        now, then = raw_after.get(partition), raw_before.get(partition)
        sets_before, sets_after = labelled_sets.get(partition, ({}, {}))
        if now is None:
            remove_partition(path)
        elif then is None or sets_before != sets_after or not then.equals(now):
            sidecar(path).unlink(missing_ok=True)
            files.write_parquet(now.rechunk(), path, scratch=scratch, metadata=metadata(sets_after))
        else:
            continue
        changed += 1
    for partition, before in held_before.items():
        final = held_after.get(partition)
        if final is None:
            remove_partition(held_files[partition])
        elif not before.equals(final):
            files.write_parquet(final.rechunk(), held_files[partition], scratch=scratch)
    return changed


def _passes(layout: Layout, dataset: str, delivered: dict[Partition, int]) -> Iterator[list[Partition]]:
    """Sorted partitions in groups of about ROWS_A_PASS rows, delivered and stored together."""
    group: list[Partition] = []
    rows = 0
    for partition, count in delivered.items():
        here = count + _rows(layout.raw_partition(dataset, *partition))
        if group and rows + here > ROWS_A_PASS:
            yield group
            group, rows = [], 0
        group.append(partition)
        rows += here
    if group:
        yield group


def _rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        return 0


def _without_replaced_traces(before: pl.LazyFrame, delivered: pl.LazyFrame) -> pl.LazyFrame:
    """Drop the traces of the chains and days for which another source delivers traces now."""
    day = pl.col("block_time").dt.date()
    key = ["chain", "_day", "kind"]
    owners = (
        delivered.filter(pl.col("kind") == "trace")
        .select("chain", day.alias("_day"), "kind", pl.col("source").alias("_owner"))
        .unique()
    )
    names = before.collect_schema().names()
    return (
        before.with_columns(day.alias("_day"))
        .join(owners, on=key, how="left", validate="m:1")
        .filter((pl.col("_owner") == pl.col("source")).fill_null(True))
        .select(names)
    )


def _unreadable(dataset: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.filter(pl.col("reason").is_not_null()).select(
        pl.lit(dataset).alias("dataset"),
        pl.col("_chain").alias("chain"),
        pl.col("_date").alias("date"),
        "reason",
        pl.col("row").fill_null("{}"),
        "origin",
    )


def _by_day(frame: pl.DataFrame) -> _Frames:
    frames = split(frame.with_columns(_date=pl.col("block_time").dt.date()), "chain", "_date")
    for part in frames.values():
        part.drop_in_place("_date")  # the lazy engine takes a millisecond for it, a thousand times
    return frames


def _in_file_order(dataset: str, frames: _Frames) -> _Frames:
    """Days in the order of their files; one by one, which is faster than together."""
    order = ORDER[dataset]
    by_numbers = order[:2] == ("block_number", "position")
    return {
        partition: in_order(rows, order) if by_numbers else rows.sort(order)
        for partition, rows in frames.items()
    }


def _by_partition(frame: pl.DataFrame) -> _Frames:
    return split(frame, "chain", "date")
