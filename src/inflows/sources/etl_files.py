"""The files of ethereum-etl: recognised by name, decoded to text, looked up in each other, and delivered."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from inflows.errors import UsageError
from inflows.raw.delivery import Delivery
from inflows.sources import ethereum_etl as etl
from inflows.sources import own, usual
from inflows.sources.blocks_read import ranges, within
from inflows.sources.evm_logs import decode_transfer_logs
from inflows.sources.formats import Format, Order
from inflows.sources.jsonlines import json_line_batches
from inflows.sources.paths import expand, name_of
from inflows.sources.streaming import in_batches
from inflows.sources.tables import LINE, open_table, unreadable

DEFAULT_CHAIN: Final = "ethereum"
_SUFFIXES: Final = (".csv", ".csv.gz", ".json", ".json.gz", ".jsonl", ".jsonl.gz")
_NAME: Final = re.compile(r"(token_transfers|transactions|receipts|blocks|logs)(?![a-z])")


@dataclass
class _Export:
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


def deliver(order: Order) -> Iterator[Delivery]:
    """Transfers of all tables first, then the blocks with what was delivered of them."""
    export = _decoded(order)
    times = _times(export)
    nfts = _nft_keys(export)
    receipts = _receipts(export)
    for name, path in export.tables["token_transfers"]:
        rows = _with_time(pl.scan_parquet(path, glob=False), times).join(
            nfts, on=["block_number", "transaction_hash", "log_index"], how="left", validate="m:1"
        )
        yield _transfers(name, rows, "token_transfers", etl.token_transfers_as_own, export.chain)
    for name, path in export.tables["logs"]:
        rows = _with_time(pl.scan_parquet(path, glob=False), times)
        yield _transfers(name, rows, "logs", etl.logs_as_own, export.chain)
    for name, path in export.tables["transactions"]:
        rows = (
            _with_time(pl.scan_parquet(path, glob=False), times)
            .with_columns(_hash=pl.col("hash").str.to_lowercase())
            .join(receipts, on="_hash", how="left", validate="m:1")
        )
        yield _transfers(name, rows, "transactions", etl.transactions_as_own, export.chain)
    yield from _blocks(export, receipts)


FORMAT: Final = Format(
    name="ethereum-etl",
    summary="ethereum-etl's blocks, transactions, token_transfers, logs and receipts, CSV or JSON lines",
    deliver=deliver,
    suffixes=_SUFFIXES,
)


def _decoded(order: Order) -> _Export:
    """Find the export's files and rewrite their columns as text; those of other names are warned of."""
    paths = expand(order.paths, _SUFFIXES)
    given = expand([order.blocks], _SUFFIXES) if order.blocks else []
    tables = {path: _table_of(path) for path in paths}
    known = [path for path, table in tables.items() if table]
    if not known:
        raise UsageError(
            f"{', '.join(path.name for path in paths[:3])}: no file is named like one of ethereum-etl.",
            "Names begin with blocks, transactions, token_transfers, logs or receipts.",
        )
    for path, table in tables.items():
        if not table:
            order.warnings.append(f"{path.name} is not read: its name begins with no table of ethereum-etl.")
    tables.update(dict.fromkeys(given, "blocks"))
    if "blocks" not in tables.values():
        beside = {folder for path in known for folder in [path.parent]}
        for path in sorted(file for folder in beside for file in folder.glob("blocks*")):
            if path.name.endswith(_SUFFIXES):
                tables[path] = "blocks"
    export = _Export(order.chain or DEFAULT_CHAIN)
    order.scratch.mkdir(parents=True, exist_ok=True)
    for number, (path, table) in enumerate(sorted(tables.items())):
        if table:
            target = order.scratch / f"{number:06}.parquet"
            _decode(path, table, target)
            export.tables[table].append((name_of(path), target))
            order.counted(files=1)
    return export


def _table_of(path: Path) -> str:
    match = _NAME.match(path.name)
    return match[1] if match else ""


def _decode(path: Path, table: str, target: Path) -> None:
    """Write the columns that are read as text into Parquet, with LINE for what is no row."""
    columns = etl.COLUMNS[table]
    try:
        if path.name.removesuffix(".gz").endswith(".csv"):
            found = open_table(path)
            _check(path, table, set(found.columns))
            missing = [pl.lit(None, dtype=pl.String).alias(c) for c in columns if c not in found.columns]
            try:
                found.frame.with_columns(missing).select(*columns, LINE).sink_parquet(
                    target, compression="lz4"
                )
            except pl.exceptions.PolarsError as error:
                raise found.failures[0] if found.failures else unreadable(path, error) from None
            return
        if path.stat().st_size == 0:
            raise UsageError(f"{path} is empty.", "Leave it out, or fetch it again.")
        _decode_json_lines(path, table, target)
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
    missing = [c for c in etl.COLUMNS[table] if c not in present and c not in etl.OPTIONAL]
    if table == "transactions":
        missing = [c for c in missing if c != "to_address"]  # null in every row of a file of creations
    if missing:
        raise UsageError(
            f"{path} has no column '{missing[0]}'.",
            f"A file of {table} needs {', '.join(c for c in etl.COLUMNS[table] if c not in etl.OPTIONAL)}.",
        )


def _times(export: _Export) -> pl.LazyFrame:
    """The time of each block; a block that two files give different times has none."""
    return (
        export.rows("blocks")
        .filter(pl.col(LINE).is_null())
        .select(pl.col("number").alias("block_number"), etl.etl_time(pl.col("timestamp")).alias("_looked_up"))
        .group_by("block_number")
        .agg(
            pl.when(pl.col("_looked_up").n_unique() == 1)
            .then(pl.col("_looked_up").first())
            .alias("_looked_up")
        )
    )


