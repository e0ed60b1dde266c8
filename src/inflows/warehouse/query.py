"""Reading the published database: a connection that can do nothing else, and one bounded query."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from inflows.errors import UsageError, WorkError
from inflows.layout import Layout

TIMEOUT_SECONDS: Final = 60.0
MEMORY: Final = "2GB"
MAX_ROWS: Final = 1_000_000
"""What one query may return: beyond it, an export is the better way."""

_THREADS: Final = 2
_CHUNK: Final = 10_000
_READING: Final = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_DTYPES: Final[dict[str, pl.DataType]] = {
    "BOOLEAN": pl.Boolean(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "UBIGINT": pl.UInt64(),
    "HUGEINT": pl.Int128(),  # what sums of BIGINT are
    "FLOAT": pl.Float32(),
    "DOUBLE": pl.Float64(),
    "VARCHAR": pl.String(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
    "TIMESTAMP WITH TIME ZONE": pl.Datetime("us", "UTC"),
}
_LOCKS: Final = (
    "use inflows",
    "set TimeZone = 'UTC'",
    # Python variables of the caller are no tables.
    "set python_enable_replacements = false",
    # read_only alone still lets a query read any file and write by COPY.
    "set enable_external_access = false",
    "set lock_configuration = true",
)


def connect(
    source: Layout | Path | str, *, memory: str = MEMORY, threads: int = _THREADS
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published database that reaches no other file, in UTC.

    The database is attached to a private instance, so that a long-running process sees a new publication at
    its next connection, and connections with different limits do not get in each other's way.
    """
    path = source.published if isinstance(source, Layout) else Path(source)
    if not path.is_file():
        raise UsageError(f"Nothing has been published at {path}.", "Run `inflows build` first.")
    connection = duckdb.connect(config={"memory_limit": memory, "threads": threads, "temp_directory": ""})
    try:
        connection.execute("attach ? as inflows (read_only)", [str(path)])
        for statement in _LOCKS:
            connection.execute(statement)
    except duckdb.Error as error:
        connection.close()
        raise WorkError(
            f"The database {path} cannot be opened: {one_line(error)}",
            "Run `inflows build` to make it again.",
        ) from None
    return connection


def run_sql(
    source: Layout | Path | str,
    query: str,
    timeout_seconds: float = TIMEOUT_SECONDS,
    memory: str = MEMORY,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of one reading query, within bounds of time, memory and rows."""
    columns, rows = _answer(source, query, timeout_seconds, memory)
    return [name for name, _ in columns], rows


def query_frame(
    source: Layout | Path | str,
    query: str,
    timeout_seconds: float = TIMEOUT_SECONDS,
    memory: str = MEMORY,
) -> pl.DataFrame:
    """The rows of one reading query as a frame, exact: decimals are Decimal, whole numbers are no doubles.

    A name that comes twice gets a number; times with a zone are in UTC.
    """
    columns, rows = _answer(source, query, timeout_seconds, memory)
    names = unique_names([name for name, _ in columns])
    schema = {name: _dtype(kind) for name, (_, kind) in zip(names, columns, strict=True)}
    return pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)


def unique_names(columns: list[str]) -> list[str]:
    """Columns of a query by names of their own: of two with one name, JSON would lose the first."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names


def _answer(
    source: Layout | Path | str, query: str, timeout_seconds: float, memory: str
) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    """The columns (name, type in DuckDB) and the rows of one reading query."""
    with connect(source, memory=memory) as connection:
        try:
            statement = _only_statement(connection, query)
            with _interrupted_after(connection, timeout_seconds):
                result = connection.execute(statement)
                columns = [(str(column[0]), str(column[1])) for column in result.description or ()]
                rows: list[tuple[Any, ...]] = []
                while chunk := result.fetchmany(_CHUNK):
                    rows.extend(chunk)
                    if len(rows) > MAX_ROWS:
                        raise UsageError(
                            f"The query returns more than {MAX_ROWS:,} rows.",
                            "Add a limit or a filter, or take the whole table with `inflows export`.",
                        )
                return columns, rows
        except duckdb.InterruptException:
            raise WorkError(
                f"The query was stopped after {timeout_seconds:g} seconds.",
                "Filter by chain and time, or give it longer with --timeout.",
            ) from None
        except duckdb.OutOfMemoryException as error:
            raise WorkError(
                f"The query needs more than {memory} of memory: {one_line(error)}",
                "Aggregate or filter earlier, or export the table and query it on your own.",
            ) from None
        except duckdb.Error as error:
            if is_broken(error):
                raise _broken(source, error) from None
            raise UsageError(
                f"The query cannot be run: {one_line(error)}", _hint(connection, error)
            ) from None


def _dtype(kind: str) -> pl.DataType | None:
    """The type of a frame's column for a type of DuckDB; None: as the values are."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    return pl.Decimal(int(decimal[1]), int(decimal[2])) if decimal else _DTYPES.get(kind)


@contextmanager
def reading(source: Layout | Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for what the project itself reads; WorkError where the file turns out to be broken."""
    with connect(source) as connection:
        try:
            yield connection
        except duckdb.Error as error:
            if is_broken(error):
                raise _broken(source, error) from None
            raise


def is_broken(error: duckdb.Error) -> bool:
    """Whether an error is of the file, and not of the query."""
    of_file = (
        duckdb.IOException,
        duckdb.FatalException,
        duckdb.InternalException,
        duckdb.SerializationException,
    )
    return isinstance(error, of_file) or "corrupt" in str(error).lower()


def _broken(source: Layout | Path | str, error: duckdb.Error) -> WorkError:
    path = source.published if isinstance(source, Layout) else Path(source)
    return WorkError(
        f"The database {path} is broken: {one_line(error)}", "Run `inflows build` to make it again."
    )


def one_line(error: Exception) -> str:
    """The first paragraph of a message of DuckDB, without its drawing of the query."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())


def relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of all tables and views that readers may query."""
    return sorted(name for (name,) in connection.execute("show tables").fetchall())


def _only_statement(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """The one statement of a query, if it does nothing but read."""
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise UsageError(f"The query has {len(statements)} statements.", "Give exactly one, a SELECT.")
    if statements[0].type not in _READING:
        raise UsageError(
            f"{statements[0].type.name} is not allowed here: the published database can only be read.",
            "Use SELECT, DESCRIBE or EXPLAIN; `inflows export` writes files.",
        )
    return statements[0]


@contextmanager
def _interrupted_after(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt whatever the connection does in this block once the time is over."""
    finished = threading.Event()

    def watch() -> None:
        finished.wait(seconds)
        while not finished.is_set():
            connection.interrupt()  # Again and again: one call between two steps of the query would be lost.
            finished.wait(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


def _hint(connection: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str:
    if isinstance(error, duckdb.CatalogException) and "Table with name" in str(error):
        return f"There are: {', '.join(relations(connection))}."
    if isinstance(error, duckdb.PermissionException):
        return "The published database can only be read, and no other file; `inflows export` writes files."
    return "`describe TABLE` lists columns; docs/warehouse.md explains them."
