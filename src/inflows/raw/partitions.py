"""The raw store's partitions: which there are, and whether their content changed."""

from __future__ import annotations

import datetime as dt
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from inflows import files
from inflows.contracts.names import SLUG_PATTERN
from inflows.errors import WorkError
from inflows.layout import Layout

SMALL_BYTES: Final = 2**20
"""Below this a file is hashed anew each time."""

_DATE: Final = r"\d{4}-\d{2}-\d{2}"


def list_partitions(layout: Layout, dataset: str) -> list[tuple[str, dt.date, Path]]:
    """Chain, UTC day and file of every partition of `transfers`, `utxo` or `blocks`, sorted."""
    found = _below(layout.raw / dataset)
    return [(chain, dt.date.fromisoformat(date), path) for chain, date, path in found if date != "unknown"]


def list_quarantine(layout: Layout, dataset: str) -> list[tuple[str, str, Path]]:
    """Chain, UTC day (either may be 'unknown') and file of every quarantine partition, sorted."""
    return _below(layout.raw / "quarantine" / f"dataset={dataset}")


def partition_fingerprint(path: Path) -> str:
    """The SHA-256 of a partition's file, in hex.

    Of a large file it is kept in a hidden file beside it, together with the size and the modification time
    for which it holds, so that asking again costs two look-ups. A small one is read faster than that. Where
    the folder cannot be written, it is computed each time.
    """
    stat = path.stat()
    if stat.st_size < SMALL_BYTES:
        return files.sha256_of(path)
    beside = sidecar(path)
    try:
        known = json.loads(beside.read_text(encoding="utf-8"))
        if (known["size"], known["mtime_ns"]) == (stat.st_size, stat.st_mtime_ns):
            return str(known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not ours: made again
    found = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": files.sha256_of(path)}
    with suppress(OSError, WorkError):  # a store that may only be read is still good to read
        files.write_text(json.dumps(found) + "\n", beside, durable=False)
    return str(found["sha256"])


def sidecar(path: Path) -> Path:
    """The hidden file that remembers a partition's fingerprint."""
    return path.with_name(f".{path.name}.sha256")


def remove_partition(path: Path) -> None:
    """Take a partition's file away, and the folders that it leaves empty."""
    path.unlink(missing_ok=True)
    sidecar(path).unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        try:
            folder.rmdir()
        except OSError:
            return  # not empty, or not there


def _below(folder: Path) -> list[tuple[str, str, Path]]:
    found = []
    for path in folder.glob("chain=*/date=*/part.parquet"):
        chain = path.parent.parent.name.removeprefix("chain=")
        date = path.parent.name.removeprefix("date=")
        if re.fullmatch(SLUG_PATTERN, chain) and (re.fullmatch(_DATE, date) or date == "unknown"):
            found.append((chain, date, path))
    return sorted(found)
