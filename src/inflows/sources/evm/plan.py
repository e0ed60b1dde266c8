"""What is still to be read: the range asked for, less the blocks that the raw store already has."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from inflows.layout import Layout
from inflows.raw.merge import read
from inflows.raw.partitions import list_partitions
from inflows.sources.evm.read_span import Span

_TARGET: Final = 4_000
"""Transactions that one piece should have: megabytes in memory, seconds of work."""
_LARGEST_PIECE: Final = 400


@dataclass(frozen=True)
class Run:
    """Consecutive blocks that are stored and of which the same was read."""

    first: int
    last: int
    basic: bool
    traces: bool
    labelled: bool = False
    """Its token transfers were read in full, or of the labelled addresses that were asked about."""

    @property
    def state(self) -> tuple[bool, bool, bool]:
        """What was read of it."""
        return self.basic, self.traces, self.labelled


def stored_runs(
    layout: Layout,
    chain: str,
    first: int,
    last: int,
    labelled_set: str = "",
    *,
    untraced: Collection[str] = (),
) -> list[Run]:
    """Blocks between `first` and `last` that are stored, in order; day by day, so that memory stays small.

    labelled_set: the digest of the addresses that a run's `labelled` is about; without one it is `has_token`.
    untraced: days (YYYY-MM-DD) whose traces do not count.
    """
    of_set = pl.col("labelled_set").str.split(",").list.contains(labelled_set) & (labelled_set != "")
    states = ("basic", "traces", "labelled")
    runs: list[Run] = []
    for of_chain, date, path in list_partitions(layout, "blocks"):
        if of_chain != chain:
            continue
        state = (
            read([path], "blocks")
            .filter(pl.col("block_number").is_between(first, last))
            .select(
                "block_number",
                basic=pl.all_horizontal("has_token", "has_native", "has_withdrawal"),
                traces=pl.col("has_trace") & (date.isoformat() not in untraced),
                labelled=pl.col("has_token") | of_set,
            )
            .sort("block_number")
            .with_columns(
                run=pl.any_horizontal(
                    pl.col("block_number").diff() != 1, *(pl.col(s) != pl.col(s).shift() for s in states)
                )
                .fill_null(True)
                .cum_sum()
            )
            .group_by("run", *states)
            .agg(pl.col("block_number").min().alias("first"), pl.col("block_number").max().alias("last"))
            .select("first", "last", *states)
            .collect()
        )
        runs += [Run(*row) for row in state.iter_rows()]
    return _joined(sorted(runs, key=lambda run: run.first))


def missing(
    runs: Iterable[Run], first: int, last: int, *, traces: bool, labelled: bool = False
) -> list[Span]:
    """The spans of `first` to `last` that are to be read, each with what is wanted of it.

    labelled: the transfers of labelled addresses alone are wanted.
    """
    spans: list[Span] = []
    at = first
    for run in runs:
        start, end = max(run.first, first), min(run.last, last)
        if start > end:
            continue
        if at < start:
            spans.append(Span(at, start - 1, traces=traces))
        lacks_traces = traces and not run.traces
        if labelled:
            if not run.labelled:
                spans.append(Span(start, end))
        elif not run.basic or lacks_traces:
            spans.append(Span(start, end, basic=not run.basic, traces=lacks_traces))
        at = end + 1
    if at <= last:
        spans.append(Span(at, last, traces=traces))
    return _adjoining(spans)


class PieceSize:
    """How many blocks one piece has: so many that it holds about as many transactions as intended."""

    def __init__(self, first: int = 8, largest: int = _LARGEST_PIECE) -> None:
        self.largest = largest
        self.blocks = min(first, largest)
        self._lock = threading.Lock()

    def learned(self, blocks: int, transactions: int) -> None:
        """A piece of so many blocks had so many transactions."""
        wanted = int(_TARGET * blocks / max(transactions, 1)) or 1
        with self._lock:
            self.blocks = max(1, min(wanted, 4 * self.blocks, self.largest))


def pieces(spans: Iterable[Span], size: PieceSize) -> Iterator[Span]:
    """The spans in pieces of the size that holds at the moment."""
    for span in spans:
        at = span.first
        while at <= span.last:
            end = min(span.last, at + size.blocks - 1)
            yield replace(span, first=at, last=end)
            at = end + 1


def _joined(runs: Iterable[Run]) -> list[Run]:
    found: list[Run] = []
    for run in runs:
        last = found[-1] if found else None
        if last and run.first == last.last + 1 and run.state == last.state:
            found[-1] = replace(last, last=run.last)
        else:
            found.append(run)
    return found


def _adjoining(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch and of which the same is wanted, as one: stored blocks may lie scattered."""
    found: list[Span] = []
    for span in spans:
        before = found[-1] if found else None
        if (
            before
            and replace(before, last=span.last) == replace(span, first=before.first)
            and (before.last + 1 == span.first)
        ):
            found[-1] = replace(before, last=span.last)
        else:
            found.append(span)
    return found
