"""Transactions of bitcoin-etl as text: the same columns of JSON lines and of Parquet, every integer exact."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.io.plugins import register_io_source

from inflows.errors import InflowsError
from inflows.sources import bounds
from inflows.sources.etl.ethereum import as_text
from inflows.sources.table_files import LINE, Table, unreadable

COLUMNS: Final = ("hash", "block_number", "block_timestamp", "is_coinbase")
SIDES: Final = {"in": "inputs", "out": "outputs"}
ENTRY: Final = ("index", "type", "addresses", "value")

_ENTRIES: Final = pl.List(
    pl.Struct(
        {"index": pl.String(), "type": pl.String(), "addresses": pl.List(pl.String), "value": pl.String()}
    )
)
SCHEMA: Final = pl.Schema(
    {**dict.fromkeys(COLUMNS, pl.String()), **dict.fromkeys(SIDES.values(), _ENTRIES), LINE: pl.String()}
)
_LINES_A_BATCH: Final = 20_000


def texts(table: Table) -> pl.LazyFrame:
    """The transactions of a Parquet file, in the columns of SCHEMA."""
    return table.frame.select(
        *(as_text(name, table.columns[name]) for name in COLUMNS),
        *(_entries(lists, table.columns[lists]) for lists in SIDES.values()),
        LINE,
    )


def json_table(path: Path) -> Table:
    """The transactions of JSON lines, in the columns of SCHEMA; LINE has what is no transaction."""
    failures: list[InflowsError] = []

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        try:
            for batch in _json_batches(path):
                frame = batch if predicate is None else batch.filter(predicate)
                yield frame if with_columns is None else frame.select(with_columns)
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            failures.append(unreadable(path, error))
            raise OSError(str(error)) from error
        except InflowsError as error:
            failures.append(error)
            raise OSError(error.problem) from error

    return Table(path, dict(SCHEMA), register_io_source(batches, schema=SCHEMA), None, failures)


def _entries(name: str, kind: pl.DataType) -> pl.Expr:
    """A list of entries with the fields that are read, as text."""
    assert isinstance(kind, pl.List)
    assert isinstance(kind.inner, pl.Struct)
    types = {field.name: field.dtype for field in kind.inner.fields}
    entry = pl.element().struct
    value = entry.field("value").cast(pl.String)
    if isinstance(types["value"], pl.Decimal):
        value = value.str.replace(r"\.0*$", "")
    return pl.col(name).list.eval(
        pl.struct(
            entry.field("index").cast(pl.String),
            entry.field("type").cast(pl.String),
            entry.field("addresses").cast(pl.List(pl.String)),
            value.alias("value"),
        )
    )


def _json_batches(path: Path) -> Iterator[pl.DataFrame]:
    opener = gzip.open if path.name.endswith(".gz") else Path.open
    with opener(path, "rb") as handle:
        for batch in bounds.batches(handle, path, _LINES_A_BATCH):
            rows = [_row(line.decode("utf-8-sig")) for line in batch]
            yield pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(line: str) -> tuple[Any, ...]:
    try:
        found = json.loads(line)
        sides = [[_entry(entry) for entry in found.get(lists) or ()] for lists in SIDES.values()]
        return (*(_text(found.get(name)) for name in COLUMNS), *sides, None)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return (*(None for _ in COLUMNS), None, None, line.rstrip("\r\n"))


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    addresses = entry.get("addresses") or []
    if not all(isinstance(address, str) for address in addresses):
        raise TypeError("an address that is no text")
    return {
        "index": _text(entry.get("index")),
        "type": _text(entry.get("type")),
        "addresses": addresses if isinstance(addresses, list) else [addresses],
        "value": _text(entry.get("value")),
    }


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