def _with_time(rows: pl.LazyFrame, times: pl.LazyFrame) -> pl.LazyFrame:
    """Add TIME: what the row says itself, else what the blocks say."""
    return (
        rows.join(times, on="block_number", how="left", validate="m:1")
        .with_columns(pl.coalesce(etl.etl_time(pl.col("block_timestamp")), "_looked_up").alias(etl.TIME))
        .drop("_looked_up")
    )


def _receipts(export: _Export) -> pl.LazyFrame:
    """Status and created contract by transaction: of receipts, and of transactions that some file tells of.

    A transaction that two files give different statuses has none.
    """
    rows = [export.rows("receipts").select("transaction_hash", "status", "contract_address")]
    transactions = export.rows("transactions")
    if transactions.select(pl.col("receipt_status").is_null().any()).collect().item():
        rows.append(
            transactions.filter(pl.col("receipt_status").fill_null("") != "").select(
                pl.col("hash").alias("transaction_hash"),
                pl.col("receipt_status").alias("status"),
                pl.col("receipt_contract_address").alias("contract_address"),
            )
        )
    created = pl.col("contract_address")
    return (
        pl.concat(rows)
        .group_by(pl.col("transaction_hash").str.to_lowercase().alias("_hash"))
        .agg(
            pl.when(pl.col("status").n_unique() == 1).then(pl.col("status").first()).alias(etl.STATUS),
            created.filter(created != "").min().alias(etl.CREATED),
        )
    )


def _nft_keys(export: _Export) -> pl.LazyFrame:
    """Block, transaction and log index of the transfers that the logs say are of NFTs."""
    return (
        decode_transfer_logs(export.rows("logs").with_columns(topics=etl.topics_list(pl.col("topics"))))
        .filter(pl.col("reason") == "nft")
        .select("block_number", "transaction_hash", "log_index", pl.lit(True).alias(etl.IS_NFT))
        .unique()
    )


def _transfers(
    name: str,
    rows: pl.LazyFrame,
    table: str,
    as_own: Callable[[pl.LazyFrame, str], pl.LazyFrame],
    chain: str,
) -> Delivery:
    def judge(batch: pl.DataFrame) -> pl.DataFrame:
        """Judge the rows as our own, and keep as JSON what was read of the bad ones."""
        rows = as_own(batch.lazy(), chain).collect(engine="in-memory")
        return usual.judge(rows, batch.select(*etl.COLUMNS.get(table, batch.columns), LINE), [chain])

    frame = in_batches(rows, judge, "transfers")
    return Delivery("transfers", frame, name)


def _blocks(export: _Export, receipts: pl.LazyFrame) -> Iterator[Delivery]:
    """Withdrawals, and the blocks with what was read of them."""
    read = _coverage(export, receipts)
    for name, path in export.tables["blocks"]:
        rows = pl.scan_parquet(path, glob=False).with_columns(
            etl.etl_time(pl.col("timestamp")).alias(etl.TIME)
        )
        frame = rows.filter(pl.col(LINE).is_null(), pl.col("withdrawals").is_not_null()).collect()
        if frame.height:
            yield _withdrawals(name, etl.split_withdrawals(frame), export.chain)

        def judge(batch: pl.DataFrame) -> pl.DataFrame:
            """The rows of the blocks dataset, and as JSON what was read of the bad ones."""
            number = batch["number"].str.strip_chars().cast(pl.Int64, strict=False)
            flags = [
                pl.lit(within(number, read["token"])).alias("has_token"),
                pl.lit(
                    within(number, read["native"])
                    & ~number.is_in(read["native_unknown"].implode()).fill_null(False)
                ).alias("has_native"),
                pl.lit(False).alias("has_trace"),
                pl.col("withdrawals").is_not_null().alias("has_withdrawal"),
                pl.lit(False).alias("has_utxo"),
            ]
            judged = etl.read_blocks(batch.lazy(), export.chain, flags).collect(engine="in-memory")
            return own.with_rows(judged, batch.select(*etl.COLUMNS["blocks"], LINE))

        yield Delivery(
            "blocks",
            in_batches(rows, judge, "blocks"),
            name,
        )


def _withdrawals(name: str, rows: pl.DataFrame, chain: str) -> Delivery:
    judged = own.normalise_transfers(
        etl.withdrawals_as_own(rows.lazy().with_columns(pl.lit(None, dtype=pl.String).alias(LINE)), chain),
        [chain],
    ).collect()
    return Delivery("transfers", own.with_rows(judged, rows.drop(etl.TIME)).lazy(), name)


def _coverage(export: _Export, receipts: pl.LazyFrame) -> dict[str, pl.Series]:
    """Ranges of blocks that were read, by kind, and the blocks with transactions of unknown status."""
    tokens = [path for table in ("token_transfers", "logs") for _, path in export.tables[table]]
    native = [path for _, path in export.tables["transactions"]]
    unknown = (
        export.rows("transactions")
        .with_columns(_hash=pl.col("hash").str.to_lowercase())
        .join(receipts, on="_hash", how="left", validate="m:1")
        .filter(pl.coalesce("receipt_status", etl.STATUS).is_in(["0", "1"]).fill_null(False).not_())
        .select(pl.col("block_number").cast(pl.Int64, strict=False))
        .unique()
        .collect()
    )
    return {
        "token": ranges(tokens),
        "native": ranges(native),
        "native_unknown": unknown["block_number"].drop_nulls(),
    }
