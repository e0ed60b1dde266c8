"""What is still to be read of a range: less what the raw store has, or was read for the same wallets."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import polars as pl

from inflows.layout import Layout
from inflows.raw.claims import labelled_addresses
from inflows.raw.merge import read
from inflows.raw.partitions import list_partitions
from inflows.raw.readings import ranges_read


@dataclass(frozen=True)
class Span:
    """Blocks `first` to `last`, to be read for some addresses; None: for all."""

    first: int
    last: int
    addresses: tuple[str, ...] | None = None

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return self.last - self.first + 1


def unread(layout: Layout, chain: str, first: int, last: int, flags: Sequence[str]) -> list[Span]:
    """The spans of blocks that are not stored, or of which not all of `flags` (has_…) holds."""
    number = pl.col("block_number")
    have: list[tuple[int, int]] = []
    for of_chain, _, path in list_partitions(layout, "blocks"):
        if of_chain == chain:
            found = (
                read([path], "blocks")
                .filter(number.is_between(first, last), *flags)
                .select(number.sort())
                .group_by(number - pl.int_range(pl.len()))
                .agg(first=number.min(), last=number.max())
                .select("first", "last")
                .collect()
            )
            have += found.iter_rows()
    spans, at = [], first
    for start, end in sorted(have):
        if at < start:
            spans.append(Span(at, start - 1))
        at = max(at, end + 1)
    if at <= last:
        spans.append(Span(at, last))
    return spans


def unread_of(
    layout: Layout,
    chain: str,
    first: int,
    last: int,
    addresses: Collection[str],
    asked: Collection[str],
    source: str,
) -> list[Span]:
    """The spans that were not read for all of the addresses, each with those that it lacks.

    asked: kinds of transfers; what was read without one of them does not count.
    """
    wanted = frozenset(addresses)
    ranges = [
        found
        for found in ranges_read(layout, chain)
        if found.source == source
        and set(asked) <= set(found.asked.split(","))
        and found.last >= first
        and found.first <= last
    ]
    sets = {
        digest: frozenset(_addresses(layout, digest)) for digest in {found.labelled_set for found in ranges}
    }
    edges = {first, last + 1}
    for found in ranges:
        edges |= {max(found.first, first), min(found.last, last) + 1}
    spans: list[Span] = []
    cuts = sorted(edges)
    for start, end in pairwise(cuts):
        known = [
            sets[found.labelled_set] for found in ranges if found.first <= start and found.last >= end - 1
        ]
        lacking = tuple(sorted(wanted.difference(*known)))
        if not lacking:
            continue
        if spans and spans[-1].last + 1 == start and spans[-1].addresses == lacking:
            spans[-1] = replace(spans[-1], last=end - 1)
        else:
            spans.append(Span(start, end - 1, lacking))
    return spans


def _addresses(layout: Layout, digest: str) -> Iterable[str]:
    found = labelled_addresses(layout, digest)
    return () if found is None else found


class PieceSize:
    """How many blocks one piece has: as many as hold about the rows, and take about the time, intended."""

    def __init__(self, blocks: int, seconds: float) -> None:
        self.blocks, self.seconds = max(1, blocks), seconds
        self._lock = threading.Lock()

    def learned(self, blocks: int, fullness: float, seconds: float) -> None:
        """A piece of so many blocks was so full (at 1 it is cut; half is meant), and took so long."""
        by_rows = 0.5 * blocks / max(fullness, 1e-9)
        by_time = self.seconds * blocks / max(seconds, 0.01)
        with self._lock:
            self.blocks = max(1, int(min(by_rows, by_time, 4 * self.blocks)))


def pieces(spans: Iterable[Span], size: PieceSize) -> Iterator[Span]:
    """The spans in pieces of the size that holds at the moment."""
    for span in spans:
        at = span.first
        while at <= span.last:
            end = min(span.last, at + size.blocks - 1)
            yield replace(span, first=at, last=end)
            at = end + 1
