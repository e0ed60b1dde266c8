"""The files of ethereum-etl and BigQuery's crypto_ethereum: found, told by their columns, decoded to text."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from inflows.errors import UsageError
from inflows.sources import recognise
from inflows.sources.etl import ethereum as etl
from inflows.sources.formats import ReadRequest
from inflows.sources.jsonlines import json_line_batches
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import LINE, open_table, unreadable

DEFAULT_CHAIN: Final = "ethereum"
SUFFIXES: Final = (
    ".csv", ".csv.gz", ".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".parquet", ".pq",
)  # fmt: skip
FORMS: Final = (recognise.CSV, recognise.JSON_LINES, recognise.PARQUET)
_NAME: Final = re.compile(rf"({'|'.join(etl.COLUMNS)})(?![a-z])")


@dataclass
class Export:
    """What was found: by table, each file's name with its rows as text in Parquet."""

    chain: str
    tables: dict[str, list[tuple[str, Path]]] = field(
        default_factory=lambda: {name: [] for name in etl.COLUMNS}
    )

    def rows(self, table: str) -> pl.LazyFrame:
        """All rows of a table."""
        paths = [path for _, path in self.tables[table]]
        columns = (*etl.COLUMNS[table], LINE)
        return (
            pl.scan_parquet(paths, glob=False)
            if paths
            else pl.LazyFrame(schema=dict.fromkeys(columns, pl.String))
        )


def decoded(request: ReadRequest) -> Export:
    """Find the export's files and rewrite their columns as text; what is no table of it is warned of."""
    paths = expand(request.paths, SUFFIXES)
    given = expand([request.blocks], SUFFIXES) if request.blocks else []
    heads = {path: recognise.head_of(path) for path in [*paths, *given]}
    tables = {path: _table_of(path, heads[path]) for path in paths}
    known = [path for path, table in tables.items() if table]
    if not known:
        raise _nothing_to_read(paths, heads)
    for path, table in tables.items():
        if not table:
            request.warnings.append(f"{path.name} is not read: its columns are of no table of ethereum-etl.")
    tables.update(dict.fromkeys(given, "blocks"))
    if "blocks" not in tables.values():
        for path in sorted(
            file for folder in {path.parent for path in known} for file in folder.glob("blocks*")
        ):
            if path.name.endswith(SUFFIXES):
                tables[path], heads[path] = "blocks", recognise.head_of(path)
    export = Export(request.chain or DEFAULT_CHAIN)
    request.scratch.mkdir(parents=True, exist_ok=True)
    for number, (path, table) in enumerate(sorted(tables.items())):
        if table:
            target = request.scratch / f"{number:06}.parquet"
            _decode(path, heads[path], table, target)
            export.tables[table].append((name_of(path), target))
            request.counted(files=1)
    return export


def _nothing_to_read(paths: list[Path], heads: dict[Path, recognise.Head]) -> UsageError:
    for path in paths:
        other = recognise.other_format(str(path), heads[path], etl.SOURCE, FORMS)
        if other is not None:
            return other
    return UsageError(
        f"{', '.join(path.name for path in paths[:3])}: no file has the columns of a table of ethereum-etl.",
        f"Its tables are {', '.join(etl.COLUMNS)}, as CSV, JSON lines or Parquet. Nothing was stored.",
    )


def _table_of(path: Path, head: recognise.Head) -> str:
    """By the columns; where they tell nothing, by the name (the error then says which column is missing)."""
    other = recognise.known(head)
    if other is not None and other.input_format != etl.SOURCE:
        return ""
    match = _NAME.match(path.name)
    return recognise.etl_table(head.columns) or (match[1] if match else "")


def _decode(path: Path, head: recognise.Head, table: str, target: Path) -> None:
    """Write the columns that are read as text into Parquet, with LINE for what is no row."""
    columns = etl.COLUMNS[table]
    try:
        if path.stat().st_size == 0:
            raise UsageError(f"{path} is empty.", "Leave it out, or fetch it again.")
        if head.form == recognise.JSON_LINES or (".csv" not in path.name and head.form != recognise.PARQUET):
            _decode_json_lines(path, table, target)
            return
        found = open_table(path)
        _check(path, table, set(found.columns))
        missing = [pl.lit(None, dtype=pl.String).alias(c) for c in columns if c not in found.columns]
        texts = [etl.as_text(c, found.columns[c]) for c in columns if c in found.columns]
        try:
            found.frame.with_columns(*missing, *texts).select(*columns, LINE).sink_parquet(
                target, compression="lz4"
            )
        except pl.exceptions.PolarsError as error:
            raise found.failures[0] if found.failures else unreadable(path, error) from None
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise unreadable(path, error) from None


def _decode_json_lines(path: Path, table: str, target: Path) -> None:
    columns = etl.COLUMNS[table]
    parts = [part for part in json_line_batches(path, columns) if part.height]
    if parts:
        present = {c for c in columns if any(part[c].null_count() < part.height for part in parts)}
        _check(path, table, present)
    frame = pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys((*columns, LINE), pl.String))
    frame.write_parquet(target, compression="lz4")


def _check(path: Path, table: str, present: set[str]) -> None:
    may_lack = {*etl.OPTIONAL, *etl.OF_SOME_ROWS.get(table, ())}
    missing = [c for c in etl.COLUMNS[table] if c not in present and c not in may_lack]
    if missing:
        raise UsageError(
            f"{path} has no column '{missing[0]}'.",
            f"A file of {table} needs {', '.join(c for c in etl.COLUMNS[table] if c not in etl.OPTIONAL)}.",
        )
