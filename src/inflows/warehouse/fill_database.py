"""A new database file from facts and frames: tables filled in one order, views, checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
from duckdb import ColumnExpression, Expression, FunctionExpression

from inflows.contracts import columns as c
from inflows.contracts.flows import DailyFacts, Flows
from inflows.contracts.schema import dtypes
from inflows.errors import WorkError
from inflows.warehouse import sqlfiles
from inflows.warehouse.inputs import WarehouseInputs, prepare_frames
from inflows.warehouse.vintages import Vintage

# The storage version is the oldest DuckDB that opens the file: BI tools lag behind by a year and more.
_ATTACH: Final = "attach ? as building (storage_version 'v1.2.0')"

_BATCH_BYTES: Final = 192 * 2**20
"""Parquet that is sorted at a time, so that memory stays bounded however many partitions there are."""

_UTC_TIME_COLUMNS: Final = ("block_time",)
_ORDER: Final = {
    "fct_flow": ("chain", "block_number", "position", "kind", "tx_hash"),  # numbers are compared fastest
    "agg_flow_daily": (
        "date", "chain", "level", "flow_type", "contract", "from_exchange", "to_exchange", "size_band",
    ),
}  # fmt: skip


@contextmanager
def building(path: Path, spill: Path, *, memory: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose current database is a new file in the pinned storage version."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": threads,
        "temp_directory": str(spill),
    }
    with duckdb.connect(config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(_ATTACH, [str(path)])
        connection.execute("use building")
        yield connection
        connection.execute("checkpoint building")
        connection.execute("use memory")
        connection.execute("detach building")


def fill(connection: duckdb.DuckDBPyConnection, inputs: WarehouseInputs, vintage: Vintage) -> None:
    """Create every relation and fill the tables, in one order, so that the same input gives the same rows."""
    connection.begin()  # Hundreds of comments, each on its own, would be as many transactions.
    for name in sqlfiles.relation_names():
        connection.execute(sqlfiles.read(name))
    connection.commit()
    insert_files(connection, "fct_flow", inputs.flows, Flows)
    insert_files(connection, "agg_flow_daily", inputs.daily, DailyFacts)
    for name, frame in prepare_frames(inputs, vintage).items():
        insert_frame(connection, name, frame)


def insert_frame(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table by column names."""
    columns = connection.table(table).columns
    connection.from_arrow(frame.select(columns).to_arrow()).insert_into(table)


def insert_files(
    connection: duckdb.DuckDBPyConnection, table: str, paths: Sequence[Path], schema: type[c.Schema]
) -> None:
    """Append Parquet files to a table, in batches of bounded size, each sorted by chain and block."""
    columns = [_column(name) for name in dtypes(schema)]
    for batch in _batches(sorted(paths)):
        (
            # Folder names such as chain=… repeat what the files hold; a strange name must not change a value.
            connection.read_parquet(
                [str(path) for path in batch], hive_partitioning=False, union_by_name=True
            )
            .select(*columns)
            .sort(*(ColumnExpression(name) for name in _ORDER[table]))
            .insert_into(table)
        )


def run_checks(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise at the first check that returns a row, naming the check, what it proves, and that row."""
    for name in sqlfiles.checks():
        offending = connection.table(name).limit(1)
        for row in offending.fetchall():
            values = zip(offending.columns, row, strict=True)
            shown = ", ".join(f"{column} {'NULL' if value is None else value}" for column, value in values)
            raise WorkError(
                f"The check {name} failed, so nothing was published: {shown}.",
                f"What the check proves stands in sql/{name}.sql; the last publication stays as it is.",
            )


def read_back(path: Path) -> dict[str, int]:
    """The row counts that a new reader of the file finds."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return row_counts(connection)


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The number of rows of each table."""
    return {name: _count(connection, name) for name in sqlfiles.tables()}


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.table(name).aggregate("count(*)").fetchall()[0][0])


def _column(name: str) -> Expression:
    column = ColumnExpression(name)
    if name in _UTC_TIME_COLUMNS:
        # What timezone('UTC', …) gives, which asks a library of calendars for each row.
        return FunctionExpression("make_timestamp", FunctionExpression("epoch_us", column)).alias(name)
    return column


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        batch.append(path)
        size += path.stat().st_size
        if size >= _BATCH_BYTES or len(batch) >= 1000:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
