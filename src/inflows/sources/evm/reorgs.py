"""Stored blocks that the chain has dropped since: found by their hashes, and taken out to be read again.

Blocks are stored when they are final, or have the confirmations that the user takes for enough; where these
were too few, blocks may be stored that are no part of the chain any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from inflows import files
from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.raw.partitions import list_partitions, remove_partition, sidecar
from inflows.sources.evm.nodes import Node
from inflows.sources.evm.plan import stored_runs

DEEPEST: Final = 256
"""More blocks than this are not taken out: a node that disagrees so deeply is more likely to be wrong."""


def settle(node: Node, layout: Layout, chain: str, first: int, last: int) -> list[tuple[int, int]]:
    """Take stored blocks in and next to `first`…`last` out that are not the node's; their ranges.

    Blocks of one run are each other's children, so a run whose last block is the node's is the node's whole.
    """
    taken: list[tuple[int, int]] = []
    end = -1
    for run in stored_runs(layout, chain, max(0, first - 1), last + 1):
        if run.first <= end:
            continue
        hashes = _stored_hashes(layout, chain, run.last - DEEPEST, run.last)
        at = run.last
        while at in hashes and not _is_of_node(node, at, hashes):
            at -= 1
            if run.last - at >= DEEPEST:
                raise WorkError(
                    f"{node.name} has other blocks than the {DEEPEST} stored ones up to block {run.last:,} "
                    f"of {chain}.",
                    "Check that the node is of this chain; else remove the stored days and read them again.",
                )
        if at == run.last:
            continue
        end = max(other.last for other in stored_runs(layout, chain, at + 1, run.last + DEEPEST))
        _forget(layout, chain, at + 1, end)
        taken.append((at + 1, end))
    return taken


def _is_of_node(node: Node, number: int, hashes: Mapping[int, str]) -> bool:
    """Whether the node has a stored block; one that it does not have at all cannot be judged."""
    if not hashes[number]:
        return True
    found: Any = node.client.call("eth_getBlockByNumber", hex(number), False, about=f"block {number:,}")
    return not isinstance(found, dict) or str(found.get("hash")).lower() == hashes[number]


def _stored_hashes(layout: Layout, chain: str, first: int, last: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for of_chain, _, path in list_partitions(layout, "blocks"):
        if of_chain == chain:
            rows = (
                pl.scan_parquet(path, hive_partitioning=False, glob=False)
                .filter(pl.col("block_number").is_between(first, last))
                .select("block_number", "block_hash")
                .collect()
            )
            found.update(rows.iter_rows())
    return found


def _forget(layout: Layout, chain: str, first: int, last: int) -> None:
    """Take blocks out with their transfers; those first, so that a run that is killed finds them again."""
    for dataset in ("transfers", "blocks"):
        for of_chain, _, path in list_partitions(layout, dataset):
            if of_chain != chain:
                continue
            rows = pl.read_parquet(path, hive_partitioning=False, glob=False)
            kept = rows.filter(~pl.col("block_number").is_between(first, last))
            if kept.height == rows.height:
                continue
            if kept.is_empty():
                remove_partition(path)
            else:
                sidecar(path).unlink(missing_ok=True)
                files.write_parquet(kept.rechunk(), path)
