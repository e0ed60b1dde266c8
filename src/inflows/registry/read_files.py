"""Read files of own formats as text, each row with its place, so that errors can name file and line.

CSV is read by the standard library's strict reader, not by Polars': that one fills short lines with nulls,
which hides a truncated file, and does not tell on which line a row began.
"""

from __future__ import annotations

import csv
import difflib
import glob
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from inflows.errors import UsageError
from inflows.registry.problems import FILE, LINE, PLACE, Problems

CHUNK_ROWS: Final = 50_000
SUFFIXES: Final = (".csv", ".parquet")


def files_at(path: Path) -> list[Path]:
    """The files of a path: itself, those of a folder (.csv and .parquet, below it too), or of a glob."""
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix in SUFFIXES and file.is_file() and not file.name.startswith(".")
        )
        if not found:
            raise UsageError(f"The folder {path} holds no .csv or .parquet file.", "Give another path.")
        return found
    names = glob.glob(str(path), recursive=True)  # noqa: PTH207  (Path.glob takes no absolute pattern)
    found = sorted(Path(name) for name in names if Path(name).is_file())
    if not found:
        raise UsageError(
            f"There is no file at {path}.", "Check the path; it may be a file, a folder or a glob."
        )
    return found


def is_parquet(file: Path) -> bool:
    """Whether a file says of itself that it is Parquet, by its first bytes or by its name."""
    try:
        with file.open("rb") as handle:
            start = handle.read(4)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None
    if not start:
        raise UsageError(f"{file} is empty.", "Give a file with a header and rows.")
    return start == b"PAR1" or file.suffix == ".parquet"


def read_text(
    file: Path,
    number: int,
    columns: dict[str, bool],
    problems: Problems,
    instead: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> pl.DataFrame:
    """All rows of a file: PLACE, and each of `columns` (name → must it be there?) as text or null.

    instead: columns that need not be there where the one they are listed under is.
    """
    read = _read_parquet if problems.is_parquet[number] else _read_csv
    frame = read(file, number, columns, problems, instead)
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in frame.columns]
    return frame.with_columns(missing).select(*PLACE, *columns)


def _check_header(
    file: Path, header: Sequence[str], columns: dict[str, bool], instead: Mapping[str, Collection[str]]
) -> None:
    spared = {name for one, names in instead.items() if one in header for name in names}
    for name in header:
        if name not in columns:
            near = difflib.get_close_matches(name.lower(), columns, n=1)
            meant = f"Did you mean '{near[0]}'? " if near else ""
            raise UsageError(
                f"{file} has an unknown column '{name[:60]}'.",
                f"{meant}The columns are {', '.join(columns)}; CSV is separated by commas.",
            )
        if list(header).count(name) > 1:
            raise UsageError(f"{file} has the column '{name}' twice.", "Keep one of them.")
    for name, present in columns.items():
        if present and name not in header and name not in spared:
            raise UsageError(f"{file} lacks the column '{name}'.", f"The columns are {', '.join(columns)}.")


def _read_csv(
    file: Path,
    number: int,
    columns: dict[str, bool],
    problems: Problems,
    instead: Mapping[str, Collection[str]],
) -> pl.DataFrame:
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(file, header, columns, instead)
            rows = _rows_with_lines(reader, number, len(header), problems)
            parts = [pl.DataFrame(schema=[*PLACE.items(), *((name, pl.String()) for name in header)])]
            while chunk := list(islice(rows, CHUNK_ROWS)):
                *texts, lines = zip(*chunk, strict=True)
                part = pl.DataFrame(dict(zip(header, map(list, texts), strict=True)))
                parts.append(
                    part.select(
                        pl.lit(number, dtype=pl.UInt32).alias(FILE),
                        pl.Series(LINE, lines, dtype=pl.UInt32),
                        *(pl.col(name).str.strip_chars(" ").replace("", None) for name in header),
                    )
                )
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text ({error.reason}).", "Save it as UTF-8.") from None
    except csv.Error as error:
        cut = "unexpected end of data" in str(error)
        what = "ends inside a quoted field; it is cut off" if cut else f"is not sound CSV: {error}"
        raise UsageError(f"{file}:{reader.line_num}: the file {what}.", "Write the file again.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from None
    return pl.concat(parts)


def _rows_with_lines(reader: Any, number: int, width: int, problems: Problems) -> Iterator[list[Any]]:
    """The rows, each with the line on which it begins; those of another width than the header's are problems.

    `reader` is a csv.reader, whose type has no name.
    """
    line = reader.line_num + 1
    for row in reader:
        if len(row) == width:
            row.append(line)
            yield row
        elif row:
            problems.add_line(number, line, f"has {len(row)} fields, where the header has {width}")
        line = reader.line_num + 1


def _read_parquet(
    file: Path,
    number: int,
    columns: dict[str, bool],
    problems: Problems,
    instead: Mapping[str, Collection[str]],
) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(file, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError):
        raise UsageError(f"{file} is not a whole Parquet file.", "Write or fetch it again.") from None
    _check_header(file, frame.columns, columns, instead)
    return frame.select(
        pl.lit(number, dtype=pl.UInt32).alias(FILE),
        pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(LINE),
        *(_as_text(file, name, dtype) for name, dtype in frame.schema.items()),
    )


def _as_text(file: Path, name: str, dtype: pl.DataType) -> pl.Expr:
    """A typed column as the text that a CSV would hold; instants without a zone are UTC."""
    column = pl.col(name)
    if dtype.is_nested() or dtype == pl.Binary:
        raise UsageError(f"{file}: the column '{name}' holds {dtype}, not plain values.", "Write it as text.")
    if isinstance(dtype, pl.Datetime):
        zoned = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
        return zoned.dt.to_string("%Y-%m-%dT%H:%M:%S%.f")
    return column.cast(pl.String).str.strip_chars(" ").replace("", None)
