"""Our own format's files: transfers or UTXO entries, CSV or Parquet, told apart by their columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import polars as pl

from inflows.chains import with_canonical_chains
from inflows.errors import UsageError
from inflows.raw.delivery import Delivery
from inflows.sources import fast_path
from inflows.sources.batching import in_batches
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.own_format import normalise
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import Table, open_table
from inflows.times import not_understood

_SUFFIXES: Final = (".csv", ".csv.gz", ".parquet", ".pq")


def deliver(request: ReadRequest) -> Iterator[Delivery]:
    """One delivery a file; every file's columns are looked at before the first row is read."""
    tables = [open_table(path) for path in expand(request.paths, _SUFFIXES)]
    datasets = [_dataset(table) for table in tables]
    request.counted(files=len(tables))
    for table, dataset in zip(tables, datasets, strict=True):
        yield _delivery(table, dataset, request.warnings)


FORMAT: Final = InputFormat(
    name="inflows",
    summary="our own transfers or UTXO entries, CSV or Parquet",
    deliver=deliver,
    spans=True,
)


def _delivery(table: Table, dataset: str, warnings: list[str]) -> Delivery:
    told = False

    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        """Batch by batch, so that only the forms of the chains that occur are tried."""
        nonlocal told
        named = with_canonical_chains(batch)
        chains = named["chain"].cast(pl.String).unique().to_list()
        if dataset == "transfers":
            normalised = fast_path.normalise_batch(named, batch, chains)
        else:
            normalised = normalise.with_rows(
                normalise.normalise_utxo(named.lazy(), chains).collect(engine="in-memory"), batch
            )
        if not told and (time := _time_not_understood(normalised)):
            told = True
            warnings.append(
                f"{name_of(table.path)}: the block_time '{time[:40]}' is not read: {not_understood(time)}. "
                "Write times as 2024-06-30T12:00:00Z (UTC)."
            )
        return normalised

    frame = in_batches(table.frame, normalise_batch, dataset)
    return Delivery(dataset, frame, name_of(table.path), table.failures)


def _time_not_understood(normalised: pl.DataFrame) -> str:
    """The first text that is no time among rows that are kept back for it; empty: there is none."""
    rows = normalised.filter(pl.col("reason") == "bad_block_time")["row"].head(1)
    found = json.loads(rows[0]).get("block_time") if len(rows) else None
    return found if isinstance(found, str) else ""


def _dataset(table: Table) -> str:
    """Tell what a file holds by its columns, and refuse columns that are missing, unknown or inexact."""
    names = set(table.columns)
    dataset = "utxo" if {"side", "is_coinbase", "address"} & names else "transfers"
    needed = normalise.UTXO if dataset == "utxo" else normalise.TRANSFERS
    allowed = (
        f"A {dataset} file has the columns {', '.join(needed)}, and may have {', '.join(normalise.OPTIONAL)}."
    )
    missing = [name for name in needed if name not in names]
    if missing:
        raise UsageError(f"{table.path} has no column {_quoted(missing)}.", f"{allowed} Nothing was stored.")
    unknown = sorted(names - {*needed, *normalise.OPTIONAL})
    if unknown:
        raise UsageError(
            f"{table.path} has the unknown column {_quoted(unknown)}.", f"{allowed} Nothing was stored."
        )
    for name, kind in table.columns.items():
        problem = _wrong_type(name, kind)
        if problem:
            raise UsageError(
                f"{table.path}: the column '{name}' is of type {kind}, but {problem}.", "Nothing was stored."
            )
    return dataset


def _wrong_type(name: str, kind: pl.DataType) -> str:
    """What the column should be, if it is not; text will do for every column."""
    if kind in (pl.String, pl.Null, pl.Categorical, pl.Enum):
        return ""
    if name == "chain":
        return "" if kind.is_integer() else "it must be text, or EIP-155 numbers"
    if name == "block_time":
        return "" if kind in (pl.Datetime, pl.Date) else "times must be text or timestamps"
    if name == "amount_raw":
        exact = kind.is_integer() or (isinstance(kind, pl.Decimal) and kind.scale == 0)
        return "" if exact else "amounts must be exact: text, integers, or decimals of scale 0"
    if name in ("block_number", "position"):
        return "" if kind.is_integer() else "numbers of blocks and positions must be integers or text"
    if name == "is_coinbase":
        return "" if kind == pl.Boolean or kind.is_integer() else "it must be true or false"
    return "it must be text"


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
