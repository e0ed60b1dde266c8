"""The files of cryo: told apart by their columns, looked up in each other, and delivered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from inflows.chains import CHAIN_IDS
from inflows.errors import UsageError
from inflows.raw.delivery import Delivery
from inflows.sources import cryo_columns
from inflows.sources.aws.ethereum import evm_chain, normalise_table
from inflows.sources.batching import in_batches
from inflows.sources.blocks_read import merged, within
from inflows.sources.etl import ethereum as etl
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.own_format import normalise
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import LINE, Table, open_table

SUFFIXES: Final = (".parquet", ".pq", ".csv", ".csv.gz")
_RANGE: Final = re.compile(r"__(\d+)_to_(\d+)")
_MOVES: Final = ("erc20_transfers", "logs", "native_transfers")
"""The datasets that tell of transfers."""
_MORE: Final = (
    "cryo's native_transfers tell neither delegatecalls nor, without --exclude-failed, failed calls from "
    "transfers: what such calls carry is counted. Traces of a node (ingest evm --traces) have no such doubt."
)


@dataclass
class _Export:
    """What was found: the tables of each dataset, and the chain that they are of."""

    chain: str = ""
    tables: dict[str, list[Table]] = field(default_factory=lambda: {name: [] for name in cryo_columns.NEEDED})


def deliver(request: ReadRequest) -> Iterator[Delivery]:
    """Transfers first, then the blocks with what was delivered of them."""
    export = _found(request)
    times = _times(export)
    succeeded = _successes(export)
    for table in export.tables["erc20_transfers"]:
        rows = _with_times(cryo_columns.normal(table.frame), times)
        yield _transfers(table, rows, cryo_columns.erc20_as_own, export.chain)
    for table in export.tables["logs"]:
        yield _transfers(
            table,
            _with_times(cryo_columns.normal_logs(table.frame), times),
            cryo_columns.logs_as_own,
            export.chain,
        )
    for table in export.tables["native_transfers"]:
        index = pl.col("transfer_index")
        rows = (
            _with_times(cryo_columns.normal(table.frame), times)
            .join(succeeded, on="transaction_hash", how="left", validate="m:1", maintain_order="left")
            .with_columns(
                (index == index.min().over("block_number", "transaction_hash")).alias(cryo_columns.TOP)
            )
        )
        yield _transfers(table, rows, cryo_columns.native_as_own, export.chain)
    yield from _blocks(export)


FORMAT: Final = InputFormat(
    name=cryo_columns.SOURCE,
    summary="cryo's erc20_transfers, logs, native_transfers and blocks, Parquet or CSV, binary or hex",
    deliver=deliver,
    suffixes=SUFFIXES,
)


def _found(request: ReadRequest) -> _Export:
    """Find the export's files; those of other datasets are warned of."""
    export = _Export()
    given = expand([request.blocks], SUFFIXES) if request.blocks else []
    unread = []
    for path in [*expand(request.paths, SUFFIXES), *given]:
        table = open_table(path)
        dataset = cryo_columns.dataset_of(table.columns)
        if not dataset:
            unread.append(name_of(path))
            continue
        if path in given and dataset != "blocks":
            raise UsageError(f"{path} holds no blocks.", "Give a file with block_number and timestamp.")
        if dataset.endswith("_transfers"):
            _check_amounts(path, table, request)
        export.tables[dataset].append(table)
    moves = [table for dataset in _MOVES for table in export.tables[dataset]]
    if not moves:
        names = ", ".join(unread[:3]) or ", ".join(str(path) for path in request.paths[:3])
        raise UsageError(
            f"{names}: no file has the columns of cryo's {', '.join(_MOVES[:-1])} or {_MOVES[-1]}.",
            "Give files of these datasets and of blocks, with their default columns. Nothing was stored.",
        )
    if not export.tables["blocks"]:
        raise UsageError(
            "cryo's transfers have no times, and no file of its blocks was given.",
            "Export the dataset blocks too, and give it among the paths or with --blocks.",
        )
    for name in unread:
        request.warnings.append(f"{name} is not read: its columns are of no dataset that is read here.")
    if export.tables["native_transfers"]:
        request.warnings.append(_MORE)
    export.chain = _chain(request, moves)
    request.counted(files=sum(len(tables) for tables in export.tables.values()))
    return export


def _check_amounts(path: Path, table: Table, request: ReadRequest) -> None:
    form = cryo_columns.amount_form(table.columns)
    if not form:
        raise UsageError(
            f"{path} has no column of amounts ({', '.join(cryo_columns.FORMS[:3])}, …).",
            "Export it with --u256-types binary. Nothing was stored.",
        )
    if form in cryo_columns.WRAPPED_FORMS:
        request.warnings.append(
            f"{name_of(path)} holds amounts as {form} alone, modulo 2^{cryo_columns.WRAPPED_FORMS[form]}: "
            "larger ones are wrong, and nothing tells which. Export it with --u256-types binary."
        )


