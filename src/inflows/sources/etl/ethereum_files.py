"""The tables of ethereum-etl: looked up in each other, and delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from inflows.raw.delivery import Delivery
from inflows.sources import fast_path
from inflows.sources.aws.ethereum import normalise_table
from inflows.sources.batching import in_batches
from inflows.sources.blocks_read import ranges, within
from inflows.sources.etl import ethereum as etl
from inflows.sources.etl.read_tables import FORMS, SUFFIXES, Export, decoded
from inflows.sources.evm_logs import decode_transfer_logs
from inflows.sources.evm_traces import failed_calls
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.own_format import normalise
from inflows.sources.table_files import LINE


def deliver(request: ReadRequest) -> Iterator[Delivery]:
    """Transfers of all tables first, then the blocks with what was delivered of them."""
    export = decoded(request)
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
    failed = failed_calls([etl.typed_traces(export.rows("traces"))]) if export.tables["traces"] else None
    for name, path in export.tables["traces"]:
        yield _traces(name, _with_time(pl.scan_parquet(path, glob=False), times), failed, export.chain)
    yield from _blocks(export, receipts)


FORMAT: Final = InputFormat(
    name="ethereum-etl",
    summary="ethereum-etl's tables and BigQuery's crypto_ethereum, CSV, JSON lines or Parquet",
    deliver=deliver,
    suffixes=SUFFIXES,
    forms=FORMS,
)


def _times(export: Export) -> pl.LazyFrame:
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


def _receipts(export: Export) -> pl.LazyFrame:
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


def _nft_keys(export: Export) -> pl.LazyFrame:
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
    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        """Normalise the rows as our own, and keep as JSON what was read of the bad ones."""
        rows = as_own(batch.lazy(), chain).collect(engine="in-memory")
        return fast_path.normalise_batch(
            rows, batch.select(*etl.COLUMNS.get(table, batch.columns), LINE), [chain]
        )

    frame = in_batches(rows, normalise_batch, "transfers")
    return Delivery("transfers", frame, name)


def _traces(name: str, rows: pl.LazyFrame, failed: pl.DataFrame | None, chain: str) -> Delivery:
    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        """Set aside what moves nothing, and keep as JSON what was read of the bad ones."""
        delivered = batch.select(*etl.COLUMNS["traces"], LINE)
        return normalise_table(
            batch,
            lambda rows, of: etl.traces_as_own(rows, of, failed),
            chain,
            exact=True,
            delivered=delivered,
        )

    return Delivery("transfers", in_batches(rows, normalise_batch, "transfers"), name)


def _blocks(export: Export, receipts: pl.LazyFrame) -> Iterator[Delivery]:
    """Withdrawals, and the blocks with what was read of them."""
    read = _coverage(export, receipts)
    for name, path in export.tables["blocks"]:
        rows = pl.scan_parquet(path, glob=False).with_columns(
            etl.etl_time(pl.col("timestamp")).alias(etl.TIME)
        )
        frame = rows.filter(pl.col(LINE).is_null(), pl.col("withdrawals").is_not_null()).collect()
        if frame.height:
            yield _withdrawals(name, etl.split_withdrawals(frame), export.chain)

        def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
            """The rows of the blocks dataset, and as JSON what was read of the bad ones."""
            number = batch["number"].str.strip_chars().cast(pl.Int64, strict=False)
            flags = [
                pl.lit(within(number, read["token"])).alias("has_token"),
                pl.lit(
                    within(number, read["native"])
                    & ~number.is_in(read["native_unknown"].implode()).fill_null(False)
                ).alias("has_native"),
                pl.lit(within(number, read["trace"])).alias("has_trace"),
                pl.col("withdrawals").is_not_null().alias("has_withdrawal"),
                pl.lit(False).alias("has_utxo"),
            ]
            normalised = etl.read_blocks(batch.lazy(), export.chain, flags).collect(engine="in-memory")
            return normalise.with_rows(normalised, batch.select(*etl.COLUMNS["blocks"], LINE))

        yield Delivery(
            "blocks",
            in_batches(rows, normalise_batch, "blocks"),
            name,
        )


def _withdrawals(name: str, rows: pl.DataFrame, chain: str) -> Delivery:
    normalised = normalise.normalise_transfers(
        etl.withdrawals_as_own(rows.lazy().with_columns(pl.lit(None, dtype=pl.String).alias(LINE)), chain),
        [chain],
    ).collect()
    return Delivery("transfers", normalise.with_rows(normalised, rows.drop(etl.TIME)).lazy(), name)


def _coverage(export: Export, receipts: pl.LazyFrame) -> dict[str, pl.Series]:
    """Ranges of blocks that were read, by kind, and the blocks with transactions of unknown status."""
    tokens = [path for table in ("token_transfers", "logs") for _, path in export.tables[table]]
    traces = [path for _, path in export.tables["traces"]]
    native = [path for _, path in export.tables["transactions"]] + traces
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
        "trace": ranges(traces),
        "native_unknown": unknown["block_number"].drop_nulls(),
    }
