"""From an SQD Portal into the raw store: by pieces of the range, each stored whole, and gone on with.

Pieces are read by a few threads and stored in order. What is stored is transfers first, and then that their
blocks were read: a run that is killed at any moment goes on where it was, with nothing twice and nothing
missing. Only final blocks are read.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import polars as pl

from inflows.errors import Inconsistent, InflowsError, UsageError
from inflows.http import in_order
from inflows.layout import Layout
from inflows.progress import Progress
from inflows.raw.claims import Claim, add_claims, between, keep_labelled_set
from inflows.raw.delivery import Delivery
from inflows.raw.readings import ReadRange, ranges_read, remember, whole_days
from inflows.raw.store import ingest
from inflows.raw.trace_owners import foreign_days
from inflows.sources.labelled import digest_of
from inflows.sources.sqd.dates import UNORDERED, Bounds
from inflows.sources.sqd.evm import SOURCE
from inflows.sources.sqd.pace import SqdPace
from inflows.sources.sqd.pieces import Piece, Wanted, block_rows, timed
from inflows.sources.sqd.plan import PieceSize, Span, pieces, unread, unread_of
from inflows.sources.sqd.portal import Portal
from inflows.sources.sqd.report import SqdReport

_FIRST_BLOCKS: Final = 2_000
"""Of the first pieces, until it is known how much is in them."""


class Run:
    """One ingestion: what was read and is not stored yet, and what is known of the chain."""

    def __init__(
        self,
        layout: Layout,
        portal: Portal,
        wanted: Wanted,
        addresses: tuple[str, ...] | None,
        pace: SqdPace,
        progress: Progress,
        *,
        replace: bool,
    ) -> None:
        self.layout, self.portal, self.wanted, self.addresses = layout, portal, wanted, addresses
        self.pace, self.progress, self.replace = pace, progress, replace
        self.labelled_set = "" if addresses is None else digest_of(addresses)
        self.chain = portal.dataset.chain
        self.report = SqdReport(self.chain, None if addresses is None else len(addresses), kinds=wanted.kinds)
        self.pending: list[Piece] = []
        self.stored_at = time.monotonic()
        self.ends: dict[int, str] = {}
        """Hashes of the last blocks of pieces."""
        self.starts: dict[int, str] = {}
        """Parents of their first blocks."""

    def read(self, asked: Bounds) -> None:
        """Read what is missing of a range, and store it."""
        self.asked = asked
        self.report.first, self.report.last = asked.first, asked.last
        self._refuse_foreign_traces()
        spans = self._missing()
        there = asked.last - asked.first + 1 - sum(span.blocks for span in spans)
        self.report.blocks_there = there
        self.progress.begin(f"Reading {self.chain}", asked.last - asked.first + 1)
        self.progress.advance(there)
        size = PieceSize(_FIRST_BLOCKS, self.pace.piece_seconds)
        work = partial(timed, self.portal, self.wanted, most_rows=2 * self.pace.piece_rows)
        while spans:
            spans = self._read_all(spans, size, work)
        if self.addresses is None:
            midnight = asked.since.replace(hour=0, minute=0, second=0, microsecond=0)
            first = asked.since.date() + (dt.timedelta(days=1) if midnight < asked.since else dt.timedelta(0))
            self._claim(between(first, asked.until.date()))
        self._add_warnings()

    def _read_all(
        self, spans: Sequence[Span], size: PieceSize, work: Callable[[Span], tuple[Piece, float]]
    ) -> list[Span]:
        """Read and store spans; what was left out of pieces that had to end early."""
        left: list[Span] = []
        workers = self.pace.workers
        cut = pieces(spans, size)
        try:
            for asked, (piece, seconds) in in_order(
                lambda span: (span, work(span)), cut, workers=workers, ahead=workers + 1
            ):
                size.learned(piece.span.blocks, piece.fullness, seconds)
                self._take(piece)
                if piece.failure is not None:
                    raise piece.failure
                if piece.span.last < asked.last:
                    left.append(Span(piece.span.last + 1, asked.last, asked.addresses))
        except InflowsError:
            self._store()
            raise
        self._store()
        return left

    def _missing(self) -> list[Span]:
        first, last, kinds = self.asked.first, self.asked.last, self.wanted.kinds
        if self.addresses is None:
            return unread(self.layout, self.chain, first, last, sorted(f"has_{kind}" for kind in kinds))
        return unread_of(self.layout, self.chain, first, last, self.addresses, kinds, SOURCE)

    def _take(self, piece: Piece) -> None:
        """Add a piece, which must fit those beside it; where it is enough, all is stored."""
        self._fit(piece)
        self.pending.append(piece)
        self.progress.advance(piece.span.blocks)
        if lacking := self.wanted.kinds - piece.kinds:
            self.report.lacks(lacking, piece.span.first, piece.span.last)
        rows = sum(pending.rows.height + pending.blocks.height for pending in self.pending)
        if rows >= self.pace.commit_rows or time.monotonic() - self.stored_at > self.pace.commit_seconds:
            self._store()

    def _fit(self, piece: Piece) -> None:
        first, last = piece.blocks.row(0, named=True), piece.blocks.row(-1, named=True)
        self.starts[first["block_number"]] = first["parentHash"]
        self.ends[last["block_number"]] = last["hash"]
        for end in (first["block_number"] - 1, last["block_number"]):
            ours, theirs = self.ends.get(end), self.starts.get(end + 1)
            if ours is not None and theirs is not None and ours != theirs:
                raise Inconsistent(
                    f"{self.portal.endpoint}: block {end + 1:,} is not the child of block {end:,} as it was "
                    "read before; final blocks do not change.",
                    "Nothing of it was stored. Try again later.",
                )

    def _store(self) -> None:
        """Store what is pending: transfers first, then that their blocks were read."""
        self.stored_at = time.monotonic()
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        dataset = "utxo" if self.portal.dataset.is_utxo else "transfers"
        rows = pl.concat([piece.rows for piece in pending])
        deliveries = [Delivery(dataset, rows.lazy(), SOURCE, labelled_set=self.labelled_set)]
        if self.addresses is None:
            blocks = pl.concat([block_rows(self.chain, piece) for piece in pending])
            deliveries.append(Delivery("blocks", blocks.lazy(), SOURCE))
        stored = ingest(self.layout, deliveries, replace=self.replace)
        if self.addresses is not None:
            keep_labelled_set(self.layout, self.labelled_set, self.addresses)
            remember(self.layout, self.chain, [self._range_of(piece) for piece in pending])
            self._claim(whole_days(ranges_read(self.layout, self.chain), self.labelled_set))
        counts = sum((piece.counts for piece in pending), Counter[str]())
        self.report.add(stored, counts, sum(piece.span.blocks for piece in pending))

    def _claim(self, days: Sequence[dt.date]) -> None:
        """Say that the Portal holds these days, for the wallets that were asked about."""
        add_claims(self.layout, {Claim(self.chain, day, SOURCE, self.labelled_set) for day in days})

    def _range_of(self, piece: Piece) -> ReadRange:
        first, last = piece.blocks["timestamp"][0], piece.blocks["timestamp"][-1]
        margin = UNORDERED if self.portal.dataset.is_utxo else dt.timedelta(0)
        begins, ends = piece.span.first == self.asked.first, piece.span.last == self.asked.last
        return ReadRange(
            SOURCE,
            piece.span.first,
            piece.span.last,
            self.asked.since if begins else dt.datetime.fromtimestamp(first, dt.UTC) + margin,
            self.asked.until if ends else dt.datetime.fromtimestamp(last, dt.UTC) - margin,
            ",".join(sorted(self.wanted.kinds)),
            ",".join(sorted(piece.kinds)),
            self.labelled_set,
        )

    def _refuse_foreign_traces(self) -> None:
        """Say before anything is read that another source owns the traces of a day."""
        if "trace" not in self.wanted.kinds or self.replace:
            return
        since, until = self.asked.since.date().isoformat(), self.asked.until.isoformat()
        taken = sorted(day for day in foreign_days(self.layout, self.chain, SOURCE) if since <= day < until)
        if taken:
            raise UsageError(
                f"Internal transfers of {self.chain} are stored from another source on {len(taken):,} of "
                f"these days ({taken[0]} is the first), and each source numbers them in its own way.",
                "Nothing was read. Leave them out with --no-traces, or replace those with --replace.",
            )

    def _add_warnings(self) -> None:
        """Say what the dataset does not have, and what is hard to believe."""
        for kind, (first, last) in sorted(self.report.lacking.items()):
            self.report.warnings.append(
                f"Warning: the dataset {self.portal.dataset.name} has no {kind}s of blocks {first:,} to "
                f"{last:,} (or of some of them): those were read without."
            )
        counted = self.report
        seen = counted.rows_new + counted.rows_already_there + counted.quarantined.total()
        if counted.blocks_read and not seen:
            self.report.warnings.append(
                f"Warning: nothing was found in {counted.blocks_read:,} blocks of {self.chain}; where the "
                "chain has traffic, look at the labels, or at --dataset."
            )
