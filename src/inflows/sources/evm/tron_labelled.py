"""Token transfers of labelled wallets on Tron by way of TronGrid's index, without reading every block.

The index names the transactions, their receipts (by JSON-RPC) hold the exact logs with their place in the
block, and the headers of their blocks are what those are held against: the rows are the same as if the blocks
had been read by eth_getLogs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import Inconsistent
from inflows.sources.evm import decode
from inflows.sources.evm.blocks import Header, check_receipt, fetch_blocks, header_of
from inflows.sources.evm.chain_ids import Chain
from inflows.sources.evm.client import Call
from inflows.sources.evm.logs import NO_LOGS, check_logs, read_logs
from inflows.sources.evm.nodes import Node
from inflows.sources.evm.read_span import LabelledSet, Reading, Span, slim
from inflows.sources.evm_logs import TRANSFER_TOPIC

SLOT_SECONDS: Final = 3
"""Blocks are produced in slots of three seconds, and some stay empty (java-tron, BLOCK_PRODUCED_INTERVAL)."""


def block_times(node: Node, first: int, last: int) -> dict[int, int]:
    """The time of each block from `first` to `last`, in seconds, from few headers.

    Between two blocks that lie exactly as many slots apart as their numbers, no slot was left empty, and so
    each block between has its slot's time. Where slots were left empty, the stretch is halved.
    """
    times = _times_of(node, sorted({first, last}))
    stretches = [(first, last)]
    while stretches:
        unclear = []
        for start, end in stretches:
            slots = SLOT_SECONDS * (end - start)
            if times[end] - times[start] < slots:
                raise Inconsistent(f"{node.name} gives blocks {start:,} and {end:,} less than 3 s apart.")
            if times[end] - times[start] == slots:
                times |= {n: times[start] + SLOT_SECONDS * (n - start) for n in range(start, end)}
            elif end - start > 1:
                unclear.append((start, (start + end) // 2, end))
        times |= _times_of(node, [middle for _, middle, _ in unclear])
        stretches = [part for start, middle, end in unclear for part in ((start, middle), (middle, end))]
    return dict(sorted(times.items()))


def read_indexed(
    node: Node, chain: Chain, span: Span, labelled: LabelledSet, times: dict[int, int], found: Iterable[str]
) -> Reading:
    """The token transfers of labelled wallets in the transactions that were `found`; all blocks of the span.

    Blocks without such a transfer are stored without their hashes, which were not asked for.
    """
    receipts = _receipts(node, sorted(found))
    logs = _logs_of(receipts, set(labelled.addresses))
    numbers = sorted({*_numbers(receipts, node.name), span.last})
    if not span.first <= numbers[0]:
        raise Inconsistent(f"{node.name} gives a receipt of block {numbers[0]:,}, which was not asked for.")
    blocks = fetch_blocks(node, numbers, full=False)
    headers = [header_of(block, number, node.name) for number, block in zip(numbers, blocks, strict=True)]
    by_number = {header.number: header for header in headers}
    for receipt in receipts:
        check_receipt(receipt, by_number[int(receipt["blockNumber"], 16)], node.name)
    check_logs(logs, by_number, own_transactions=chain.logs_only_of_own_transactions, name=node.name)
    for header in headers:
        if times[header.number] != header.time:
            raise Inconsistent(f"{node.name} gives another time of block {header.number:,} than before.")
    known = [by_number[number] for number in sorted(set(logs["number"]))]
    return Reading(
        span,
        slim(headers),
        decode.tokens(chain.name, logs, by_number),
        _blocks(chain.name, times, known, labelled.digest),
        Counter(tokens=logs.height),
    )


def _times_of(node: Node, numbers: Sequence[int]) -> dict[int, int]:
    blocks = fetch_blocks(node, numbers, full=False) if numbers else []
    return {n: header_of(block, n, node.name).time for n, block in zip(numbers, blocks, strict=True)}


def _receipts(node: Node, hashes: Sequence[str]) -> list[dict[str, Any]]:
    calls = [Call("eth_getTransactionReceipt", (tx,), f"transaction {tx}") for tx in hashes]
    receipts = node.client.batch(calls)
    for tx, receipt in zip(hashes, receipts, strict=True):
        if not isinstance(receipt, dict) or str(receipt.get("transactionHash")).lower() != tx:
            raise Inconsistent(f"{node.name} gives the receipt of another transaction than {tx}.")
    return receipts


def _numbers(receipts: Iterable[dict[str, Any]], name: str) -> list[int]:
    try:
        return [int(receipt["blockNumber"], 16) for receipt in receipts]
    except (KeyError, TypeError, ValueError):
        raise Inconsistent(f"{name} gives a receipt without its block.") from None


def _logs_of(receipts: Iterable[dict[str, Any]], addresses: set[str]) -> pl.DataFrame:
    """The Transfer logs that eth_getLogs would give for the addresses as second or third topic."""
    wanted = [
        log
        for receipt in receipts
        for log in receipt.get("logs") or ()
        if (topics := log.get("topics") or ())
        and topics[0] == TRANSFER_TOPIC
        and any("0x" + topic[-40:].lower() in addresses for topic in topics[1:3])
    ]
    logs = read_logs(orjson.dumps({"result": wanted})) if wanted else NO_LOGS
    if logs is None:
        raise Inconsistent("A receipt has a log that lacks a field.")
    return logs.sort("number", "index")


def _blocks(chain: str, times: dict[int, int], known: Sequence[Header], digest: str) -> pl.DataFrame:
    """Rows of the blocks dataset for all blocks, with hashes where they are known."""
    bare = [Header(number, "", "", time, 0, None) for number, time in times.items()]
    of = {header.number: header for header in known}
    rows = decode.blocks_frame(chain, [of.get(h.number, h) for h in bare], labelled_set=digest)
    return rows.with_columns(pl.col("block_time").cast(UTC_TIME))
