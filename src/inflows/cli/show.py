"""Rows on stdout: as a table for people, as JSON or CSV for programs.

JSON: one array of objects; decimals are strings (no digit is lost), instants ISO 8601, what is no finite
number null, the rest as it is. CSV: the same values, null as nothing.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

from inflows.cli.options import PrintFormat
from inflows.cli.table import Column, plain, written
from inflows.errors import WorkError

Heading = tuple[str, Callable[[Any], str]]
"""A column's heading, and how its values are written."""

LEGEND_WIDTH: Final = 80
"""The width of what explains a table, off a terminal."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    output: PrintFormat,
    *,
    title: str = "",
    headings: Mapping[str, Heading] | None = None,
    names: int = 1,
) -> None:
    """Print rows in a format; WorkError where the output cannot be written.

    title, headings, names: for tables. headings are the columns to show, with their heading and how a value
    is written (None: all); names is how many of the first columns name a row.
    """
    with _output():
        if output is PrintFormat.json:
            records = [dict(zip(columns, map(plain_value, row), strict=True)) for row in rows]
            lines = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
            print("[" + ",\n ".join(lines) + "]")
        elif output is PrintFormat.csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([[_defused(value) for value in row] for row in rows])
        else:
            print_table(columns, rows, title, headings, names)


@contextmanager
def _output() -> Iterator[None]:
    """Standard output, flushed at the end; WorkError where it cannot be written."""
    if sys.stdout is None:
        raise WorkError("The output cannot be written: it is closed.", "Write it to a file or a pipe.")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WorkError(
            f"The output cannot be written: {error.strerror or error}.", "Make room, or write it elsewhere."
        ) from None


def plain_value(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):  # They have no JSON.
        return None
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    title: str,
    headings: Mapping[str, Heading] | None,
    names: int = 1,
) -> None:
    """Print a table below its title; on a terminal it is made to fit."""
    shown = [
        (columns.index(name), *heading)
        for name, heading in (headings or {name: (name, _written) for name in columns}).items()
        if name in columns
    ]
    table = [
        # A heading that comes from outside (a query's) has one line.
        Column(
            heading if headings else plain(heading),
            [write(row[index]) for row in rows],
            _is_number(row[index] for row in rows),
        )
        for index, heading, write in shown
    ]
    _print_columns(table, title, names, ())


def print_columns(table: Sequence[Column], title: str, names: int = 1, legend: Sequence[str] = ()) -> None:
    """Print columns below their title and above their legend; on a terminal all is made to fit."""
    with _output():
        _print_columns(table, title, names, legend)


def _print_columns(table: Sequence[Column], title: str, names: int, legend: Sequence[str]) -> None:
    empty = not any(column.cells for column in table)
    for line in title.splitlines():
        print(plain(line))
    if title and not empty:
        print()
    if empty:
        print("No rows.")
        return
    # Off a terminal there is no width to fit.
    fit = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(written(table, fit=fit, names=names), end="\n\n")
    for line in legend:
        print(textwrap.fill(plain(line), fit or LEGEND_WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    if legend:
        print()


def _is_number(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in known
    )


def _cell(value: Any) -> Any:
    """A value as a cell of text: lists and structs as JSON."""
    if value is None or isinstance(value, float):
        return "" if value is None else value
    simple = plain_value(value)
    if isinstance(simple, bool):
        return "true" if simple else "false"
    return json.dumps(simple, ensure_ascii=False) if isinstance(simple, list | dict) else simple


def _defused(value: Any) -> Any:
    """A cell of CSV: text that a spreadsheet would run as a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else _cell(value)


def _written(value: Any) -> str:
    return str(_cell(value))


def dollars(value: Decimal | None) -> str:
    """Dollars with separators and cents, rounded half to even; empty where unknown."""
    return "" if value is None else f"{value:,.2f}"


def times(value: float | None) -> str:
    """A ratio: `2.90x`."""
    return "" if value is None else f"{value:,.2f}x"


def percent(value: float | None) -> str:
    """A share of one, in percent; what is less than the whole never reads as the whole."""
    if value is None:
        return ""
    return ">99.9%" if 0.9995 <= value < 1 else f"{100 * value:.1f}%"


def count(value: int | None) -> str:
    """A whole number with separators."""
    return "" if value is None else f"{value:,}"


def moment(value: dt.datetime | None) -> str:
    """An instant to the second, in UTC; empty where there is none."""
    return "" if value is None else f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def yes_or_no(value: bool | None) -> str:
    """A truth as a word; empty where unknown."""
    return "" if value is None else "yes" if value else "no"
