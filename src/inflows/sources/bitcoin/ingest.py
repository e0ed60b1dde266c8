"""Blocks from nodes into the raw store: in order, checked against their neighbours, a chunk at a time.

A chunk is stored whole or not at all; started again, the work goes on with the blocks that are missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain as chained
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from inflows.chains import canonical_chain
from inflows.contracts.names import SLUG_PATTERN
from inflows.contracts.raw import Blocks
from inflows.contracts.schema import dtypes
from inflows.errors import InflowsError, NetError, SpentOutputsMissing, Unreachable, UsageError, WorkError
from inflows.http import HttpClient, in_order
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.raw import Delivery, delivered_columns, ingest, list_partitions
from inflows.sources.bitcoin.blocks import Block, with_block_columns
from inflows.sources.bitcoin.networks import NETWORKS, check_network
from inflows.sources.bitcoin.prevouts import with_prevouts
from inflows.sources.bitcoin.rpc import Node, endpoint_of

SOURCE: Final = "bitcoin-rpc"
CHUNK_ROWS: Final = 2_000_000
"""What was read is stored after so many rows, about two thirds of a day: a killed run loses no more."""
_BLOCKS_A_DELIVERY: Final = 32
_THREADS_A_NODE: Final = 3
_BLOCKS_AHEAD: Final = 24
"""Blocks that may be read while a chunk is being stored: some 100 MB of Bitcoin's."""


@dataclass
class BitcoinReport:
    """What an ingestion from nodes did."""

    chain: str
    blocks_read: int = 0
    blocks_already_there: int = 0
    rows_new: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)

    def sentence(self) -> str:
        """The closing line."""
        held = f", {self.quarantined.total():,} rows quarantined" if self.quarantined else ""
        return (
            f"{self.blocks_read:,} blocks of {self.chain} read, {self.blocks_already_there:,} were already "
            f"there: {self.rows_new:,} new inputs and outputs{held}."
        )


def ingest_bitcoin(
    layout: Layout,
    *,
    chain: str = "bitcoin",
    network: str = "main",
    rpc_urls: Sequence[str],
    from_block: int,
    to_block: int,
    confirmations: int = 6,
    cookie: Path | None = None,
    progress: Progress | None = None,
    http: HttpClient | None = None,
) -> BitcoinReport:
    """Read the blocks from_block to to_block (inclusive) into the raw store; the caller holds the lock.

    network: which of the chain's networks the nodes must be of, as far as that is known (`networks`).
    rpc_urls: nodes, all of which are used. confirmations: how many blocks deep a block must lie (itself
    included) to be stored. cookie: a node's cookie file, where the URLs hold no key. Blocks that are stored
    are not read again. Raises UsageError for wrong arguments, WorkError (NetError among them) where a block
    cannot be had or does not fit its neighbours: what was read before it is stored.
    """
    chain = canonical_chain(chain)
    _check(chain, rpc_urls, from_block, to_block, confirmations)
    if network not in NETWORKS:
        raise UsageError(f"'{network}' is no network.", f"Give one of {', '.join(NETWORKS)}.")
    with http or HttpClient() as opened:
        nodes = [Node(endpoint_of(url, cookie), opened) for url in rpc_urls]
        nodes = _in_reach(nodes, chain, network)
        final = max(node.height for node in nodes) - confirmations + 1
        known = _stored_blocks(layout, chain, from_block - 1, to_block + 1)
        last = min(to_block, final)
        report = BitcoinReport(chain)
        missing = [number for number in range(from_block, last + 1) if number not in known]
        report.blocks_already_there = max(0, last - from_block + 1) - len(missing)
        run = _Run(layout, chain, nodes, confirmations, known, progress or silent())
        run.progress.advance(report.blocks_already_there)
        run.read(missing, report)
    if final < to_block:
        stored = f"The blocks up to {last} are stored" if last >= from_block else "Nothing was stored"
        newest = f"the newest that has is {final}" if final >= 0 else "none has"
        raise WorkError(
            f"Block {to_block} of {chain} does not have {confirmations} confirmations yet: {newest}. "
            f"{stored}.",
            "Start this again later, or ask for fewer confirmations with --confirmations.",
        )
    return report


def _check(chain: str, urls: Sequence[str], first: int, last: int, confirmations: int) -> None:
    if not re.fullmatch(SLUG_PATTERN, chain):
        raise UsageError(f"'{chain}' is not a chain's name.", "Give bitcoin, litecoin, dogecoin, …")
    if not urls:
        raise UsageError("No node was named.", "Give one with --rpc http://user:password@host:8332.")
    if not 0 <= first <= last:
        raise UsageError(
            f"The blocks {first} to {last} are no range.",
            "Give --from-block A --to-block B with 0 <= A <= B.",
        )
    if confirmations < 1:
        raise UsageError(f"{confirmations} confirmations are too few.", "A block has at least 1.")


def _in_reach(nodes: list[Node], chain: str, network: str) -> list[Node]:
    """The nodes that answer, with their heights; an error where none does or one is of another chain."""
    answering, failure = [], None
    for node in nodes:
        try:
            node.ask_height()
            check_network(node, chain, network)
            answering.append(node)
        except Unreachable as error:
            failure = error
    if failure is not None and not answering:
        raise failure
    return answering


