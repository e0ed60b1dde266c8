"""`aws-btc-transactions`: the table btc/transactions of the AWS public blockchain data, as UTXO entries.

One row a transaction, with its inputs and outputs as lists. Amounts are doubles in whole bitcoin. For amounts
up to all 21 million coins the nearest whole number of satoshi is the true one: neighbouring satoshi are 1e-8
apart there, doubles at most 3.8e-9, so a double stands nearest to one satoshi only, and multiplying it by 1e8
errs by less than half a satoshi (2.1e15 units times 2^-52 is 0.47). The rows are marked as approximate all
the same, because the amount came through a double: what a node says of the same entry wins.

No blocks are delivered: a file does not tell whether it holds all transactions of a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from inflows.addresses import ANY_FORM, address_form, canonical_address
from inflows.contracts.schema import UTC_TIME
from inflows.errors import UsageError
from inflows.raw.delivery import Delivery, delivered_columns
from inflows.sources.dumps import day_of
from inflows.sources.formats import InputFormat, ReadRequest
from inflows.sources.paths import expand, name_of
from inflows.sources.table_files import open_table
from inflows.times import may_be_of_a_block

SOURCE: Final = "aws-btc-transactions"
MOST_COINS: Final = 21_000_000

_COLUMNS: Final = (
    "hash", "block_number", "block_timestamp", "is_coinbase", "inputs", "outputs",
)  # fmt: skip
_ENTRY: Final = ("index", "address", "type", "value")
_NO_ADDRESS: Final = ("multisig", "nulldata", "nonstandard")
_SIDES: Final = {"in": "inputs", "out": "outputs"}


def deliver(request: ReadRequest) -> Iterator[Delivery]:
    """One delivery a file; every file's columns are looked at before the first row is read."""
    chain = request.chain or "bitcoin"
    tables = [open_table(path) for path in expand(request.paths, (".parquet", ".pq"))]
    for table in tables:
        check(str(table.path), table.columns)
    request.counted(files=len(tables))
    for table in tables:
        frame = table.frame.select(_COLUMNS).pipe(utxo_entries, chain)
        day = day_of(table.path.as_posix())
        yield Delivery("utxo", frame, name_of(table.path), table.failures, day=day)


FORMAT: Final = InputFormat(
    name=SOURCE,
    summary="btc/transactions of the AWS public blockchain data, Parquet",
    deliver=deliver,
    suffixes=(".parquet", ".pq"),
    forms=("Parquet",),
    columns=_COLUMNS,
    check=lambda name, columns: check(name, columns),
    by_day=True,
)


def utxo_entries(transactions: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """The entries of transactions (AWS's columns), normalised: contract UtxoEntries with reason and row.

    An entry that cannot be understood holds its whole transaction back: without it the rest would not add up.
    """
    numbered = transactions.with_row_index("_tx").with_columns(
        tx_hash=pl.col("hash").str.to_lowercase().str.strip_prefix("0x"),
        block_time=pl.col("block_timestamp").cast(UTC_TIME)
        if _has_zone(transactions)
        else pl.col("block_timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )
    # A coinbase transaction spends nothing, whatever its input is shown as.
    entries = pl.concat([_side(numbered, side, lists) for side, lists in _SIDES.items()]).filter(
        ~(pl.col("is_coinbase").fill_null(False) & (pl.col("side") == "in"))
    )
    normalised = entries.with_columns(reason=_reason(chain))
    return (
        normalised.with_columns(reason=pl.col("reason").drop_nulls().sort().first().over("_tx"))
        .with_columns(
            chain=pl.lit(chain),
            address=pl.when(_names_address()).then("address").otherwise(pl.lit("")),
            amount_raw=_satoshi().cast(pl.String),
            source=pl.lit(SOURCE),
            exact=pl.lit(False),
            row=pl.when(pl.col("reason").is_not_null()).then(_as_delivered()),
        )
        .select(pl.col(name).cast(kind) for name, kind in delivered_columns("utxo").items())
    )


def _side(transactions: pl.LazyFrame, side: str, lists: str) -> pl.LazyFrame:
    entry = pl.col(lists).struct
    return (
        transactions.select("_tx", "tx_hash", "block_number", "block_time", "is_coinbase", lists)
        .filter(pl.col(lists).list.len() > 0)
        .explode(lists)
        .select(
            "_tx",
            "tx_hash",
            pl.col("block_number").cast(pl.Int64),
            "block_time",
            "is_coinbase",
            pl.lit(side).alias("side"),
            entry.field("index").cast(pl.Int64).alias("position"),
            canonical_address(entry.field("address").cast(pl.String)).fill_null("").alias("address"),
            entry.field("type").cast(pl.String).fill_null("").str.to_lowercase().alias("type"),
            entry.field("value").cast(pl.Float64).alias("value"),
        )
    )


def _satoshi() -> pl.Expr:
    believable = pl.col("value").is_between(0, MOST_COINS)  # neither null nor NaN
    return pl.when(believable).then((pl.col("value") * 1e8).round().cast(pl.Int64, strict=False))


def _names_address() -> pl.Expr:
    """Whether the script names one owner; the export makes up `nonstandard…` for scripts that name none."""
    return ~pl.col("type").is_in(_NO_ADDRESS) & ~pl.col("address").str.starts_with("nonstandard")


def _reason(chain: str) -> pl.Expr:
    """The first thing that is wrong with an entry, or null."""
    checks = {
        "bad_tx_hash": pl.col("tx_hash").str.contains(ANY_FORM),
        "bad_block_number": pl.col("block_number") >= 0,
        "bad_block_time": may_be_of_a_block(pl.col("block_time")),
        "bad_is_coinbase": pl.col("is_coinbase").is_not_null(),
        "bad_position": pl.col("position") >= 0,
        "bad_address": ~_names_address()
        | (pl.col("address") == "")
        | pl.col("address").str.contains(address_form(chain)),
        "bad_amount": _satoshi().is_not_null(),
    }
    return pl.coalesce(
        pl.when(~holds.fill_null(False)).then(pl.lit(reason)) for reason, holds in checks.items()
    )


def _as_delivered() -> pl.Expr:
    names = ("tx_hash", "block_number", "block_time", "is_coinbase", "side", "position", "address", "value")
    return pl.struct(pl.col(name).cast(pl.String) for name in names).struct.json_encode()


def _has_zone(transactions: pl.LazyFrame) -> bool:
    kind = transactions.collect_schema()["block_timestamp"]
    return isinstance(kind, pl.Datetime) and kind.time_zone is not None


def check(name: str, columns: Mapping[str, pl.DataType]) -> None:
    """Refuse a file without the columns of the AWS table."""
    hint = "Give files of btc/transactions of the AWS public blockchain data. Nothing was stored."
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        raise UsageError(f"{name} has no column '{missing[0]}'.", hint)
    for lists in _SIDES.values():
        kind = columns[lists]
        inner = kind.inner if isinstance(kind, pl.List) else None
        fields = [field.name for field in inner.fields] if isinstance(inner, pl.Struct) else []
        absent = [entry for entry in _ENTRY if entry not in fields]
        if absent:
            raise UsageError(f"{name}: the column '{lists}' is no list of entries with '{absent[0]}'.", hint)
    if not columns["block_timestamp"].is_temporal():
        raise UsageError(f"{name}: the column 'block_timestamp' holds no timestamps.", hint)
