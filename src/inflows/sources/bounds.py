"""Bounds that no file of transfers comes near, so that a small file cannot take all memory or never end.

Two megabytes of gzip may hold two thousand of one line, and a Parquet file of a few kilobytes two thousand
million equal rows. Rows of transfers differ (each has its hash or position), so they take room.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Final

from inflows.errors import UsageError

LONGEST_LINE: Final = 64 << 20
"""A block's largest transaction, with all its inputs as JSON, takes less than a tenth of it."""
BATCH_BYTES: Final = 32 << 20
"""How much text is held at once."""
FEW_ROWS: Final = 10_000_000
MOST_ROWS_A_BYTE: Final = 16


def lines(handle: BufferedIOBase, path: Path) -> Iterator[bytes]:
    """The lines of a file; UsageError where one is longer than LONGEST_LINE."""
    while line := handle.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UsageError(
                f"{path} has a line of more than {LONGEST_LINE >> 20} MB, which is no row of a table.",
                "Nothing was stored. Look what it is, and leave it out.",
            )
        yield line


def batches(handle: BufferedIOBase, path: Path, most: int) -> Iterator[list[bytes]]:
    """The lines of a file that are not blank, at most so many and about BATCH_BYTES at once."""
    batch: list[bytes] = []
    held = 0
    for line in lines(handle, path):
        if line.strip():
            batch.append(line)
            held += len(line)
        if len(batch) >= most or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def check_rows(name: str, rows: int, size: int) -> None:
    """Refuse a Parquet file that says it has more rows than its bytes can hold."""
    if rows > max(FEW_ROWS, size * MOST_ROWS_A_BYTE):
        raise UsageError(
            f"{name} says that it has {rows:,} rows in {size:,} bytes: they are equal, and no transfers.",
            "Nothing was stored. Leave it out, or fetch it again.",
        )
