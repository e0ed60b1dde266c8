"""The tables of ethereum-etl, as pure functions: what their rows say in our columns.

Each `…_as_own` function takes the columns of the export as text, with what was looked up for the row, and
gives the columns of our own format, which own_format then normalises: one meaning, in one place. The column
GIVEN carries a reason that is known before that.

Sources: ethereum-etl's schema.md (token_transfers without times, receipts apart from transactions), EIP-4895
(withdrawals in Gwei), EIP-658 (status 1 and 0).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

import polars as pl

from inflows.chains import EVM_ZERO
from inflows.contracts.schema import UTC_TIME
from inflows.sources import evm_traces
from inflows.sources.evm_logs import decode_transfer_logs
from inflows.sources.own_format import normalise
from inflows.sources.own_format.normalise import GIVEN
from inflows.sources.table_files import LINE
from inflows.times import instant, may_be_of_a_block

SOURCE: Final = "ethereum-etl"

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "blocks": ("number", "hash", "parent_hash", "timestamp", "withdrawals"),
    "receipts": ("transaction_hash", "status", "contract_address"),
    "transactions": (
        "hash", "block_number", "from_address", "to_address", "value", "block_timestamp", "receipt_status",
        "receipt_contract_address",
    ),
    "token_transfers": (
        "token_address", "from_address", "to_address", "value", "transaction_hash", "log_index",
        "block_number", "block_timestamp",
    ),
    "logs": ("log_index", "transaction_hash", "address", "data", "topics", "block_number", "block_timestamp"),
    "traces": (
        "block_number", "transaction_hash", "from_address", "to_address", "value", "trace_type", "call_type",
        "trace_address", "error", "status", "block_timestamp",
    ),
}  # fmt: skip
"""The columns that are read, by table."""

OPTIONAL: Final = (
    "parent_hash", "withdrawals", "block_timestamp", "receipt_status", "receipt_contract_address",
    "contract_address",
)  # fmt: skip
"""Columns that some exports leave out."""
OF_SOME_ROWS: Final[dict[str, tuple[str, ...]]] = {
    "transactions": ("to_address",),
    "traces": ("transaction_hash", "from_address", "to_address", "call_type", "trace_address", "error"),
}
"""Columns without a value in any row of some files (creations, rewards): JSON lines leave them out."""

TIME: Final = "_block_time"
"""The time of the row's block, looked up in blocks (null: not known)."""
STATUS: Final = "_status"
CREATED: Final = "_created"
"""Status and created contract of the row's transaction, looked up in receipts."""
IS_NFT: Final = "_is_nft"
"""Whether a log says that the token transfer of the same key moved an NFT."""


def token_transfers_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """token_transfers, with TIME and IS_NFT."""
    return _as_own(
        rows,
        chain,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("token_address"),
        amount_raw=pl.col("value"),
        given=pl.when(IS_NFT).then(pl.lit("nft")),
    )


def logs_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """logs, with TIME; `topics` is text joined by commas."""
    return _as_own(
        decode_transfer_logs(rows.with_columns(topics=topics_list(pl.col("topics")))),
        chain,
        tx_hash=pl.col("transaction_hash"),
        position=pl.col("log_index"),
        kind=pl.lit("token"),
        contract=pl.col("contract"),
        amount_raw=pl.col("amount_raw"),
        given=pl.col("reason"),
    )


def transactions_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """transactions, with TIME, STATUS and CREATED: native transfers.

    A transaction of no value is a call and no transfer; a failed one moves nothing. The value of a creation
    goes to the created contract.
    """
    to = pl.col("to_address").fill_null("").str.strip_chars()
    created = pl.coalesce(_filled("receipt_contract_address"), _filled(CREATED))
    status = pl.coalesce(_filled("receipt_status"), _filled(STATUS))
    return _as_own(
        rows.with_columns(to_address=pl.when(to == "").then(created).otherwise(to)),
        chain,
        tx_hash=pl.col("hash"),
        position=pl.lit("0"),
        kind=pl.lit("native"),
        contract=pl.lit(""),
        amount_raw=pl.col("value"),
        given=pl.when(pl.col("value").str.contains(r"^\s*0+(?:\.0*)?\s*$"))
        .then(pl.lit("zero_value"))
        .when(status == "0")
        .then(pl.lit("failed"))
        .when((status != "1").fill_null(True))
        .then(pl.lit("status_unknown")),
    )


def typed_traces(rows: pl.LazyFrame) -> pl.LazyFrame:
    """traces as evm_traces reads them: `status` as an integer, `value` as digits."""
    return rows.with_columns(
        pl.col("status").str.strip_chars().cast(pl.Int64, strict=False),
        normalise.whole_amount(pl.col("value").fill_null("").str.strip_chars()).alias("value"),
    )


def traces_as_own(rows: pl.LazyFrame, chain: str, failed: pl.DataFrame | None) -> pl.LazyFrame:
    """traces, with TIME: native transfers and internal ones. `failed`: see evm_traces."""
    value = pl.col("value")
    found = evm_traces.traces_as_own(
        typed_traces(rows),
        chain,
        SOURCE,
        failed,
        amount=value,
        is_zero=value.str.contains(r"^0*$"),
        block_time=pl.col(TIME),
    )
    return found.with_columns(
        pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .when(pl.col(GIVEN).is_null() & pl.col("block_time").is_null())
        .then(pl.lit("block_unknown"))
        .otherwise(GIVEN)
        .alias(GIVEN)
    )


