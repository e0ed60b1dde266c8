"""Transfer logs of a range of blocks: fetched in pieces that the node gives, and held against the blocks.

Logs are most of what is read, so they go from JSON into columns without ever being Python objects.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from inflows.errors import Inconsistent, RangeRefused, TooLarge
from inflows.http import Reply
from inflows.sources.evm.blocks import Header
from inflows.sources.evm.client import Call, raise_for, read_replies
from inflows.sources.evm.nodes import Node
from inflows.sources.evm.rpc_errors import RpcError, suggested_size
from inflows.sources.evm_logs import TRANSFER_TOPIC

TRANSFER_BLOOM: Final = 1 << 1443 | 1 << 481 | 1 << 1060
"""The bits that the Transfer topic sets in a block's logsBloom (Yellow Paper, 4.3.1: the low 11 bits of the
first three pairs of bytes of keccak256 of the topic)."""
_ADDRESSES_A_QUERY: Final = 500
_FIELDS: Final = {
    "address": pl.String(),
    "topics": pl.List(pl.String),
    "data": pl.String(),
    "blockNumber": pl.String(),
    "blockHash": pl.String(),
    "transactionHash": pl.String(),
    "logIndex": pl.String(),
}
_LOG: Final = pl.Struct({**_FIELDS, "removed": pl.Boolean})
NO_LOGS: Final = pl.DataFrame(
    schema={**_FIELDS, "removed": pl.Boolean(), "number": pl.Int64(), "index": pl.Int64()}
)


def fetch_logs(node: Node, first: int, last: int, labelled: Sequence[str] | None = None) -> pl.DataFrame:
    """All Transfer logs of blocks `first` to `last`, or those from or to a labelled address (20 bytes hex).

    Columns as JSON-RPC names them, and `number` and `index` (Int64; null where they are no hex numbers).
    A range that is refused is cut to what the node suggests, if that is strictly less, else halved; at one
    block TooLarge is raised, which names the block.
    """
    parts = [NO_LOGS]
    for topics in _topics(labelled):
        start = first
        while start <= last:
            end = min(last, start + node.range_size.size - 1)
            query = {"fromBlock": hex(start), "toBlock": hex(end), "topics": topics}
            about = f"block {start:,}" if start == end else f"blocks {start:,} to {end:,}"
            try:
                part = node.client.fetch(Call("eth_getLogs", (query,), about), _logs_of)
            except RangeRefused as refusal:
                if start == end:
                    raise TooLarge(
                        f"{node.name} does not give the logs of block {start:,} even alone: "
                        f"{refusal.problem}",
                        "Give a node with higher limits.",
                    ) from None
                node.range_size.refused(end - start + 1, suggested_size(refusal.message, start, end))
                continue
            node.range_size.succeeded(end - start + 1)
            parts.append(part)
            start = end + 1
    logs = pl.concat(parts)
    # One that has labelled addresses on both sides is found twice.
    return logs if labelled is None else logs.unique(["blockHash", "logIndex"], maintain_order=True)


def read_logs(body: bytes) -> pl.DataFrame | None:
    """The logs of an answer to eth_getLogs, in columns; None where it is an error or no list of logs."""
    try:
        found = pl.read_json(io.BytesIO(body), schema={"result": pl.List(_LOG)})
    except pl.exceptions.PolarsError:
        return None
    if found.height != 1 or found["result"].null_count():
        return None
    logs = found["result"].explode().struct.unnest().head(int(found["result"].list.len()[0]))
    return logs.with_columns(
        pl.col(of).str.strip_prefix("0x").str.to_integer(base=16, dtype=pl.Int64, strict=False).alias(name)
        for of, name in (("blockNumber", "number"), ("logIndex", "index"))
    )


def check_logs(
    logs: pl.DataFrame, headers: Mapping[int, Header], *, own_transactions: bool, name: str
) -> None:
    """Raise Inconsistent where a log does not fit its block: wrong, removed, twice, of no transaction."""
    if logs.is_empty():
        return
    if sum(logs.select(*_FIELDS, "number", "index").null_count().row(0)):
        raise Inconsistent(f"{name} gives a log that lacks a field.")
    hashes = pl.DataFrame(
        {"number": list(headers), "of_block": [header.hash for header in headers.values()]},
        schema={"number": pl.Int64, "of_block": pl.String},
    )
    found = logs.join(hashes, on="number", how="left", validate="m:1", maintain_order="left")
    wrong = {
        "of a block that was not asked for": pl.col("of_block").is_null(),
        "that a reorganisation removed": pl.col("removed").fill_null(False),
        "with another block hash": pl.col("blockHash").str.to_lowercase() != pl.col("of_block"),
        "twice": pl.struct("number", "index").is_duplicated(),
    }
    for what, holds in wrong.items():
        bad = found.filter(holds)
        if bad.height:
            raise Inconsistent(f"{name} gives log {bad['index'][0]} of block {bad['number'][0]:,} {what}.")
    with_logs = set(logs["number"].unique())
    known = [header.transactions for number, header in headers.items() if number in with_logs]
    if own_transactions and None not in known:
        strange = set(logs["transactionHash"].unique()).difference(*[of or () for of in known])
        if strange:
            raise Inconsistent(f"{name} gives a log of a transaction that is in no block of the range.")


def doubtful_blocks(logs: pl.DataFrame, headers: Mapping[int, Header]) -> list[int]:
    """Blocks without a Transfer log whose logsBloom says that they may have one."""
    with_logs = set(logs["number"].unique())
    return [
        block
        for block, header in headers.items()
        if block not in with_logs and header.bloom & TRANSFER_BLOOM == TRANSFER_BLOOM
    ]


def check_receipt_logs(receipts: Iterable[Mapping[str, Any]], logs: pl.DataFrame, *, name: str) -> None:
    """Raise Inconsistent where a receipt has a Transfer log that eth_getLogs did not give."""
    in_receipts = [
        log
        for receipt in receipts
        for log in receipt.get("logs") or ()
        if log.get("topics") and log["topics"][0] == TRANSFER_TOPIC
    ]
    if not in_receipts:
        return
    given = set(zip(logs["number"], logs["index"], strict=True))
    for log in in_receipts:
        number, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
        if (number, index) not in given:
            raise Inconsistent(f"{name} leaves log {index} of block {number:,} out of eth_getLogs.")


def check_empty(header: Header, receipts: Sequence[Mapping[str, Any]], *, name: str) -> None:
    """Raise Inconsistent unless the receipts explain a block's logsBloom without a Transfer log."""
    bloom = 0
    for receipt in receipts:
        bloom |= int(receipt.get("logsBloom") or "0x0", 16)
    if bloom != header.bloom:
        raise Inconsistent(
            f"{name} gives no Transfer log of block {header.number:,}, though its logsBloom says that "
            "there may be one."
        )


def _logs_of(reply: Reply, call: Call) -> pl.DataFrame:
    """The logs of a reply; the NetError that it stands for where it has none."""
    logs = read_logs(reply.body) if reply.status == 200 else None
    if logs is not None:
        return logs
    result = read_replies(reply, {0: call}).get(0)
    if isinstance(result, RpcError):
        raise_for(result, call, reply.endpoint)
    raise Inconsistent(f"{reply.endpoint} answers no list of logs to eth_getLogs ({call.about}).")


def _topics(labelled: Sequence[str] | None) -> list[list[Any]]:
    if labelled is None:
        return [[TRANSFER_TOPIC]]
    words = ["0x" + address[2:].rjust(64, "0") for address in labelled]
    parts = [words[place : place + _ADDRESSES_A_QUERY] for place in range(0, len(words), _ADDRESSES_A_QUERY)]
    return [[TRANSFER_TOPIC, *side] for part in parts for side in ([part], [None, part])]
