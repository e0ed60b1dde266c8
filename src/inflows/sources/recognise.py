"""What a file is by its content, whatever its name says: its form, its columns, and the format that has them.

One recogniser for all readers: a file in the wrong format is told by what it is, and by what reads it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from inflows.errors import UsageError

_HEAD_BYTES: Final = 1 << 20
CSV, JSON_LINES, JSON, PARQUET, UNKNOWN = "CSV", "JSON lines", "JSON", "Parquet", ""

ETL_TABLES: Final[dict[str, tuple[str, ...]]] = {
    "traces": ("trace_type", "value", "block_number"),
    "token_transfers": (
        "token_address",
        "from_address",
        "to_address",
        "value",
        "transaction_hash",
        "log_index",
    ),
    "logs": ("log_index", "transaction_hash", "address", "data", "topics"),
    "receipts": ("transaction_hash", "status", "gas_used"),
    "blocks": ("number", "hash", "timestamp"),
    "transactions": ("hash", "from_address", "value", "block_number"),
}
"""The columns that tell the tables of ethereum-etl and BigQuery's crypto_ethereum apart, the first first."""


@dataclass(frozen=True)
class Head:
    """What the beginning of a file tells: its form, and its columns (of text alike: as text)."""

    form: str
    columns: Mapping[str, pl.DataType]


@dataclass(frozen=True)
class Known:
    """A kind of file: in words, with the command that reads it, and its name where `ingest files` does."""

    words: str
    remedy: str
    input_format: str = ""


def head_of(path: Path) -> Head:
    """Form and columns of a file; both empty where nothing is recognised."""
    try:
        with path.open("rb") as handle:
            start = handle.read(4)
        if start == b"PAR1":
            return Head(PARQUET, _parquet_columns(path))
        opener = gzip.open if start[:2] == b"\x1f\x8b" else Path.open
        with opener(path, "rb") as handle:
            return _text_head(handle.read(_HEAD_BYTES))
    except (
        OSError,
        EOFError,
        ValueError,
        RecursionError,
        zlib.error,
        csv.Error,
        pa.ArrowException,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ):
        return Head(UNKNOWN, {})


def etl_table(columns: Mapping[str, object]) -> str:
    """Which table of ethereum-etl has these columns; empty: none."""
    return next((table for table, names in ETL_TABLES.items() if set(names) <= set(columns)), "")


def known(head: Head) -> Known | None:
    """Which kind of file has this head, or None."""
    columns = head.columns
    for words, input_format, needed in _TRANSFERS:
        if set(needed) <= set(columns):
            return _of(words, input_format)
    if {"hash", "inputs", "outputs"} <= set(columns):
        aws = "address" in entry_fields(columns["inputs"]) or "address" in entry_fields(columns["outputs"])
        return (
            _of("btc/transactions of the AWS public blockchain data", "aws-btc-transactions")
            if aws
            else _of("bitcoin-etl's form", "bitcoin-etl")
        )
    if table := etl_table(columns):
        value = columns.get("value")
        if head.form == PARQUET and value is not None and value.is_float():
            name = f"aws-eth-{table.replace('_', '-')}"
            return _of(f"eth/{table} of the AWS public blockchain data", name)
        return _of(f"ethereum-etl's form ({table})", "ethereum-etl")
    for words, remedy, needed in _OTHERS:
        if set(needed) <= set(columns):
            return Known(words, remedy)
    return None


def other_format(name: str, head: Head, asked: str, forms: Sequence[str]) -> UsageError | None:
    """The error that says what a file is, where it is of another format or form than was asked for.

    forms: those that the format is read in.
    """
    found = known(head)
    if found is not None and found.input_format != asked:
        form = f"{head.form}, " if head.form not in forms else ""
        return UsageError(f"{name} is not in the format {asked}: this is {form}{found.words}.", found.remedy)
    if head.form and head.form not in forms:
        return UsageError(
            f"{name} is not in the format {asked}: this is {head.form}, and {asked} is read as "
            f"{' or '.join(forms)}.",
            "Write it in one of these forms. Nothing was stored.",
        )
    if head.form not in (UNKNOWN, PARQUET) and name.endswith((".parquet", ".pq")):
        return UsageError(
            f"{name} is {head.form}, though its name says Parquet.", "Rename it. Nothing was stored."
        )
    return None


