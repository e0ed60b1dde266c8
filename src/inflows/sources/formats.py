"""What a format of input files is: a name, a sentence, and a function that delivers its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from inflows.raw.delivery import Delivery


@dataclass
class ReadRequest:
    """What the user asked to be read, and what the reader has to say about it besides rows."""

    paths: tuple[str, ...]
    chain: str | None
    blocks: str | None
    scratch: Path
    """A folder for what must be rewritten before it can be read; it is removed at the end."""
    files: int = 0
    warnings: list[str] = field(default_factory=list)

    def counted(self, files: int) -> None:
        """Count files that are read."""
        self.files += files


@dataclass(frozen=True)
class InputFormat:
    """An input format. `deliver` may be a generator; it raises UsageError before anything is stored."""

    name: str
    summary: str
    deliver: Callable[[ReadRequest], Iterable[Delivery]]
    suffixes: tuple[str, ...] = (".csv", ".csv.gz", ".parquet", ".pq")
    """What the names of files end with that are read of folders, globs and buckets."""
    forms: tuple[str, ...] = ("CSV", "Parquet")
    """The forms (recognise.CSV, …) that files of it may have."""
    columns: tuple[str, ...] = ()
    """The columns that are read of Parquet files in a bucket; none: whole files are fetched."""
    check: Callable[[str, Mapping[str, pl.DataType]], None] | None = None
    """Refuses a file, given its name and columns, that is not of this format."""
    by_day: bool = False
    """Whether a day's files can be stored without the other days'."""
    spans: bool = False
    """Whether files hold every day of a chain from its first row in the delivery to its last."""
