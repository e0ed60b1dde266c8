"""CSV and Parquet files as frames of the columns as they were delivered.

CSV fields are all text. A line with too few or too many fields, which no column can hold, comes as a row
whose column LINE has the text of the line and whose other columns are empty.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from inflows.errors import InflowsError, UsageError
from inflows.sources import bounds

LINE: Final = "_line"
_BLOCK_BYTES: Final = 8 << 20
_NO_COMMAS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What spreadsheets of other countries, and databases, write between columns in place of commas."""


@dataclass(frozen=True)
class Table:
    """A file's rows as delivered."""

    path: Path
    columns: dict[str, pl.DataType]
    """As delivered, without LINE."""
    frame: pl.LazyFrame
    """The columns, and LINE (null but for lines that do not fit the header)."""
    rows: int | None
    """How many, where the file tells without being read."""
    failures: list[InflowsError] = field(default_factory=list)
    """What went wrong while the frame was read, in words for the user."""


def open_table(path: Path) -> Table:
    """Look at a file's head and say what it holds; UsageError where it is no readable CSV or Parquet."""
    try:
        if path.stat().st_size == 0:
            raise UsageError(f"{path} is empty.", "Give a file with a header at least, or leave it out.")
        return _open_parquet(path) if _is_parquet(path) else _open_csv(path)
    except (
        OSError,
        EOFError,
        UnicodeDecodeError,
        csv.Error,
        pa.ArrowException,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ) as e:
        raise unreadable(path, e) from None


def unreadable(path: Path, error: BaseException) -> UsageError:
    """The error for a file that cannot be read as what it says it is."""
    if isinstance(error, UnicodeDecodeError) or "utf-8" in str(error).lower() or "UTF8" in str(error):
        return UsageError(
            f"{path} is not UTF-8 text.", "Nothing was stored. Save it as UTF-8 and start this again."
        )
    if isinstance(error, OSError) and error.strerror:
        return UsageError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and your rights to it."
        )
    if isinstance(error, pl.exceptions.PanicException):
        return UsageError(
            f"{path} cannot be read: its description of itself is damaged.",
            "Nothing was stored. Fetch it again.",
        )
    first = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return UsageError(
        f"{path} cannot be read: {first}.", "Nothing was stored. It may be cut off: fetch it again."
    )


def _is_parquet(path: Path) -> bool:
    """By its first bytes; a file that is named so and has others is no whole one."""
    with path.open("rb") as handle:
        return handle.read(4) == b"PAR1" or path.name.endswith((".parquet", ".pq"))


def _open_parquet(path: Path) -> Table:
    rows = int(pq.read_metadata(path).num_rows)
    bounds.check_rows(str(path), rows, path.stat().st_size)
    frame = pl.scan_parquet(path, hive_partitioning=False, glob=False)
    columns = dict(frame.collect_schema())
    return Table(path, columns, frame.with_columns(pl.lit(None, dtype=pl.String).alias(LINE)), rows)


def _open_csv(path: Path) -> Table:
    names = _header(path)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UsageError(f"{path} names the column '{repeated[0]}' twice.", "Give each column one name.")
    failures: list[InflowsError] = []
    columns: dict[str, pl.DataType] = {name: pl.String() for name in names}
    schema = {**columns, LINE: pl.String()}

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        try:
            for batch in _csv_batches(path, names):
                frame = batch if predicate is None else batch.filter(predicate)
                yield frame if with_columns is None else frame.select(with_columns)
        except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
            failures.append(unreadable(path, error))
            raise

    frame = register_io_source(batches, schema=schema)
    return Table(path, columns, frame, None, failures)


def _text_lines(path: Path) -> Generator[str, None, None]:
    """The lines of a CSV file, none longer than a line may be."""
    opener = gzip.open if path.name.endswith(".gz") else Path.open
    with opener(path, "rb") as handle:
        for number, line in enumerate(bounds.lines(handle, path)):
            yield line.decode("utf-8" if number else "utf-8-sig")


def _header(path: Path) -> list[str]:
    with closing(_text_lines(path)) as lines:
        names = [name.strip() for name in next(csv.reader(lines, strict=True), [])]
    if not any(names):
        raise UsageError(f"{path} has no header.", "Its first line must name the columns.")
    separators = [word for sign, word in _NO_COMMAS.items() if sign in names[0]]
    if len(names) == 1 and separators:
        raise UsageError(
            f"{path} separates its columns by {separators[0]}.",
            "Save it as CSV with commas. Nothing was stored.",
        )
    return names


def _csv_batches(path: Path, names: list[str]) -> Iterator[pl.DataFrame]:
    misfits: list[str] = []

    def keep_aside(row: pa_csv.InvalidRow) -> str:
        misfits.append(row.text)
        return "skip"

    if _has_only_a_header(path):
        return
    nothing = pl.lit(None, dtype=pl.String).alias(LINE)
    with _misfits_must_be_text():
        reader = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names, skip_rows=1),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_aside),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
        for batch in reader:
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame.with_columns(nothing)
            if misfits:
                lines, misfits[:] = list(misfits), []
                yield _misfit_rows(names, lines)
    if misfits:
        yield _misfit_rows(names, misfits)


@contextmanager
def _misfits_must_be_text() -> Iterator[None]:
    """Raise UnicodeDecodeError for a misfit line that is no UTF-8.

    pyarrow decodes the line before it hands it over; where that fails, it has Python print a traceback, and
    says of the line that it does not fit.
    """
    undecoded: list[UnicodeDecodeError] = []
    shown = sys.unraisablehook

    def keep(raised: sys.UnraisableHookArgs) -> None:
        if isinstance(raised.exc_value, UnicodeDecodeError):
            undecoded.append(raised.exc_value)
        else:
            shown(raised)

    sys.unraisablehook = keep
    try:
        yield
    except pa.ArrowInvalid:
        if undecoded:
            raise undecoded[0] from None
        raise
    finally:
        sys.unraisablehook = shown


def _misfit_rows(names: list[str], lines: list[str]) -> pl.DataFrame:
    empty = [pl.lit(None, dtype=pl.String).alias(name) for name in names]
    return pl.DataFrame({LINE: lines}, schema={LINE: pl.String}).select(*empty, LINE)


def _has_only_a_header(path: Path) -> bool:
    """Whether nothing but blank lines follows the header, which the reader takes for an error."""
    with closing(_text_lines(path)) as lines:
        next(csv.reader(lines), None)
        return not any(line.strip() for line in lines)
