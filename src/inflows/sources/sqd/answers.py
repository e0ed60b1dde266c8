"""Lines of an answer as tables: headers, logs, transactions, traces, withdrawals, inputs and outputs.

One line is one block; it goes from JSON into columns without ever being Python objects. No network here.
"""

from __future__ import annotations

import re
from typing import Final

import orjson
import polars as pl

from inflows.errors import Inconsistent

_Fields = dict[str, pl.DataType | type[pl.DataType]]

_HEADER: Final[_Fields] = {
    "number": pl.Int64,
    "hash": pl.String,
    "parentHash": pl.String,
    "timestamp": pl.Int64,
}
_WITHDRAWAL: Final[_Fields] = {"index": pl.String, "address": pl.String, "amount": pl.String}
LISTS: Final[dict[str, dict[str, _Fields]]] = {
    "evm": {
        "logs": {
            "logIndex": pl.Int64,
            "transactionHash": pl.String,
            "address": pl.String,
            "topics": pl.List(pl.String),
            "data": pl.String,
        },
        "transactions": {
            "transactionIndex": pl.Int64,
            "hash": pl.String,
            "from": pl.String,
            "to": pl.String,
            "value": pl.String,
            "status": pl.Int64,
            "contractAddress": pl.String,
        },
        "traces": {
            "transactionIndex": pl.Int64,
            "traceAddress": pl.List(pl.Int64),
            "type": pl.String,
            "error": pl.String,
            "action": pl.Struct(
                {
                    "from": pl.String,
                    "to": pl.String,
                    "value": pl.String,
                    "callType": pl.String,
                    "address": pl.String,
                    "refundAddress": pl.String,
                    "balance": pl.String,
                }
            ),
            "result": pl.Struct({"address": pl.String}),
        },
    },
    "bitcoin": {
        "transactions": {"transactionIndex": pl.Int64, "txid": pl.String},
        "inputs": {
            "transactionIndex": pl.Int64,
            "inputIndex": pl.Int64,
            "type": pl.String,
            "prevoutValue": pl.String,
            "prevoutScriptPubKeyAddress": pl.String,
        },
        "outputs": {
            "transactionIndex": pl.Int64,
            "outputIndex": pl.Int64,
            "value": pl.String,
            "scriptPubKeyAddress": pl.String,
        },
    },
}
KEYS: Final = {
    "blocks": ("block_number",),
    "withdrawals": ("block_number", "index"),
    "logs": ("block_number", "logIndex"),
    "transactions": ("block_number", "transactionIndex"),
    "traces": ("block_number", "transactionIndex", "traceAddress"),
    "inputs": ("block_number", "transactionIndex", "inputIndex"),
    "outputs": ("block_number", "transactionIndex", "outputIndex"),
}
"""What names a row of each table; two rows of one key must be equal."""
_COINS: Final = re.compile(rb'("(?:value|prevoutValue)"\s*:\s*)(-?[0-9][0-9.eE+-]*)')

_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999."""
_LAST_BLOCK: Final = 10**15

Tables = dict[str, pl.DataFrame]


def shown(text: str) -> str:
    """What a server said, as it may stand in a message: short, and nothing that a terminal obeys."""
    return "".join(c if c.isprintable() else "?" for c in text[:80])


def read_lines(lines: bytes, kind: str, *, name: str, withdrawals: bool = False) -> Tables:
    """The tables of whole lines; `blocks` is always there. Inconsistent where a line is no block.

    All tables have block_number. Amounts of Bitcoin are text as they were written, never a float.
    """
    if kind == "bitcoin":
        lines = _COINS.sub(rb'\1"\2"', lines)
    header: _Fields = {**_HEADER, **({"withdrawals": pl.List(pl.Struct(_WITHDRAWAL))} if withdrawals else {})}
    schema: _Fields = {"header": pl.Struct(header)}
    # What no line has is not looked for: half the time where logs are all there is.
    lists = {table: fields for table, fields in LISTS[kind].items() if f'"{table}"'.encode() in lines}
    schema |= {table: pl.List(pl.Struct(fields)) for table, fields in lists.items()}
    try:
        found = pl.read_ndjson(lines, schema=schema)
    except pl.exceptions.PolarsError:
        found = pl.DataFrame(schema=schema)
    if found.height != lines.count(b"\n"):
        raise _misfit(lines, name)
    number = pl.col("header").struct.field("number").alias("block_number")
    blocks = found.select(pl.col("header").struct.unnest()).rename({"number": "block_number"})
    if blocks.select(
        pl.any_horizontal(pl.col("block_number", "hash", "parentHash", "timestamp").is_null().any())
    ).item():
        raise Inconsistent(f"{name} gives a block that lacks its number, hash, parent or time.")
    if not blocks.select(
        (
            pl.col("block_number").is_between(0, _LAST_BLOCK)
            & pl.col("timestamp").is_between(0, _LAST_SECOND)
        ).all()
    ).item():
        raise Inconsistent(f"{name} gives a block with a number or a time that cannot be.")
    tables: Tables = {}
    if withdrawals:
        tables["withdrawals"] = _rows(blocks.select("block_number", "withdrawals"), "withdrawals")
        blocks = blocks.drop("withdrawals")
    tables["blocks"] = blocks
    for table in lists:
        if found[table].null_count() < found.height:
            tables[table] = _rows(found.select(number, table), table)
    return tables


def _rows(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    some = frame[name].list.len().fill_null(0) > 0
    return (frame if some.all() else frame.filter(some)).explode(name).unnest(name)


def _misfit(lines: bytes, name: str) -> Inconsistent:
    """What is wrong with the first line that is no block."""
    for line in lines.splitlines():
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            text = shown(line[:240].decode("utf-8", "replace"))
            return Inconsistent(f"{name} gives a line that is no block: {text}.", retryable=True)
    return Inconsistent(f"{name} gives blocks with fields of another type than its interface says.")