def withdrawals_as_own(rows: pl.LazyFrame, chain: str) -> pl.LazyFrame:
    """Withdrawals (of `split_withdrawals`), with TIME: out of nothing, from Gwei to wei."""
    return _as_own(
        rows.with_columns(from_address=pl.lit(EVM_ZERO), to_address=pl.col("address")),
        chain,
        tx_hash=pl.lit(""),
        position=pl.col("index"),
        kind=pl.lit("withdrawal"),
        contract=pl.lit(""),
        amount_raw=pl.col("amount") + "000000000",
        given=pl.when(pl.col("index").is_null()).then(pl.lit("bad_withdrawals")),
    )


def split_withdrawals(blocks: pl.DataFrame) -> pl.DataFrame:
    """One row a withdrawal: block_number, index, address, amount (Gwei), TIME; not readable: index is null.

    JSON lines have a list, CSV files the same objects without the brackets.
    """
    rows: list[tuple[str | None, ...]] = []
    for number, text in blocks.select("number", "withdrawals").iter_rows():
        if not (text or "").strip("[] \t"):
            continue
        try:
            found = json.loads(text if text.startswith("[") else f"[{text}]")
            rows += [
                (number, *(_digits(item[name]) for name in ("index", "address", "amount")), None)
                for item in found
            ]
        except (ValueError, TypeError, KeyError):
            rows.append((number, None, None, None, text))
    names = ("block_number", "index", "address", "amount", "withdrawals")
    split = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    times = blocks.select(pl.col("number").alias("block_number"), TIME).unique("block_number")
    return split.join(times, on="block_number", how="left", validate="m:1", maintain_order="left")


def topics_list(text: pl.Expr) -> pl.Expr:
    """Topics as a list: joined by commas, with or without the brackets and quotes of a printed list."""
    plain = text.fill_null("").str.replace_all(r"[\[\]'\"\s]", "")
    return plain.str.split(",").list.filter(pl.element() != "")


def as_text(name: str, kind: pl.DataType) -> pl.Expr:
    """A column of Parquet as the text that a CSV file would hold.

    Decimals (BigQuery's NUMERIC) of whole numbers are exact at any size; floating point is taken as such.
    """
    value = pl.col(name)
    if isinstance(kind, pl.Datetime):
        utc = value.dt.convert_time_zone("UTC") if kind.time_zone else value
        return utc.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    if isinstance(kind, pl.Decimal):
        return value.cast(pl.String).str.replace(r"\.0*$", "")
    if kind == pl.Binary:
        return pl.lit("0x") + value.bin.encode("hex")
    if isinstance(kind, pl.List):
        element = pl.element()
        text = element.struct.json_encode() if isinstance(kind.inner, pl.Struct) else element.cast(pl.String)
        return value.list.eval(text).list.join(",")
    return value.cast(pl.String)


def etl_time(text: pl.Expr) -> pl.Expr:
    """Seconds since 1970, or an instant as text (BigQuery exports), as UTC; null where it is neither."""
    seconds = text.str.strip_chars().str.extract(r"^([0-9]{1,11})$").cast(pl.Int64)
    return pl.coalesce(
        (seconds * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), instant(text)
    ).cast(UTC_TIME)


def read_blocks(rows: pl.LazyFrame, chain: str, coverage: Iterable[pl.Expr]) -> pl.LazyFrame:
    """blocks, with TIME, as delivered columns of the blocks dataset; `coverage` are its has_… columns."""
    number = pl.col("number").str.strip_chars().str.extract(r"^([0-9]{1,18})$").cast(pl.Int64)
    block_hash, parent = (pl.col(name).fill_null("").str.to_lowercase() for name in ("hash", "parent_hash"))
    return rows.select(
        pl.lit(chain).alias("chain"),
        number.alias("block_number"),
        pl.col(TIME).alias("block_time"),
        block_hash.alias("block_hash"),
        parent.alias("parent_hash"),
        *coverage,
        pl.lit(False).alias("has_labelled"),
        pl.lit("").alias("labelled_set"),
        pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .when(number.is_null())
        .then(pl.lit("bad_block_number"))
        .when(~may_be_of_a_block(pl.col(TIME)).fill_null(False))
        .then(pl.lit("bad_block_time"))
        .when(~block_hash.str.contains(r"^0x[0-9a-f]{64}$"))
        .then(pl.lit("bad_block_hash"))
        .when(~parent.str.contains(r"^(0x[0-9a-f]{64})?$"))
        .then(pl.lit("bad_parent_hash"))
        .alias("reason"),
    )


def _as_own(
    rows: pl.LazyFrame,
    chain: str,
    *,
    tx_hash: pl.Expr,
    position: pl.Expr,
    kind: pl.Expr,
    contract: pl.Expr,
    amount_raw: pl.Expr,
    given: pl.Expr,
) -> pl.LazyFrame:
    """Our own columns of a table; a row whose block's time is known nowhere says so."""
    no_time = pl.when(pl.col(TIME).is_null()).then(pl.lit("block_unknown"))
    return rows.select(
        pl.lit(chain).alias("chain"),
        "block_number",
        pl.col(TIME).alias("block_time"),
        tx_hash.alias("tx_hash"),
        position.alias("position"),
        kind.alias("kind"),
        contract.alias("contract"),
        "from_address",
        "to_address",
        amount_raw.alias("amount_raw"),
        pl.lit(SOURCE).alias("source"),
        LINE,
        pl.when(pl.col(LINE).is_not_null())
        .then(pl.lit("not_readable"))
        .otherwise(pl.coalesce(given, no_time))
        .alias(GIVEN),
    )


def _filled(name: str) -> pl.Expr:
    """A column without its empty texts."""
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def _digits(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
