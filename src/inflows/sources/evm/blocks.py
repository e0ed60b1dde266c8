"""Blocks: fetched in batches, checked against each other, and their transactions' receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from inflows.errors import Inconsistent, Unsupported
from inflows.sources.evm.client import Call
from inflows.sources.evm.nodes import Node

Block = dict[str, Any]
_ZERO_VALUES: Final = frozenset({"0x0", "0x", "0x00", None})


@dataclass(frozen=True)
class Header:
    """What is needed of a block to hold everything else against it."""

    number: int
    hash: str
    parent: str
    time: int
    """Seconds since 1970."""
    bloom: int
    transactions: frozenset[str] | None
    """Hashes of its transactions; None where they were not asked for."""


def fetch_blocks(node: Node, numbers: Sequence[int], *, full: bool) -> list[Block]:
    """Blocks by number, with whole transactions (`full`) or their hashes."""
    return node.client.batch(
        [Call("eth_getBlockByNumber", (hex(number), full), f"block {number:,}") for number in numbers]
    )


def header_of(block: Block, asked: int, name: str) -> Header:
    """The header of a block that was asked for by number; Inconsistent where it is another or incomplete."""
    try:
        transactions = block["transactions"]
        number = int(block["number"], 16)
        header = Header(
            number,
            block["hash"].lower(),
            block["parentHash"].lower(),
            int(block["timestamp"], 16),
            int(block.get("logsBloom") or "0x0", 16),
            frozenset(tx["hash"] if isinstance(tx, dict) else tx for tx in transactions),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Inconsistent(f"{name} gives a block {asked:,} that lacks a field.", retryable=True) from None
    if number != asked:
        raise Inconsistent(f"{name} gives block {number:,} for block {asked:,}.")
    return header


def check_links(headers: Sequence[Header], name: str) -> None:
    """Raise Inconsistent where a block is not the child of the one before it."""
    for before, after in pairwise(headers):
        if after.number == before.number + 1 and after.parent != before.hash:
            raise Inconsistent(
                f"{name}: block {after.number:,} is not the child of block {before.number:,}; the chain was "
                "reorganised in between."
            )


def valued(block: Block) -> list[dict[str, Any]]:
    """The transactions of a block that carry a value."""
    return [tx for tx in block["transactions"] if tx.get("value") not in _ZERO_VALUES]


def fetch_receipts(
    node: Node, blocks: Iterable[tuple[Header, Block]], *, everything: bool = False
) -> dict[str, dict[str, Any]]:
    """Receipts by transaction hash, of the transactions that carry a value (or of `everything`).

    By eth_getBlockReceipts; where a node does not offer it, by eth_getTransactionReceipt in batches.
    """
    wanted = [
        (header, [tx["hash"] for tx in (block["transactions"] if everything else valued(block))])
        for header, block in blocks
    ]
    wanted = [(header, hashes) for header, hashes in wanted if hashes]
    if not wanted:
        return {}
    if node.block_receipts:
        try:
            return _by_block(node, [header for header, _ in wanted])
        except Unsupported:
            node.block_receipts = False
    return _by_transaction(node, wanted)


def _by_block(node: Node, headers: Sequence[Header]) -> dict[str, dict[str, Any]]:
    calls = [
        Call("eth_getBlockReceipts", (hex(header.number),), f"block {header.number:,}") for header in headers
    ]
    found: dict[str, dict[str, Any]] = {}
    for header, receipts in zip(headers, node.client.batch(calls), strict=True):
        if not isinstance(receipts, list):
            raise Inconsistent(f"{node.name} gives no list of receipts of block {header.number:,}.")
        for receipt in receipts:
            check_receipt(receipt, header, node.name)
        by_hash = {receipt["transactionHash"]: receipt for receipt in receipts}
        missing = (header.transactions or frozenset()) - by_hash.keys()
        if missing:
            raise Inconsistent(
                f"{node.name} leaves {len(missing):,} receipts of block {header.number:,} out."
            )
        found |= by_hash
    return found


def _by_transaction(node: Node, wanted: Sequence[tuple[Header, Sequence[str]]]) -> dict[str, dict[str, Any]]:
    pairs = [(header, tx) for header, hashes in wanted for tx in hashes]
    calls = [
        Call("eth_getTransactionReceipt", (tx,), f"transaction {tx} of block {header.number:,}")
        for header, tx in pairs
    ]
    found: dict[str, dict[str, Any]] = {}
    for (header, tx), receipt in zip(pairs, node.client.batch(calls), strict=True):
        check_receipt(receipt, header, node.name)
        if receipt["transactionHash"] != tx:
            raise Inconsistent(f"{node.name} gives the receipt of another transaction.")
        found[tx] = receipt
    return found


def check_receipt(receipt: Any, header: Header, name: str) -> None:
    """Raise Inconsistent where a receipt lacks a field or is of another block."""
    if not isinstance(receipt, dict) or not isinstance(receipt.get("transactionHash"), str):
        raise Inconsistent(f"{name} gives a receipt of block {header.number:,} that lacks a field.")
    block_hash: Mapping[str, Any] | str | None = receipt.get("blockHash")
    if isinstance(block_hash, str) and block_hash.lower() != header.hash:
        raise Inconsistent(f"{name} gives a receipt of block {header.number:,} with another block hash.")
