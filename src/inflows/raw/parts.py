"""Delivered rows by partition, buffered until they are merged: in memory while they are few, else on disk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from inflows import files
from inflows.raw.delivery import CHAIN, DATE

ROWS_HELD: Final = 2_000_000
"""This many rows of a delivery stay in memory, as many as are merged in one pass."""

Partition = tuple[str, str]
"""Chain and UTC day; either may be 'unknown' in quarantine."""


@dataclass(frozen=True)
class Part:
    """Delivered rows of one partition, with the columns of `delivery.staged`."""

    rows: int
    labelled_set: str
    """The digest of a set of addresses, where the transfers of no others were kept; else empty."""
    held: pl.DataFrame | Path

    def read(self) -> pl.DataFrame:
        """The rows."""
        if isinstance(self.held, pl.DataFrame):
            return self.held
        return pl.read_parquet(self.held, hive_partitioning=False, glob=False)


class PartitionBuffer:
    """Delivered rows of one dataset by partition; once they are many, they spill to files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._batches: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._rows = 0
        self._parts: dict[Partition, list[Part]] = defaultdict(list)

    def add(self, batch: pl.DataFrame, labelled_set: str) -> None:
        """Take rows of any partitions; `labelled_set` as in Part."""
        self._batches[labelled_set].append(batch)
        self._rows += batch.height
        if self._rows > ROWS_HELD:
            self._sort(onto_disk=True)

    def parts(self) -> dict[Partition, list[Part]]:
        """All rows that were added, by partition: on disk or in memory, not both.

        So a pass of the merge has the memory to itself where rows are many.
        """
        self._sort(onto_disk=bool(self._parts))
        return dict(self._parts)

    def _sort(self, *, onto_disk: bool) -> None:
        for labelled_set, batches in self._batches.items():
            for partition, rows in split(pl.concat(batches), CHAIN, DATE).items():
                held = self._spill(partition, rows) if onto_disk else rows
                self._parts[partition].append(Part(rows.height, labelled_set, held))
        self._batches.clear()
        self._rows = 0

    def _spill(self, partition: Partition, rows: pl.DataFrame) -> Path:
        chain, date = partition
        path = self.folder / chain / date / f"{len(self._parts[partition]):06}.parquet"
        # Read back once and thrown away: compressing it takes longer than writing it.
        files.write_parquet(rows.rechunk(), path, durable=False, compressed=False)
        return path


def split(rows: pl.DataFrame, chain: str, date: str) -> dict[Partition, pl.DataFrame]:
    """Rows by two columns, as text; without a copy where the rows of each pair lie side by side."""
    if rows.is_empty():
        return {}
    pairs = rows.select(chain, date)
    starts = pairs.select(pl.struct(pl.all()).rle_id().diff().fill_null(1) != 0).to_series().arg_true()
    firsts = pairs[starts]
    if firsts.is_duplicated().any():
        found = rows.rechunk().partition_by(chain, date, as_dict=True)  # many chunks are slow to part
        return {(str(key[0]), str(key[1])): part for key, part in found.items()}
    ends = [*starts[1:], rows.height]
    return {
        (str(key[0]), str(key[1])): rows.slice(start, end - start)
        for key, start, end in zip(firsts.iter_rows(), starts, ends, strict=True)
    }
