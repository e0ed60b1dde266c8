"""Phase 1 of an ingestion: every row is read, checked and put by partition, and the store is untouched.

A file that turns out broken half-way ends the ingestion here, with the store as it was.
"""

from __future__ import annotations

import datetime as dt
import errno
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import polars as pl
import pyarrow as pa

from inflows.contracts.schema import dtypes
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.progress import Progress
from inflows.raw.delivery import CHAIN, DATE, Delivery, staged
from inflows.raw.parts import Part, Partition, PartitionBuffer
from inflows.raw.quarantine import SCHEMAS
from inflows.raw.quarantine_reasons import SET_ASIDE, UNKNOWN

_PREFIX: Final = "ingest-"


@dataclass
class Tally:
    """What was delivered of one day's partition of a dump."""

    rows: int = 0
    quarantined: int = 0
    chains: set[str] = field(default_factory=set)

    @property
    def is_misread(self) -> bool:
        """Whether more than half of it lies in quarantine."""
        return 2 * self.quarantined > self.rows


@dataclass
class Staged:
    """What phase 1 holds: rows by dataset and partition, and what was counted on the way."""

    parts: dict[str, dict[Partition, list[Part]]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    """Rows read, by dataset."""
    quarantined: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    owners_of_traces: set[tuple[str, str, str]] = field(default_factory=set)
    """Chain, day and source of the traces delivered."""
    understood: set[tuple[str, dt.date]] = field(default_factory=set)
    """Chain and day of the movements that were understood, whether stored or set aside."""
    partitions: dict[dt.date, Tally] = field(default_factory=dict)
    """What was delivered of each partition of a dump."""
    misread: int = 0
    """Movements in quarantine; `quarantined` counts blocks too."""


def new_run(layout: Layout) -> Path:
    """A folder for this run; what earlier runs that were killed have left is removed (the lock is held)."""
    for leftover in layout.staging.glob(_PREFIX + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = layout.staging / f"{_PREFIX}{uuid4().hex[:12]}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    return folder


def end_run(folder: Path) -> None:
    """Remove the run's folder, and the staging folder when nobody else uses it."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:
        return  # another step keeps its unfinished work there


def stage(deliveries: Iterable[Delivery], folder: Path, progress: Progress) -> Staged:
    """Stream every delivery into parts by dataset, chain and date; many rows are laid down below `folder`."""
    found = Staged()
    buffers: dict[str, PartitionBuffer] = {}
    for delivery in deliveries:
        buffer = buffers.setdefault(delivery.dataset, PartitionBuffer(folder / delivery.dataset))
        _add(delivery, buffer, found, progress)
    found.parts = {dataset: buffer.parts() for dataset, buffer in buffers.items()}
    return found


def unwritable(path: Path, error: Exception) -> WorkError:
    """The error for a folder or disk that does not take what is written."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else _first_line(error)
    return WorkError(
        f"{path} cannot be written: {reason}.",
        "Make room or give a folder that you may write to, then start this again: it goes on where it was.",
    )


def is_disk_error(error: Exception) -> bool:
    """Whether an error is about a full disk or a missing right, however deep it was wrapped."""
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
    texts = ("No space left", "os error 28", "Read-only file system", "Permission denied", "quota exceeded")
    return (isinstance(error, OSError) and error.errno in codes) or any(t in str(error) for t in texts)


def _add(delivery: Delivery, buffer: PartitionBuffer, found: Staged, progress: Progress) -> None:
    try:
        for batch in staged(delivery).collect_batches(engine="streaming", lazy=True):
            progress.advance(batch.height)
            buffer.add(_counted(batch, delivery, found), delivery.labelled_set)
    except pl.exceptions.PanicException:
        raise UsageError(
            f"{delivery.origin or 'The input'} cannot be read: its description of itself is damaged.",
            "Nothing was stored. Fetch it again.",
        ) from None
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError, ValueError) as error:
        if delivery.failures:
            raise delivery.failures[0] from None
        if is_disk_error(error):
            raise unwritable(buffer.folder, error) from None
        raise UsageError(
            f"{delivery.origin or 'The input'} cannot be read: {_first_line(error)}.",
            "Nothing was stored. Check that the file is whole and of the format you named.",
        ) from error


def _counted(batch: pl.DataFrame, delivery: Delivery, found: Staged) -> pl.DataFrame:
    """Count the rows as they pass, and let go of those that are set aside."""
    found.rows[delivery.dataset] += batch.height
    if delivery.dataset != "blocks":
        _note(batch, delivery, found)
    good = batch
    if batch["reason"].null_count() < batch.height:
        for reason, rows in batch["reason"].drop_nulls().value_counts().iter_rows():
            (found.set_aside if reason in SET_ASIDE else found.quarantined)[reason] += rows
        batch = batch.filter(pl.col("reason").is_in(SET_ASIDE).not_().fill_null(True))
        good = batch.filter(pl.col("reason").is_null())
    if any(good[name].null_count() for name in dtypes(SCHEMAS[delivery.dataset])) or UNKNOWN in good[DATE]:
        raise WorkError(
            f"The reader of {delivery.origin or delivery.dataset} passed rows with empty columns.",
            "This is a fault of the program: please report it with a few lines of the file.",
        )
    if delivery.dataset == "transfers" and (good["kind"] == "trace").any():
        traces = good.filter(pl.col("kind") == "trace").select(CHAIN, DATE, "source").unique()
        found.owners_of_traces |= set(traces.iter_rows())
    return batch


def _note(batch: pl.DataFrame, delivery: Delivery, found: Staged) -> None:
    """Note which days were understood, and how much was not: what a delivery may claim depends on it."""
    reason = batch["reason"]
    fine = reason.is_null() | reason.is_in(SET_ASIDE)
    misread = batch.height - int(fine.sum())
    days = (batch if not misread else batch.filter(fine)).select(CHAIN, pl.col("block_time").dt.date())
    of_rows = {(chain, day) for chain, day in days.unique().iter_rows() if day is not None}
    found.understood |= {(chain, day) for chain, day in of_rows if chain != UNKNOWN}
    found.misread += misread
    if delivery.day is not None:
        tally = found.partitions.setdefault(delivery.day, Tally())
        tally.rows += batch.height
        tally.quarantined += misread
        tally.chains |= {chain for chain, _ in of_rows if chain != UNKNOWN}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
