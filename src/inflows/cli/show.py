"""Rows on stdout: as a table for people, as JSON or CSV for programs.

JSON: one array of objects; decimals are strings (no digit is lost), instants ISO 8601, the rest as it is.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from inflows.cli.options import Format

Heading = tuple[str, Callable[[Any], str]]
"""A column's heading, and how its values are written."""


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    output: Format,
    *,
    title: str = "",
    headings: Mapping[str, Heading] | None = None,
) -> None:
    """Print rows in a format.

    headings: for tables, the columns to show, with their heading and how a value is written; all if None.
    """
    if output is Format.json:
        records = [dict(zip(columns, map(plain_value, row), strict=True)) for row in rows]
        print("[" + ",\n ".join(json.dumps(record, ensure_ascii=False) for record in records) + "]")
    elif output is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if v is None else plain_value(v) for v in row] for row in rows])
    else:
        print_table(columns, rows, title, headings)


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
    if isinstance(value, float) and value != value:  # NaN has no JSON
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
) -> None:
    """Print a table: numbers to the right, nothing cut off."""
    headings = headings or {name: (name, _written) for name in columns}
    # Off a terminal there is no width to fit: nothing is cut off or folded.
    console = Console() if sys.stdout.isatty() else Console(width=10_000)
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [(columns.index(name), *heading) for name, heading in headings.items() if name in columns]
    for index, heading, _ in shown:
        is_number = any(isinstance(row[index], int | float | Decimal) for row in rows)
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(write(row[index]) for index, _, write in shown))
    console.print(table, markup=False, highlight=False) if rows else console.print(title or "No rows.")


def _written(value: Any) -> str:
    return "" if value is None else str(plain_value(value))


def dollars(value: Decimal | None) -> str:
    """Dollars with separators and cents; empty where unknown."""
    return "" if value is None else f"{value:,.2f}"


def times(value: float | None) -> str:
    """A ratio: `2.90x`."""
    return "" if value is None else f"{value:,.2f}x"


def percent(value: float | None) -> str:
    """A share of one, in percent."""
    return "" if value is None else f"{100 * value:.1f}%"


def count(value: int | None) -> str:
    """A whole number with separators."""
    return "" if value is None else f"{value:,}"
