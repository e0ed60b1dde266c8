"""From an EVM node into the raw store: in pieces, whole, and where it was left off.

Pieces of the range are read by several threads and come in order. Their blocks must be children of each
other; where one is not, the chain was reorganised meanwhile, and what is not yet stored is read again.
What is stored is whole blocks, transfers first and the blocks that say so last: a run that is killed at any
moment goes on where it was, with nothing twice and nothing missing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from inflows.errors import UsageError
from inflows.http import HttpClient, Limits, in_order
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.raw.claims import Claiming
from inflows.raw.delivery import Delivery
from inflows.raw.store import ingest
from inflows.raw.trace_owners import foreign_days, untraced_blocks
from inflows.sources.evm.block_range import Asked
from inflows.sources.evm.blocks import Header, fetch_blocks, header_of
from inflows.sources.evm.chain_ids import known_chain
from inflows.sources.evm.decode import SOURCE, blocks_frame
from inflows.sources.evm.nodes import Node, Nodes, endpoints_of
from inflows.sources.evm.pace import Pace, few_collections
from inflows.sources.evm.pending_blocks import Pending
from inflows.sources.evm.plan import PieceSize, missing, pieces, stored_runs
from inflows.sources.evm.read_span import (
    LabelledSet,
    Reading,
    Span,
    labelled_set_of,
    read_labelled,
    read_span,
)
from inflows.sources.evm.reorgs import settle
from inflows.sources.evm.report import EvmReport
from inflows.sources.evm.trace_method import choose_trace_method
from inflows.sources.evm.traces import SOURCES
from inflows.sources.evm.tron import to_base58
from inflows.sources.evm.tron_labelled import block_times, read_indexed
from inflows.sources.evm.trongrid import TronGrid, trongrid_at, with_key

_log = logging.getLogger(__name__)
_INDEXED_BLOCKS: Final = 28_800
"""Blocks of Tron's day: with an index, what is asked for is counted by wallets and not by blocks."""


