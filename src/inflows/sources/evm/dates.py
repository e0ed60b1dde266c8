"""Blocks by time: the first block at or after an instant, by binary search on the blocks' times."""

from __future__ import annotations

import datetime as dt

from inflows.sources.evm.nodes import Node, number


def first_block_at(node: Node, instant: dt.datetime, safe: int) -> int:
    """The first block up to `safe` whose time is not before `instant`; safe + 1 where there is none yet."""
    wanted = instant.timestamp()
    low, high = 0, safe + 1
    while low < high:
        middle = (low + high) // 2
        if _time_of(node, middle) >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def _time_of(node: Node, block: int) -> int:
    found = node.client.call("eth_getBlockByNumber", hex(block), False, about=f"block {block:,}")
    time = found.get("timestamp") if isinstance(found, dict) else None
    return number(time, node, f"eth_getBlockByNumber (the time of block {block:,})")
