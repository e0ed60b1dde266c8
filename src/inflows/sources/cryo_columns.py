"""`cryo`: the datasets erc20_transfers, logs and native_transfers of cryo, with the times of its blocks.

Read by column names, whatever the files are called. Binary columns may be hex text (`--hex`), and a u256
comes in one or more forms (`--u256-types`), of which the best is taken. Source: cryo's crates/freeze,
datasets/ and types/dataframes/creation.rs.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.sources.aws.ethereum import own_row, whole_number
from inflows.sources.etl.ethereum import etl_time
from inflows.sources.evm_logs import decode_transfer_logs, hex_to_digits
from inflows.sources.table_files import LINE

SOURCE: Final = "cryo"

TRANSFERS: Final = ("block_number", "transaction_hash", "from_address", "to_address")
TOPICS: Final = ("topic0", "topic1", "topic2", "topic3")
NEEDED: Final = {
    "erc20_transfers": (*TRANSFERS, "log_index", "erc20"),
    "native_transfers": (*TRANSFERS, "transfer_index"),
    "logs": ("block_number", "transaction_hash", "log_index", "address", *TOPICS, "data"),
    "transactions": ("transaction_hash", "success"),
    "blocks": ("block_number", "timestamp"),
}
"""The datasets that are read, told apart by the first whose columns are all there."""

EXACT_FORMS: Final = ("value_string", "value_binary", "value_u256binary", "value_d128")
FORMS: Final = (*EXACT_FORMS, "value_f64", "value_u64", "value_f32", "value_u32")
"""The forms of an amount, the best first."""
WRAPPED_FORMS: Final = {"value_u64": 64, "value_u32": 32}
"""Forms that hold the amount modulo a power of two: larger amounts cannot be told."""

TIME: Final = "block_timestamp"
"""Looked up: the time of the row's block."""
SUCCESS: Final = "_success"
"""Looked up: whether the row's transaction succeeded (null: not known)."""
TOP: Final = "_top"
"""Whether the row is the transaction's own transfer, which is the first of its traces."""

_ZERO_WORD: Final = "0x" + "0" * 64
"""What cryo writes for the contract that a failed creation did not create."""


def dataset_of(columns: dict[str, pl.DataType]) -> str:
    """Which dataset a file holds, by its columns; empty: none that is read."""
    names = {*columns, *(("block_number",) if "number" in columns else ())}
    return next((dataset for dataset, needed in NEEDED.items() if set(needed) <= names), "")


def amount_form(columns: dict[str, pl.DataType]) -> str:
    """The best form of the amounts that a file has; empty: none."""
    return next((form for form in FORMS if form in columns), "")


