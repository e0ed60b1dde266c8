"""`bitcoin-etl`: transactions of bitcoin-etl and of BigQuery's crypto_bitcoin, as UTXO entries, exactly.

One row a transaction, with its inputs and outputs as lists; `addresses` is a list, and `value` is in whole
satoshi. A script that names several owners, or none, has no address here. An entry that cannot be understood
holds its whole transaction back: without it the rest would not add up.

No blocks are delivered: a file does not tell whether it holds all transactions of a block.
Source: bitcoin-etl's schema (README, docs/schema.md), BigQuery's export options (NUMERIC as decimals).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from inflows.errors import UsageError
from inflows.raw.delivery import Delivery
from inflows.sources import recognise
from inflows.sources.batching import in_batches
from inflows.sources.etl.bitcoin_rows import COLUMNS, ENTRY, SIDES, json_table, texts
from inflows.sources.etl.ethereum import etl_time
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.own_format import normalise
from inflows.sources.own_format.normalise import GIVEN
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import LINE, Table, open_table

SOURCE: Final = "bitcoin-etl"
FORMS: Final = (recognise.JSON_LINES, recognise.PARQUET)
SUFFIXES: Final = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".parquet", ".pq")
_NO_ADDRESS: Final = ("multisig", "nulldata", "nonstandard")
_NOT_ENRICHED: Final = (
    "{} has inputs without a value, and such transactions are kept back: write them with bitcoinetl "
    "enrich_transactions, or take BigQuery's crypto_bitcoin.transactions."
)


def deliver(request: ReadRequest) -> Iterator[Delivery]:
    """One delivery a file of transactions; every file's head is looked at before the first row is read."""
    paths = expand(request.paths, SUFFIXES)
    heads = {path: recognise.head_of(path) for path in paths}
    chosen = [path for path in paths if _is_ours(heads[path])]
    if not chosen:
        for path in paths:
            if other := recognise.other_format(str(path), heads[path], SOURCE, FORMS):
                raise other
        raise UsageError(
            f"{', '.join(path.name for path in paths[:3])}: no file holds transactions of bitcoin-etl, with "
            "lists of inputs and outputs that have addresses and value.",
            "Give JSON lines or Parquet. Nothing was stored.",
        )
    for path in paths:
        if path not in chosen:
            request.warnings.append(
                f"{path.name} is not read: it holds no transactions with their inputs and outputs."
            )
    tables = [_opened(path, heads[path]) for path in chosen]
    request.counted(files=len(tables))
    for table in tables:
        yield _delivery(table, request.chain or "bitcoin", request.warnings)


FORMAT: Final = InputFormat(
    name=SOURCE,
    summary="transactions of bitcoin-etl and BigQuery's crypto_bitcoin, JSON lines or Parquet",
    deliver=deliver,
    suffixes=SUFFIXES,
    forms=FORMS,
)


def _is_ours(head: recognise.Head) -> bool:
    found = recognise.known(head)
    return found is not None and found.input_format == SOURCE and head.form in FORMS


def _opened(path: Path, head: recognise.Head) -> Table:
    """The transactions of a file as text, in the columns of `texts`."""
    if head.form == recognise.JSON_LINES:
        return json_table(path)
    table = open_table(path)
    for column in (*COLUMNS, *SIDES.values()):
        if column not in table.columns:
            raise UsageError(f"{path} has no column '{column}'.", "Export it again. Nothing was stored.")
    for column in SIDES.values():
        absent = [name for name in ENTRY if name not in recognise.entry_fields(table.columns[column])]
        if absent:
            raise UsageError(
                f"{path}: the column '{column}' is no list of entries with '{absent[0]}'.",
                "Nothing was stored.",
            )
    return Table(path, table.columns, texts(table), table.rows, table.failures)


def _delivery(table: Table, chain: str, warnings: list[str]) -> Delivery:
    told = _NOT_ENRICHED.format(name_of(table.path))

    def normalise_batch(batch: pl.DataFrame) -> pl.DataFrame:
        rows = entries(batch)
        valueless = (rows["side"] == "in") & (rows["amount_raw"].fill_null("") == "")
        if valueless.any() and told not in warnings:
            warnings.append(told)
        return normalise_entries(rows, chain)

    return Delivery(
        "utxo", in_batches(table.frame, normalise_batch, "utxo"), name_of(table.path), table.failures
    )


def entries(transactions: pl.DataFrame) -> pl.DataFrame:
    """The entries of transactions (columns of `texts`), with _tx: which transaction each is of.

    A coinbase transaction spends nothing, whatever its input is shown as.
    """
    numbered = transactions.with_row_index("_tx")
    is_coinbase = pl.col("is_coinbase").fill_null("").str.to_lowercase() == "true"
    parts = [
        numbered.filter(pl.col(LINE).is_null(), pl.col(lists).list.len() > 0)
        .filter(~is_coinbase if side == "in" else pl.lit(True))
        .select("_tx", *COLUMNS, LINE, pl.lit(side).alias("side"), pl.col(lists).alias("_entry"))
        .explode("_entry")
        .unnest("_entry")
        for side, lists in SIDES.items()
    ]
    lines = numbered.filter(pl.col(LINE).is_not_null()).select("_tx", LINE)
    rows = pl.concat([*parts, lines], how="diagonal")
    kind = pl.col("type").fill_null("").str.to_lowercase()
    one = pl.col("addresses").list.len() == 1
    address = pl.col("addresses").list.get(0, null_on_oob=True)
    names_owner = one & ~kind.is_in(_NO_ADDRESS) & ~address.str.starts_with("nonstandard")
    return rows.select(
        "_tx",
        "block_number",
        etl_time(pl.col("block_timestamp")).alias("block_time"),
        pl.col("hash").str.strip_prefix("0x").alias("tx_hash"),
        "is_coinbase",
        "side",
        pl.col("index").alias("position"),
        pl.when(names_owner.fill_null(False)).then(address).otherwise(pl.lit("")).alias("address"),
        pl.col("value").alias("amount_raw"),
        LINE,
    )


def normalise_entries(rows: pl.DataFrame, chain: str) -> pl.DataFrame:
    """Entries as our own; what is wrong with one of them is the reason for its whole transaction."""
    unread = pl.when(pl.col(LINE).is_not_null()).then(pl.lit("not_readable"))
    ours = rows.drop("_tx").with_columns(
        chain=pl.lit(chain), source=pl.lit(SOURCE), **{GIVEN: unread.cast(pl.String)}
    )
    found = normalise.normalise_utxo(ours.lazy(), [chain]).collect(engine="in-memory")
    whole = found.with_columns(rows["_tx"]).with_columns(
        reason=pl.col("reason").drop_nulls().sort().first().over("_tx")
    )
    return normalise.with_rows(whole.drop("_tx"), rows.drop("_tx"))
