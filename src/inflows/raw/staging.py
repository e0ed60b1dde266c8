"""Phase 1 of an ingestion: every row is read, checked and laid down by partition, and the store is untouched.

A file that turns out broken half-way ends the ingestion here, with the store as it was.
"""

from __future__ import annotations

import errno
import shutil
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import polars as pl
import pyarrow as pa

from inflows.contracts.schema import dtypes
from inflows.errors import InflowsError, UsageError, WorkError
from inflows.layout import Layout
from inflows.progress import Progress
from inflows.raw.delivery import CHAIN, DATE, Delivery, staged
from inflows.raw.quarantine import SCHEMAS
from inflows.raw.reasons import SET_ASIDE, UNKNOWN

_PREFIX: Final = "ingest-"


@dataclass
class Staged:
    """What phase 1 laid down: files by dataset and partition, and what was counted on the way."""

    files: dict[str, dict[tuple[str, str], list[Path]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    rows: Counter[str] = field(default_factory=Counter)
    """Rows read, by dataset."""
    quarantined: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    labelled: dict[Path, str] = field(default_factory=dict)
    """Files with the transfers of labelled wallets alone, with the digest of their set."""


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
    """Stream every delivery into Parquet files by dataset, chain and date below `folder`."""
    found = Staged()
    for number, delivery in enumerate(deliveries):
        target = folder / delivery.dataset / f"{number:06}"
        _sink(delivery, target, found, progress)
        for path in sorted(target.glob(f"{CHAIN}=*/{DATE}=*/*.parquet")):
            chain = path.parent.parent.name.removeprefix(f"{CHAIN}=")
            date = path.parent.name.removeprefix(f"{DATE}=")
            found.files[delivery.dataset][chain, date].append(path)
            if delivery.labelled_set:
                found.labelled[path] = delivery.labelled_set
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


def _sink(delivery: Delivery, target: Path, found: Staged, progress: Progress) -> None:
    contract = list(dtypes(SCHEMAS[delivery.dataset]))
    lock = threading.Lock()

    def count(batch: pl.DataFrame) -> pl.DataFrame:
        """Count the rows as they pass, and let go of those that are set aside."""
        reasons = batch["reason"]
        with lock:
            found.rows[delivery.dataset] += batch.height
            progress.advance(batch.height)
            if reasons.null_count() < batch.height:
                for reason, rows in reasons.drop_nulls().value_counts().iter_rows():
                    (found.set_aside if reason in SET_ASIDE else found.quarantined)[reason] += rows
                batch = batch.filter(pl.col("reason").is_in(SET_ASIDE).not_().fill_null(True))
        whole = batch["reason"].null_count() == batch.height
        good = batch if whole else batch.filter(pl.col("reason").is_null())
        if sum(good.select(contract).null_count().row(0)) or UNKNOWN in good[DATE]:
            delivery.failures.append(
                WorkError(
                    f"The reader of {delivery.origin or delivery.dataset} passed rows with empty columns.",
                    "This is a fault of the program: please report it with a few lines of the file.",
                )
            )
            raise ValueError("incomplete rows")
        return batch

    try:
        frame = staged(delivery)
        schema = frame.collect_schema()
        frame.map_batches(count, streamable=True, schema=schema, validate_output_schema=False).sink_parquet(
            pl.PartitionBy(target, key=[CHAIN, DATE], include_key=True),
            compression="lz4",
            statistics=False,
            mkdir=True,
        )
    except InflowsError:
        raise
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError, ValueError) as error:
        if delivery.failures:
            raise delivery.failures[0] from None
        if is_disk_error(error):
            raise unwritable(target, error) from None
        raise UsageError(
            f"{delivery.origin or 'The input'} cannot be read: {_first_line(error)}.",
            "Nothing was stored. Check that the file is whole and of the format you named.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