def _chain(request: ReadRequest, moves: list[Table]) -> str:
    """The chain that all files are of: as they say, and as the user says."""
    names = {number: name for name, number in CHAIN_IDS.items()}
    said = None if request.chain is None else evm_chain(request.chain)
    for table in moves:
        if "chain_id" not in table.columns:
            if said is None:
                raise UsageError(f"{table.path} does not tell its chain.", "Name it with --chain.")
            continue
        ids = table.frame.filter(pl.col(LINE).is_null()).select(pl.col("chain_id").cast(pl.Int64)).unique()
        for number in sorted(ids.collect()["chain_id"].drop_nulls()):
            name = names.get(number)
            expected = said and CHAIN_IDS.get(said)
            if (said is None and name is None) or (expected is not None and expected != number):
                raise UsageError(
                    f"{table.path} is of chain id {number}{f' ({name})' if name else ''}"
                    + (f", not of {said}." if said else ", which is not known here."),
                    "Give files of one chain, and its name with --chain. Nothing was stored.",
                )
            if said is None:
                said = evm_chain(name)
    return said or evm_chain(None)


def _times(export: _Export) -> pl.LazyFrame:
    """The time of each block; a block that two files give different times has none."""
    time = pl.col(cryo_columns.TIME)
    return (
        pl.concat([cryo_columns.block_times(table.frame) for table in export.tables["blocks"]])
        .drop_nulls("block_number")
        .group_by("block_number")
        .agg(pl.when(time.n_unique() == 1).then(time.first()).alias(cryo_columns.TIME))
    )


def _with_times(rows: pl.LazyFrame, times: pl.LazyFrame) -> pl.LazyFrame:
    return rows.join(times, on="block_number", how="left", validate="m:1", maintain_order="left")


def _successes(export: _Export) -> pl.LazyFrame:
    """Whether each transaction succeeded, where the dataset `transactions` was given too."""
    known = [
        table.frame.select(
            cryo_columns.hex_text("transaction_hash", table.columns).alias("transaction_hash"),
            pl.col("success")
            .cast(pl.String)
            .str.to_lowercase()
            .is_in(["true", "1"])
            .alias(cryo_columns.SUCCESS),
        )
        for table in export.tables["transactions"]
    ]
    schema = {"transaction_hash": pl.String(), cryo_columns.SUCCESS: pl.Boolean()}
    return (
        pl.concat([pl.LazyFrame(schema=schema), *known])
        .group_by("transaction_hash")
        .agg(pl.col(cryo_columns.SUCCESS).all())
    )


def _transfers(
    table: Table, rows: pl.LazyFrame, as_own: Callable[[pl.LazyFrame, str], pl.LazyFrame], chain: str
) -> Delivery:
    exact = (
        as_own is cryo_columns.logs_as_own
        or cryo_columns.amount_form(table.columns) in cryo_columns.EXACT_FORMS
    )

    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        return normalise_table(batch, as_own, chain, exact=exact)

    frame = in_batches(rows, normalise_batch, "transfers")
    return Delivery("transfers", frame, name_of(table.path), table.failures)


def _blocks(export: _Export) -> Iterator[Delivery]:
    """The blocks, where their hashes were exported, with what was read of them."""
    token = _ranges(export.tables["erc20_transfers"] + export.tables["logs"])
    native = _ranges(export.tables["native_transfers"])
    for table in export.tables["blocks"]:
        hashes = next((name for name in ("block_hash", "hash") if name in table.columns), "")
        if not hashes:
            continue
        parent = (
            cryo_columns.hex_text("parent_hash", table.columns)
            if "parent_hash" in table.columns
            else pl.lit(None, dtype=pl.String)
        )
        rows = table.frame.select(
            cryo_columns.hex_text(hashes, table.columns).alias("hash"),
            parent.alias("parent_hash"),
            _number(table).alias("number"),
            pl.col("timestamp"),
            LINE,
        )
        yield _read_blocks(name_of(table.path), rows, token, native, export.chain)


def _number(table: Table) -> pl.Expr:
    return pl.col("block_number" if "block_number" in table.columns else "number").cast(pl.String)


def _read_blocks(name: str, rows: pl.LazyFrame, token: pl.Series, native: pl.Series, chain: str) -> Delivery:
    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        number = batch["number"].cast(pl.Int64, strict=False)
        flags = [
            pl.lit(within(number, token)).alias("has_token"),
            pl.lit(within(number, native)).alias("has_native"),
            pl.lit(within(number, native)).alias("has_trace"),
            pl.lit(False).alias("has_withdrawal"),
            pl.lit(False).alias("has_utxo"),
        ]
        timed = batch.lazy().with_columns(
            cryo_columns.block_times(batch.lazy()).collect()[cryo_columns.TIME].alias(etl.TIME)
        )
        found = etl.read_blocks(timed, chain, flags).collect(engine="in-memory")
        return normalise.with_rows(found, batch)

    frame = in_batches(rows, normalise_batch, "blocks")
    return Delivery("blocks", frame, name)


def _ranges(tables: list[Table]) -> pl.Series:
    """First and last block of each file: by its name as cryo gives it, else by its rows."""
    found = []
    for table in tables:
        named = _RANGE.search(table.path.name)
        if named:
            found.append([int(named[1]), int(named[2])])
            continue
        number = pl.col("block_number").cast(pl.Int64, strict=False)
        first, last = table.frame.select(number.min().alias("a"), number.max().alias("b")).collect().row(0)
        if first is not None:
            found.append([first, last])
    return pl.Series("range", merged(found), dtype=pl.List(pl.Int64))
