"""Transfer logs of a range of blocks: fetched in pieces that the node gives, and held against the blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from inflows.sources.evm.blocks import Header
from inflows.sources.evm.client import RangeRefused
from inflows.sources.evm.errors import Inconsistent, TooLarge, suggested_size
from inflows.sources.evm.nodes import Node
from inflows.sources.evm_logs import TRANSFER_TOPIC

TRANSFER_BLOOM: Final = 1 << 1443 | 1 << 481 | 1 << 1060
"""The bits that the Transfer topic sets in a block's logsBloom (Yellow Paper, 4.3.1: the low 11 bits of the
first three pairs of bytes of keccak256 of the topic)."""
_ADDRESSES_A_QUERY: Final = 500
Log = dict[str, Any]


def fetch_logs(node: Node, first: int, last: int, labelled: Sequence[str] | None = None) -> list[Log]:
    """All Transfer logs of blocks `first` to `last`, or those from or to a labelled address (20 bytes hex).

    A range that is refused is cut to what the node suggests, if that is strictly less, else halved; at one
    block TooLarge is raised, which names the block.
    """
    logs: list[Log] = []
    for topics in _topics(labelled):
        start = first
        while start <= last:
            end = min(last, start + node.range_size.size - 1)
            query = {"fromBlock": hex(start), "toBlock": hex(end), "topics": topics}
            about = f"block {start:,}" if start == end else f"blocks {start:,} to {end:,}"
            try:
                part = node.client.call("eth_getLogs", query, about=about)
            except RangeRefused as refusal:
                if start == end:
                    raise TooLarge(
                        f"{node.name} does not give the logs of block {start:,} even alone: "
                        f"{refusal.problem}",
                        "Give a node with higher limits.",
                    ) from None
                node.range_size.refused(end - start + 1, suggested_size(refusal.error, start, end))
                continue
            if not isinstance(part, list):
                raise Inconsistent(f"{node.name} answers no list to eth_getLogs ({about}).", retryable=True)
            node.range_size.succeeded(end - start + 1)
            logs += part
            start = end + 1
    return logs if labelled is None else _once(logs)


def check_logs(
    logs: Iterable[Log], headers: Mapping[int, Header], *, own_transactions: bool, name: str
) -> None:
    """Raise Inconsistent where a log does not fit its block: wrong, removed, twice, of no transaction."""
    seen: set[tuple[int, int]] = set()
    for log in logs:
        try:
            block, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            block_hash, transaction = log["blockHash"], log["transactionHash"]
            if not (isinstance(log["topics"], list) and isinstance(log["data"], str)):
                raise TypeError
        except (KeyError, TypeError, ValueError):
            raise Inconsistent(f"{name} gives a log that lacks a field.", retryable=True) from None
        header = headers.get(block)
        if header is None:
            raise Inconsistent(f"{name} gives a log of block {block:,}, which was not asked for.")
        if log.get("removed"):
            raise Inconsistent(f"{name} gives a log of block {block:,} that a reorganisation removed.")
        if block_hash != header.hash:
            raise Inconsistent(f"{name} gives a log of block {block:,} with another block hash.")
        if (block, index) in seen:
            raise Inconsistent(f"{name} gives log {index} of block {block:,} twice.")
        seen.add((block, index))
        if own_transactions and header.transactions is not None and transaction not in header.transactions:
            raise Inconsistent(f"{name} gives a log of block {block:,} of a transaction that is not in it.")


def doubtful_blocks(logs: Iterable[Log], headers: Mapping[int, Header]) -> list[int]:
    """Blocks without a Transfer log whose logsBloom says that they may have one."""
    with_logs = {int(log["blockNumber"], 16) for log in logs}
    return [
        block
        for block, header in headers.items()
        if block not in with_logs and header.bloom & TRANSFER_BLOOM == TRANSFER_BLOOM
    ]


def check_receipt_logs(receipts: Iterable[Mapping[str, Any]], logs: Iterable[Log], *, name: str) -> None:
    """Raise Inconsistent where a receipt has a Transfer log that eth_getLogs did not give."""
    in_receipts = [
        log
        for receipt in receipts
        for log in receipt.get("logs") or ()
        if log.get("topics") and log["topics"][0] == TRANSFER_TOPIC
    ]
    if not in_receipts:
        return
    given = {(log["blockNumber"], log["logIndex"]) for log in logs}
    for log in in_receipts:
        if (log["blockNumber"], log["logIndex"]) not in given:
            raise Inconsistent(
                f"{name} leaves log {int(log['logIndex'], 16)} of block {int(log['blockNumber'], 16):,} "
                "out of eth_getLogs."
            )


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


def _topics(labelled: Sequence[str] | None) -> list[list[Any]]:
    if labelled is None:
        return [[TRANSFER_TOPIC]]
    words = ["0x" + address[2:].rjust(64, "0") for address in labelled]
    parts = [words[place : place + _ADDRESSES_A_QUERY] for place in range(0, len(words), _ADDRESSES_A_QUERY)]
    return [[TRANSFER_TOPIC, *side] for part in parts for side in ([part], [None, part])]


def _once(logs: list[Log]) -> list[Log]:
    """Each log once: one that has labelled addresses on both sides is found twice."""
    found = {(log.get("blockHash"), log.get("logIndex")): log for log in logs if isinstance(log, dict)}
    return list(found.values())