def entry_fields(kind: pl.DataType) -> tuple[str, ...]:
    """The names of the fields of a list of structs; none for other types."""
    inner = kind.inner if isinstance(kind, pl.List) else None
    return tuple(field.name for field in inner.fields) if isinstance(inner, pl.Struct) else ()


def _of(words: str, input_format: str) -> Known:
    return Known(words, f"Use --input-format {input_format}. Nothing was stored.", input_format)


_MOVES: Final = ("from_address", "to_address")
_TRANSFERS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("our own format (transfers)", "inflows", ("chain", "block_time", "tx_hash", "kind", "amount_raw")),
    ("our own format (UTXO entries)", "inflows", ("chain", "block_time", "tx_hash", "side", "amount_raw")),
    ("cryo's erc20_transfers", "cryo", ("transaction_hash", "log_index", "erc20", *_MOVES)),
    ("cryo's native_transfers", "cryo", ("transaction_hash", "transfer_index", *_MOVES)),
    ("cryo's logs", "cryo", ("transaction_hash", "log_index", "topic0", "topic1", "topic2", "data")),
)
_OTHERS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "a file of labels",
        "Use inflows labels import. Nothing was stored.",
        ("chain", "address", "exchange", "confidence"),
    ),
    ("a file of prices", "Use inflows prices import. Nothing was stored.", ("time", "price_usd")),
    (
        "CoinGecko's download of prices",
        "Use inflows prices import --input-format coingecko. Nothing was stored.",
        ("snapped_at", "price"),
    ),
    (
        "Binance's klines",
        "Use inflows prices import --input-format binance-klines. Nothing was stored.",
        ("open_time", "close", "close_time"),
    ),
    (
        "Yahoo Finance's table of prices",
        "Write the closes as our own prices (symbol, time, price_usd, source), each at the end of its day.",
        ("Date", "Open", "Close", "Adj Close"),
    ),
    (
        "CryptoDataDownload's table of prices",
        "Take the archive of data.binance.vision, or write our own prices (symbol, time, price_usd, source).",
        ("Unix", "Date", "Symbol", "Close"),
    ),
    ("a file of assets", "Use inflows assets import. Nothing was stored.", ("symbol", "decimals", "trusted")),
    (
        "a file of jurisdictions",
        "Use inflows jurisdictions import. Nothing was stored.",
        ("exchange", "jurisdiction", "basis"),
    ),
)


def _parquet_columns(path: Path) -> dict[str, pl.DataType]:
    empty = pl.from_arrow(pq.read_schema(path).empty_table())
    assert isinstance(empty, pl.DataFrame)
    return dict(empty.schema)


def _text_head(start: bytes) -> Head:
    text = start.decode("utf-8-sig", errors="ignore" if len(start) == _HEAD_BYTES else "strict")
    plain = text.lstrip()
    if plain[:1] == "[":
        return Head(JSON, {})
    if plain[:1] == "{":
        found, _ = json.JSONDecoder().raw_decode(plain)
        line = plain.partition("\n")[0]
        form = JSON_LINES if line.rstrip().endswith("}") else JSON
        return Head(form, {str(name): _kind_of(value) for name, value in found.items()})
    rows = csv.reader(io.StringIO(text))
    names = next(rows, [])
    if len(names) == 1 and names[0].startswith("http"):  # CryptoDataDownload signs its first line
        names = next(rows, [])
    if len(names) < 2 or "\0" in text:
        return Head(UNKNOWN, {})
    return Head(CSV, {name.strip(): pl.String() for name in names})


def _kind_of(value: Any) -> pl.DataType:
    if isinstance(value, dict):
        return pl.Struct({str(name): _kind_of(one) for name, one in value.items()})
    if isinstance(value, list):
        return pl.List(_kind_of(value[0]) if value else pl.Null())
    return pl.String()