def ingest_evm(
    layout: Layout,
    *,
    chain: str,
    rpc_urls: Sequence[str],
    from_block: int | None = None,
    to_block: int | None = None,
    from_time: dt.datetime | None = None,
    to_time: dt.datetime | None = None,
    confirmations: int | None = None,
    traces: bool = False,
    only_labelled: Sequence[str] | None = None,
    trongrid: str | None = None,
    trongrid_key: str | None = None,
    replace: bool = False,
    wait: bool = False,
    chain_id: int | None = None,
    check_blooms: bool | None = None,
    pace: Pace | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> EvmReport:
    """Read blocks `from_block` to `to_block` (both inclusive) by JSON-RPC; the caller holds the writing lock.

    from_time, to_time: in place of block numbers; blocks with from_time ≤ time < to_time.
    confirmations: read up to the block that has so many (the head has 1) instead of the finalized one.
    only_labelled: addresses; token transfers from or to them alone (`has_labelled`, not `has_token`).
    trongrid: on Tron, the URL of TronGrid's index, which finds the transactions of labelled addresses without
    reading all logs; trongrid_key: its key, which is sent there and to nodes on the same host.
    replace: let the traces take the place of another source's, day by day.
    wait: wait for blocks that are not there yet; else they are an error, and nothing is read.
    chain_id: of a chain that is not in chain_ids. check_blooms: whether an empty answer is held against the
    block's logsBloom (by default, wherever blooms are right). say: told of nodes that are set aside.

    Raises UsageError for what cannot be meant, WorkError where nodes do not give what is needed.
    """
    known = known_chain(chain, chain_id=chain_id, has_blooms=check_blooms)
    pace = pace or Pace()
    say = say or _log.warning
    asked = Asked(from_block, to_block, from_time, to_time)
    asked.check()
    if confirmations is not None and confirmations < 0:
        raise UsageError("--confirmations cannot be negative.", "Give 0 or more.")
    endpoints = endpoints_of(rpc_urls)
    if trongrid is not None and not (known.is_tron and only_labelled is not None):
        raise UsageError(
            "--trongrid finds transactions of labelled wallets on Tron.",
            "Give it with --chain tron and --only-labelled.",
        )
    if replace and not traces:
        raise UsageError("--replace is about traces.", "Give it with --traces, or leave it out.")
    if trongrid is not None and trongrid_key:
        endpoints = [with_key(endpoint, trongrid, trongrid_key) for endpoint in endpoints]
    labelled = None if only_labelled is None else labelled_set_of(known, only_labelled)
    limits = Limits(connections=max(pace.workers, 1))
    with few_collections(), HttpClient(limits=limits, patience=pace.patience, say=say) as http:
        nodes = Nodes.of(known, endpoints, http, pace, say, confirmations=confirmations)
        index = None if trongrid is None else trongrid_at(trongrid, trongrid_key, http)
        wanted = Wanted(traces and labelled is None, replace, labelled, index, tuple(only_labelled or ()))
        run = _Run(layout, nodes, pace, progress or silent(), say, wanted)
        return run.read(asked, wait=wait)


@dataclass(frozen=True)
class Wanted:
    """What is to be read of the blocks."""

    traces: bool = False
    replace: bool = False
    labelled: LabelledSet | None = None
    index: TronGrid | None = None
    labels: tuple[str, ...] = ()
    """The labelled addresses as the registry writes them."""

    @property
    def claiming(self) -> Claiming | None:
        """Blocks prove their days themselves; of labelled addresses, it is kept which they were."""
        if self.labelled is None:
            return None
        return Claiming(SOURCE, partitions=False, labelled=self.labels, labelled_set=self.digest)

    @property
    def digest(self) -> str:
        """The name of the set of labelled addresses; empty: everything is read."""
        return "" if self.labelled is None else self.labelled.digest

    def piece_size(self, pace: Pace) -> PieceSize:
        """How many blocks are read at once."""
        if self.index is not None:
            return PieceSize(_INDEXED_BLOCKS, _INDEXED_BLOCKS)
        return PieceSize() if self.labelled is None else PieceSize(pace.range_blocks, pace.range_blocks)


class _Run:
    """One ingestion: what it reads with, and how."""

    def __init__(
        self,
        layout: Layout,
        nodes: Nodes,
        pace: Pace,
        progress: Progress,
        say: Callable[[str], None],
        wanted: Wanted,
    ) -> None:
        self.layout, self.nodes, self.pace, self.progress, self.say = layout, nodes, pace, progress, say
        self.chain, self.trace_source = nodes.chain, ""
        self.wanted, self.size = wanted, wanted.piece_size(pace)
        self.report = EvmReport(
            self.chain.name, 0, 0, traces=wanted.traces, partial=wanted.labelled is not None
        )

    def read(self, asked: Asked, *, wait: bool) -> EvmReport:
        """Read all that is asked for, waiting for what is not there yet where told to."""
        safe = self.nodes.safe_head()
        first, last = asked.bounds(self.nodes, safe)
        if not wait and (last is None or last > safe):
            raise asked.not_there(self.nodes, last, safe)
        if self.wanted.traces:
            self.trace_source = SOURCES[choose_trace_method(self.nodes, max(1, min(first, safe)))]
        at, told = first, False
        while True:
            upto = safe if last is None else min(last, safe)
            if at <= upto:
                self._read_range(at, upto, safe)
                at = upto + 1
            if last is not None and at > last:
                break
            if not told:
                self.say(
                    f"Waiting for block {at:,} of {self.chain.name} to be there and final (now: {safe:,}); "
                    f"asking again every {self.pace.poll_seconds:g} s."
                )
                told = True
            self.nodes.http.rest(self.pace.poll_seconds)
            safe = max(safe, self.nodes.safe_head())
            if last is None:
                last = asked.bounds(self.nodes, safe)[1]
        self.report.first, self.report.last = first, at - 1
        self._keep_borders(asked, first, at - 1)
        self._add_warnings()
        return self.report

    def _keep_borders(self, asked: Asked, first: int, last: int) -> None:
        """Store the heads of the blocks beside a range that was asked for by time.

        They prove that its first and last block are those of their days; nothing else of them is read.
        """
        numbers = [first - 1] if asked.from_time is not None and first > 0 else []
        numbers += [last + 1] if asked.to_time is not None else []
        heads = [
            head for number in numbers for head in self.nodes.use(number, partial(_heads, number=number))
        ]
        if heads:
            blocks = blocks_frame(self.chain.name, heads).lazy()
            ingest(self.layout, [Delivery("blocks", blocks, SOURCE)])

    def _read_range(self, first: int, last: int, safe: int) -> None:
        """Read what is missing of a range, and store it."""
        first, last = self._settle_reorganised(first, last, safe)
        wanted, name = self.wanted, self.chain.name
        others = foreign_days(self.layout, name, self.trace_source) if wanted.replace else frozenset()
        runs = stored_runs(self.layout, name, first, last, wanted.digest, untraced=others)
        spans = missing(runs, first, last, traces=wanted.traces, labelled=wanted.labelled is not None)
        there = last - first + 1 - sum(span.blocks for span in spans)
        self.report.blocks_there += there
        self.progress.advance(there)
        replacing = self.trace_source if wanted.replace else ""
        pending = Pending(
            self.layout,
            self.nodes,
            self.pace,
            self.report,
            self.say,
            self._read,
            replacing=replacing,
            claiming=wanted.claiming,
        )
        workers = self.pace.workers
        for reading in in_order(self._read, pieces(spans, self.size), workers=workers, ahead=workers + 2):
            pending.take(reading)
            self.progress.advance(reading.span.blocks)
        pending.store()

    def _settle_reorganised(self, first: int, last: int, safe: int) -> tuple[int, int]:
        """Take out stored blocks that are no part of the chain any more; the range to read with them."""
        name = self.chain.name
        taken = self.nodes.use(last, lambda node: settle(node, self.layout, name, first, last))
        for start, end in taken:
            self.say(f"Stored blocks {start:,} to {end:,} of {name} were reorganised away. Reading again.")
            self.report.blocks_reorganised += end - start + 1
        starts, ends = [first, *(start for start, _ in taken)], [last, *(min(end, safe) for _, end in taken)]
        return min(starts), max(ends)

    def _read(self, span: Span) -> Reading:
        labelled, index = self.wanted.labelled, self.wanted.index
        if labelled is None:
            reading = self.nodes.use(span.last, partial(read_span, chain=self.chain, span=span))
        elif index is None:
            work = partial(read_labelled, chain=self.chain, span=span, labelled=labelled)
            reading = self.nodes.use(span.last, work)
        else:
            reading = self._read_indexed(span, labelled, index)
        self.size.learned(span.blocks, max(reading.counts["transactions"], reading.transfers.height))
        return reading

    def _read_indexed(self, span: Span, labelled: LabelledSet, index: TronGrid) -> Reading:
        times = self.nodes.use(span.last, partial(block_times, first=span.first, last=span.last))
        wallets = [to_base58(address) for address in labelled.addresses]
        found = index.transactions(wallets, times[span.first], times[span.last])
        return self.nodes.use(
            span.last,
            partial(read_indexed, chain=self.chain, span=span, labelled=labelled, times=times, found=found),
        )

    def _add_warnings(self) -> None:
        report = self.report
        left = untraced_blocks(self.layout, report.chain, report.days_replaced)
        if left:
            report.warnings.append(
                f"Warning: {left:,} blocks of the days whose traces were replaced have none now, since they "
                "are outside of the range; read those days whole."
            )
        if self.chain.is_tron and any(node.contract_types is False for node in self.nodes.nodes):
            report.warnings.append(
                "Warning: this node does not tell votes and TRC-10 transfers from transfers of TRX; give a "
                "URL that ends in /jsonrpc and has the HTTP API beside it (as TronGrid's has)."
            )
        if report.blocks_read and not report.rows and (report.transactions or report.partial):
            of = "labelled addresses" if report.partial else f"{report.transactions:,} transactions"
            report.warnings.append(
                f"Warning: no transfer was found in {report.blocks_read:,} blocks ({of}) of {report.chain}; "
                "where the chain has traffic, try another node."
            )


def _heads(node: Node, number: int) -> list[Header]:
    return [header_of(block, number, node.name) for block in fetch_blocks(node, [number], full=False)]