def _stored_blocks(layout: Layout, chain: str, first: int, last: int) -> dict[int, tuple[str, str]]:
    """Hash and parent of the stored blocks of a range whose entries are stored."""
    paths = [path for of, _, path in list_partitions(layout, "blocks") if of == chain]
    if not paths:
        return {}
    rows = (
        pl.scan_parquet(paths, hive_partitioning=False, glob=False)
        .filter(pl.col("has_utxo"), pl.col("block_number").is_between(first, last))
        .select("block_number", "block_hash", "parent_hash")
        .collect()
    )
    return {number: (own, parent) for number, own, parent in rows.iter_rows()}


@dataclass
class _Run:
    """One ingestion: the nodes, and the hashes and parents of the blocks that are known."""

    layout: Layout
    chain: str
    nodes: list[Node]
    confirmations: int
    known: dict[int, tuple[str, str]]
    progress: Progress
    failure: InflowsError | None = None
    waiting: list[Block] = field(default_factory=list)
    """Blocks that spend what this run has read and not stored yet: they begin the next chunk."""

    def read(self, numbers: list[int], report: BitcoinReport) -> None:
        """Read blocks and store them, chunk by chunk; an error is raised when what came before is stored."""
        workers = _THREADS_A_NODE * len(self.nodes)
        blocks = in_order(self._fetch, numbers, workers=workers, ahead=max(_BLOCKS_AHEAD, 2 * workers))
        try:
            while self.failure is None:
                deliveries = self._deliveries(blocks, report)
                first = next(deliveries, None)
                if first is None:
                    break
                stored = ingest(self.layout, chained([first], deliveries))
                report.rows_new += stored.rows_new
                report.quarantined += stored.quarantined
        finally:
            blocks.close()  # type: ignore[attr-defined]  # a generator: ends its threads
        if self.failure is not None:
            raise self.failure

    def _fetch(self, number: int) -> Block:
        """A block from the nodes in turn; the next one is asked where one fails."""
        deep = [node for node in self.nodes if node.height - number + 1 >= self.confirmations]
        failure: NetError | None = None
        for turn in range(len(deep)):
            try:
                return deep[(number + turn) % len(deep)].block(number)
            except NetError as error:
                failure = error
        assert failure is not None  # the range ends where the highest node is deep enough
        raise WorkError(f"Block {number} of {self.chain} cannot be had. {failure.problem}", failure.hint)

    def _deliveries(self, blocks: Iterator[Block], report: BitcoinReport) -> Iterator[Delivery]:
        """The deliveries of one chunk."""
        rows = 0
        while rows < CHUNK_ROWS and self.failure is None:
            group = self.waiting or self._next_group(blocks)
            self.waiting = []
            group, entries = self._whole(group, ends_chunk=rows > 0)
            if group:
                yield Delivery("utxo", entries.lazy().pipe(_delivered), origin=SOURCE)
                yield Delivery("blocks", _headers(group, self.chain).lazy(), origin=SOURCE)
                rows += entries.height
                report.blocks_read += len(group)
            if not group or self.waiting:
                return

    def _whole(self, group: list[Block], *, ends_chunk: bool) -> tuple[list[Block], pl.DataFrame]:
        """The blocks before the first of which an input's output is nowhere, and their entries.

        What they spend may have been read in this chunk: then it ends here, and they wait until it is stored.
        """
        if not group:
            return [], pl.DataFrame()
        entries = pl.concat([with_block_columns(block, self.chain) for block in group])
        if not entries["amount_raw"].null_count():
            return group, entries
        try:
            return group, with_prevouts(entries, self.layout, self.chain)
        except SpentOutputsMissing as error:
            whole = [block for block in group if block.number < error.number]
            if ends_chunk or whole:
                self.waiting = group[len(whole) :]
            else:
                self.failure = error
            return self._whole(whole, ends_chunk=ends_chunk)

    def _next_group(self, blocks: Iterator[Block]) -> list[Block]:
        """The next few blocks, each checked against its neighbours; ends before the first that fails."""
        group: list[Block] = []
        try:
            for block in islice(blocks, _BLOCKS_A_DELIVERY):
                self._check_neighbours(block)
                self.known[block.number] = (block.hash, block.parent)
                group.append(block)
                self.progress.advance(1)
        except WorkError as error:
            self.failure = error
        return group

    def _check_neighbours(self, block: Block) -> None:
        before, after = self.known.get(block.number - 1), self.known.get(block.number + 1)
        for fits, other in (
            (before is None or before[0] == block.parent, block.number - 1),
            (after is None or after[1] == block.hash, block.number + 1),
        ):
            if not fits:
                raise WorkError(
                    f"Block {block.number} of {self.chain} ({block.hash}) does not fit block {other} as it "
                    "is known: the chain was reorganised, or the nodes disagree.",
                    "Ask for more --confirmations. If the stored block is the wrong one, remove its day from "
                    "raw/utxo and raw/blocks and read that day again.",
                )


def _delivered(entries: pl.LazyFrame) -> pl.LazyFrame:
    columns = [name for name in delivered_columns("utxo") if name not in ("reason", "row")]
    return entries.with_columns(source=pl.lit(SOURCE), exact=pl.lit(True)).select(columns)


def _headers(blocks: list[Block], chain: str) -> pl.DataFrame:
    rows = [
        {
            "chain": chain,
            "block_number": block.number,
            "block_time": block.time,
            "block_hash": block.hash,
            "parent_hash": block.parent,
            **dict.fromkeys(("has_token", "has_native", "has_trace", "has_withdrawal"), False),
            "has_utxo": True,
            "has_labelled": False,
            "labelled_set": "",
        }
        for block in blocks
    ]
    return pl.DataFrame(rows, schema=dtypes(Blocks))