def normal(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Transfers with hashes and addresses as 0x-hex, integers as integers, and the amount as `_amount`."""
    types = dict(rows.collect_schema())
    present = [name for name in ("log_index", "transfer_index") if name in types]
    addresses = ["from_address", "to_address", *(["erc20"] if "erc20" in types else [])]
    return rows.select(
        pl.col("block_number", *present).cast(pl.Int64, strict=False),
        hex_text("transaction_hash", types).alias("transaction_hash"),
        *(_address(hex_text(name, types)).alias(name) for name in addresses),
        amount(types).alias("_amount"),
        *(name for name in (LINE,) if name in types),
    )


def normal_logs(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Logs as evm_logs reads them: hex text, the topics as a list."""
    types = dict(rows.collect_schema())
    topics = pl.concat_list(hex_text(name, types) for name in TOPICS)
    return rows.select(
        pl.col("block_number", "log_index").cast(pl.Int64, strict=False),
        hex_text("transaction_hash", types).alias("transaction_hash"),
        hex_text("address", types).alias("address"),
        topics.list.drop_nulls().alias("topics"),
        hex_text("data", types).fill_null("0x").alias("data"),
        *(name for name in (LINE,) if name in types),
    )


def logs_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """logs (normal_logs), with TIME: token transfers among all logs, as of any other source of logs."""
    return own_row(
        decode_transfer_logs(rows),
        chain,
        SOURCE,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("contract"),
        amount_raw=pl.col("amount_raw"),
        given=pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .when(pl.col("reason").is_not_null())
        .then("reason")
        .when(pl.col(TIME).is_null())
        .then(pl.lit("block_unknown")),
    )


def erc20_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """erc20_transfers (normal), with TIME."""
    return own_row(
        rows,
        chain,
        SOURCE,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("erc20"),
        amount_raw=pl.col("_amount"),
        given=pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .when(pl.col(TIME).is_null())
        .then(pl.lit("block_unknown")),
    )


def native_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """native_transfers (normal), with TIME, SUCCESS and TOP.

    The first row of a transaction is its own value: kind `native`; the others are calls below it: `trace`,
    with cryo's transfer_index. Rows without a transaction are rewards, set aside.
    """
    return own_row(
        rows,
        chain,
        SOURCE,
        tx_hash=pl.col("transaction_hash"),
        position=pl.when(TOP).then(0).otherwise(pl.col("transfer_index")),
        kind=pl.when(TOP).then(pl.lit("native")).otherwise(pl.lit("trace")),
        contract=pl.lit(""),
        amount_raw=pl.col("_amount"),
        given=pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .when(pl.col("transaction_hash").fill_null("") == "")
        .then(pl.lit("no_transaction"))
        .when(pl.col("_amount").str.contains(r"^0+$"))
        .then(pl.lit("zero_value"))
        .when(~pl.col(SUCCESS) | (pl.col("to_address") == _ZERO_WORD))
        .then(pl.lit("failed"))
        .when(pl.col(TIME).is_null())
        .then(pl.lit("block_unknown")),
    )


def block_times(rows: pl.LazyFrame) -> pl.LazyFrame:
    """block_number with TIME; seconds since 1970, instants as text, and timestamps are times."""
    types = rows.collect_schema()
    number = "block_number" if "block_number" in types else "number"
    return rows.select(pl.col(number).cast(pl.Int64, strict=False).alias("block_number"), _time(types))


def _time(types: pl.Schema) -> pl.Expr:
    kind, time = types["timestamp"], pl.col("timestamp")
    if isinstance(kind, pl.Datetime):
        utc = time.dt.convert_time_zone("UTC") if kind.time_zone else time.dt.replace_time_zone("UTC")
        return utc.cast(pl.Datetime("us", "UTC")).alias(TIME)
    return etl_time(time.cast(pl.String)).alias(TIME)


def hex_text(name: str, types: dict[str, pl.DataType]) -> pl.Expr:
    """A binary or hex column as 0x-hex in lower case; empty text is null."""
    value = pl.col(name)
    if types[name] == pl.Binary:
        return pl.lit("0x") + value.bin.encode("hex")
    text = value.cast(pl.String).str.strip_chars().str.to_lowercase().str.strip_prefix("0x")
    return pl.when(text != "").then(pl.lit("0x") + text)


def amount(types: dict[str, pl.DataType]) -> pl.Expr:
    """The amount as digits, of the best form that is there."""
    form = amount_form(types)
    value = pl.col(form)
    if form in ("value_binary", "value_u256binary"):
        word = hex_text(form, types).str.strip_prefix("0x")
        whole = word.str.contains(r"^[0-9a-f]{1,64}$")
        return pl.when(whole).then(hex_to_digits(pl.when(whole).then(word)))
    if form in ("value_f64", "value_f32"):
        return whole_number(value.cast(pl.Float64, strict=False))
    return value.cast(pl.String).str.strip_chars().str.replace(r"\.0+$", "")


def _address(text: pl.Expr) -> pl.Expr:
    """20 bytes, also where the 32 of a topic were kept."""
    return (
        pl.when(text.str.contains(r"^0x0{24}[0-9a-f]{40}$") & (text != _ZERO_WORD))
        .then(pl.concat_str(pl.lit("0x"), text.str.tail(40)))
        .otherwise(text)
    )
