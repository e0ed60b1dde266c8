"""What has been read and not yet stored: kept until there is enough of it and its blocks still hold."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl

from inflows.errors import Inconsistent, WorkError
from inflows.layout import Layout
from inflows.raw.claims import Claiming
from inflows.raw.delivery import Delivery
from inflows.raw.store import ingest
from inflows.raw.trace_owners import give_up_traces
from inflows.sources.evm.blocks import check_links
from inflows.sources.evm.decode import SOURCE
from inflows.sources.evm.nodes import Node, Nodes
from inflows.sources.evm.pace import Pace
from inflows.sources.evm.read_span import Reading, Span
from inflows.sources.evm.report import EvmReport

_ATTEMPTS: Final = 5
_BUSY: Final = 500
"""So many transactions without one token transfer are not believed where no logsBloom proves it."""


class Pending:
    """Readings in the order of their blocks; each must begin with the child of the last block before."""

    def __init__(
        self,
        layout: Layout,
        nodes: Nodes,
        pace: Pace,
        report: EvmReport,
        say: Callable[[str], None],
        read: Callable[[Span], Reading],
        *,
        replacing: str = "",
        claiming: Claiming | None = None,
    ) -> None:
        self.layout, self.nodes, self.pace, self.report = layout, nodes, pace, report
        self.say, self.read, self.replacing = say, read, replacing
        self.claiming = claiming
        self.readings: list[Reading] = []
        self.stored_at = time.monotonic()

    def take(self, reading: Reading) -> None:
        """Add a reading; where it does not fit, all is read again; where it is enough, all is stored."""
        self.readings.append(reading)
        self._relink()
        if (
            sum(pending.transfers.height for pending in self.readings) >= self.pace.commit_rows
            or sum(pending.span.blocks for pending in self.readings) >= self.pace.commit_blocks
            or time.monotonic() - self.stored_at > self.pace.commit_seconds
        ):
            self.store()

    def store(self) -> None:
        """Store what is pending, if its last block is still the chain's: transfers first, then the blocks."""
        if self.readings:
            self._settle_last()
            counts = sum((pending.counts for pending in self.readings), Counter[str]())
            self._believe(counts)
            transfers = pl.concat([pending.transfers for pending in self.readings])
            blocks = pl.concat([pending.blocks for pending in self.readings])
            deliveries = [
                Delivery("transfers", transfers.lazy(), SOURCE),
                Delivery("blocks", blocks.lazy(), SOURCE),
            ]
            if self.replacing:
                self.report.days_replaced |= give_up_traces(
                    self.layout, self.nodes.chain.name, blocks, keep=self.replacing
                )
            stored = ingest(self.layout, deliveries, replace=bool(self.replacing), claiming=self.claiming)
            self.report.add(stored, counts, sum(pending.span.blocks for pending in self.readings))
        self.readings, self.stored_at = [], time.monotonic()

    def _relink(self) -> None:
        """Read what is pending again until its blocks are children of each other."""
        failure = self._unlinked(2)
        for _ in range(_ATTEMPTS):
            if failure is None:
                return
            self.say(f"{failure.problem} Reading again.")
            self.readings = [self.read(pending.span) for pending in self.readings]
            failure = self._unlinked(len(self.readings))
        if failure is not None:
            raise failure

    def _unlinked(self, of_last: int) -> Inconsistent | None:
        headers = [header for pending in self.readings[-of_last:] for header in pending.headers]
        try:
            check_links(headers, self.nodes.chain.name)
        except Inconsistent as error:
            return error
        return None

    def _settle_last(self) -> None:
        """Ask once more for the last block: what was reorganised meanwhile shows there."""
        number = -1
        for _ in range(_ATTEMPTS):
            newest = self.readings[-1].headers[-1]
            number = newest.number
            if self.nodes.use(number, partial(_hash_of, number=number)) == newest.hash:
                return
            self.say(f"Block {number:,} of {self.nodes.chain.name} was reorganised away. Reading again.")
            self.readings = [self.read(pending.span) for pending in self.readings]
            self._relink()
        raise Inconsistent(
            f"Block {number:,} of {self.nodes.chain.name} changes at every look.",
            "Ask for more --confirmations, or give other nodes.",
        )

    def _believe(self, counts: Counter[str]) -> None:
        chain = self.nodes.chain
        if not chain.has_blooms and not counts["tokens"] and counts["transactions"] >= _BUSY:
            raise WorkError(
                f"{counts['transactions']:,} transactions of {chain.name} gave not one token transfer: "
                "the node's logs are not believed.",
                "Try another node with --rpc.",
            )


def _hash_of(node: Node, number: int) -> str:
    found = node.client.call("eth_getBlockByNumber", hex(number), False, about=f"block {number:,}")
    return str(found.get("hash")).lower() if isinstance(found, dict) else ""
