"""The same blocks as public dumps write them: AWS's Ethereum tables, and cryo's datasets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from inflows.sources.evm_logs import TRANSFER_TOPIC

A, B, C, TOKEN = ("0x" + digit * 40 for digit in "abcd")
T1, T2, T3 = ("0x" + digit * 64 for digit in "123")
NOON = dt.datetime(2024, 3, 31, 12)  # noqa: DTZ001 - the public schema has no zone
BIG = 2**256 - 1

TIMESTAMP = pa.timestamp("ns")
AWS_TYPES: dict[str, dict[str, pa.DataType]] = {
    "token_transfers": {
        "token_address": pa.string(),
        "from_address": pa.string(),
        "to_address": pa.string(),
        "value": pa.float64(),
        "transaction_hash": pa.string(),
        "log_index": pa.int64(),
        "block_timestamp": TIMESTAMP,
        "block_number": pa.int64(),
        "block_hash": pa.string(),
    },
    "logs": {
        "log_index": pa.int64(),
        "transaction_hash": pa.string(),
        "transaction_index": pa.int64(),
        "address": pa.string(),
        "data": pa.string(),
        "topics": pa.list_(pa.string()),
        "block_timestamp": TIMESTAMP,
        "block_number": pa.int64(),
        "block_hash": pa.string(),
    },
    "transactions": {
        "hash": pa.string(),
        "nonce": pa.int64(),
        "transaction_index": pa.int64(),
        "from_address": pa.string(),
        "to_address": pa.string(),
        "value": pa.float64(),
        "input": pa.string(),
        "receipt_contract_address": pa.string(),
        "receipt_status": pa.int64(),
        "block_timestamp": TIMESTAMP,
        "block_number": pa.int64(),
        "block_hash": pa.string(),
    },
    "traces": {
        "transaction_hash": pa.string(),
        "transaction_index": pa.int64(),
        "from_address": pa.string(),
        "to_address": pa.string(),
        "value": pa.float64(),
        "input": pa.string(),
        "output": pa.string(),
        "trace_type": pa.string(),
        "call_type": pa.string(),
        "reward_type": pa.string(),
        "gas": pa.float64(),
        "subtraces": pa.int64(),
        "trace_address": pa.string(),
        "error": pa.string(),
        "status": pa.int64(),
        "block_timestamp": TIMESTAMP,
        "block_number": pa.int64(),
        "block_hash": pa.string(),
        "trace_id": pa.string(),
    },
}
"""Column types of the public schema; the partition column `date` stands in the path alone."""


def aws_row(table: str, **changes: Any) -> dict[str, Any]:
    """A row of a table: a transfer of 5 from A to B in block 100, at noon."""
    usual: dict[str, Any] = {
        "token_address": TOKEN,
        "address": TOKEN,
        "from_address": A,
        "to_address": B,
        "value": 5.0,
        "hash": T1,
        "transaction_hash": T1,
        "log_index": 0,
        "block_timestamp": NOON,
        "block_number": 100,
        "topics": [TRANSFER_TOPIC, word(A), word(B)],
        "data": word(5),
        "receipt_status": 1,
        "trace_type": "call",
        "call_type": "call",
        "trace_address": None,
        "status": 1,
    }
    row = {**usual, **changes}
    return {name: row.get(name) for name in AWS_TYPES[table]}


def write_aws(
    folder: Path, table: str, rows: Iterable[Mapping[str, Any]], *, date: str = "2024-03-31", part: int = 0
) -> Path:
    """A day's file of a table as the public bucket holds it."""
    types = AWS_TYPES[table]
    path = folder / table / f"date={date}" / f"part-{part:05}-7a1c.c000.snappy.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    found = list(rows)
    columns = {name: pa.array([row[name] for row in found], kind) for name, kind in types.items()}
    pq.write_table(pa.table(columns), path, compression="snappy")
    return path


def word(number: int | str) -> str:
    """32 bytes as hex: of a number, or of an address."""
    digits = f"{number:x}" if isinstance(number, int) else number.removeprefix("0x")
    return "0x" + digits.rjust(64, "0")


def raw(text: str | None) -> bytes | None:
    """The bytes of 0x-hex."""
    return None if text is None else bytes.fromhex(text.removeprefix("0x"))


def write_cryo(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    *,
    hexed: bool = False,
    forms: tuple[str, ...] = ("binary", "string", "f64"),
    chain_id: int | None = 1,
) -> Path:
    """A dataset of cryo: hashes and addresses as bytes (or hex), `value` in the forms asked for."""
    columns: dict[str, pa.Array] = {}
    found = list(rows)
    for name in found[0]:
        values = [row[name] for row in found]
        if name == "value":
            for form in forms:
                columns[f"value_{form}"] = _u256(values, form, hexed=hexed)
        elif any(isinstance(value, str) for value in values):
            columns[name] = (
                pa.array(values, pa.string())
                if hexed
                else pa.array([raw(value) for value in values], pa.binary())
            )
        elif isinstance(values[0], bool):
            columns[name] = pa.array(values, pa.bool_())
        else:
            columns[name] = pa.array(values, pa.uint32())
    if chain_id is not None:
        columns["chain_id"] = pa.array([chain_id] * len(found), pa.uint64())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, compression="lz4")
    return path


def _u256(values: list[int], form: str, *, hexed: bool) -> pa.Array:
    if form in ("binary", "u256binary"):
        words = [raw(word(value)) for value in values]
        return (
            pa.array(["0x" + (w or b"").hex() for w in words], pa.string())
            if hexed
            else pa.array(words, pa.binary())
        )
    if form == "string":
        return pa.array([str(value) for value in values], pa.string())
    kinds = {"f64": pa.float64(), "f32": pa.float32(), "u64": pa.uint64(), "u32": pa.uint32()}
    if form in ("u64", "u32"):
        return pa.array([value % 2 ** int(form[1:]) for value in values], kinds[form])
    return pa.array([float(value) for value in values], pa.float64()).cast(kinds[form])


def cryo_blocks(numbers: Iterable[int], *, at: dt.datetime = NOON) -> list[dict[str, Any]]:
    """Rows of cryo's blocks, each 12 seconds after the one before; the first at `at`."""
    found = list(numbers)
    start = int(at.replace(tzinfo=dt.UTC).timestamp())
    return [
        {
            "block_hash": word(number),
            "block_number": number,
            "gas_used": 1,
            "timestamp": start + 12 * place,
        }
        for place, number in enumerate(found)
    ]
