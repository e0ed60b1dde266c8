"""A range of blocks from streams that may end anywhere: gone on with until its last block has come.

A stream that ends early is normal and looks like any other end. So nothing but the last line's number tells
how far one has come: the next request begins at the block after it, and names its hash, which the Portal
holds against its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from inflows.errors import Inconsistent, NetError, NoBlocksThere
from inflows.http import whole_lines
from inflows.sources.sqd.answers import KEYS, Tables, read_lines, shown
from inflows.sources.sqd.portal import Portal
from inflows.sources.sqd.query import Query

_BYTES_AT_ONCE: Final = 8 << 20
"""Lines are read into tables in pieces of this size."""


def read_range(portal: Portal, query: Query, first: int, last: int, counts: Counter[str]) -> Iterator[Tables]:
    """The tables of blocks `first` to `last`, piece by piece in their order, each up to a whole block.

    Blocks that were not asked for are left out and counted as `strays`. Ends after the block `last` has come;
    else raises what stopped it, after all that came before it was given.
    """
    at, parent, attempt = first, None, 0
    while at <= last:
        before, failure = at, None
        try:
            with portal.stream(query.body(at, last, parent)) as stream:
                for lines in whole_lines(stream.read, _BYTES_AT_ONCE):
                    tables = _asked_for(
                        read_lines(
                            lines, query.kind, name=str(portal.endpoint), withdrawals=query.withdrawals
                        ),
                        first,
                        last,
                        counts,
                    )
                    newest = tables["blocks"].sort("block_number").tail(1)
                    if newest.height and newest["block_number"].item() >= at:
                        at, parent = newest["block_number"].item() + 1, newest["hash"].item()
                    yield tables
        except NetError as error:
            failure = error
        if at > last:
            return
        if at > before:
            attempt = 0
            if failure is None or failure.retryable:
                continue
        failure = failure or NoBlocksThere(
            f"{portal.endpoint} gives nothing of {portal.dataset.name} for block {at:,}, though it is below "
            "the last final one.",
            "Try again later.",
            retryable=True,
        )
        attempt += 1
        portal.rest_after(failure, attempt)


@dataclass
class Gathered:
    """Tables of several answers about one range, put together: a row that came twice is one."""

    name: str
    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def add(self, tables: Tables) -> None:
        """Take the tables of one piece of an answer."""
        for name, frame in tables.items():
            if frame.height:
                self.frames.setdefault(name, []).append(frame)

    def upto(self, last: int, counts: Counter[str]) -> Tables:
        """All tables of blocks up to `last`, each row once. Inconsistent where two rows of a key differ.

        Blocks are in order, and each that follows another must be its child.
        """
        found = {}
        for name, frames in self.frames.items():
            together = pl.concat(frames)
            mine = together.filter(pl.col("block_number") <= last)
            found[name] = self._once(name, mine, counts)
        if "blocks" in found:
            found["blocks"] = found["blocks"].sort("block_number")
            check_children(found["blocks"], self.name)
        return found

    def _once(self, name: str, frame: pl.DataFrame, counts: Counter[str]) -> pl.DataFrame:
        keys = list(KEYS[name])
        nulls = (
            frame.select(pl.any_horizontal(pl.col(keys).is_null().any())).item() if frame.height else False
        )
        if nulls:
            raise Inconsistent(f"{self.name} gives {name} that lack their number.")
        twice = frame.select(keys).is_duplicated()
        if not twice.any():
            return frame
        many = frame.filter(twice)
        contents = many.select(*keys, pl.struct(pl.exclude(keys)).struct.json_encode().alias("_contents"))
        rivals = contents.unique()
        if rivals.height > contents.select(keys).unique().height:
            number = rivals.filter(rivals.select(keys).is_duplicated())["block_number"][0]
            raise Inconsistent(
                f"{self.name} tells two stories of block {number:,}: its {name} differ between two answers.",
                "Nothing of it was stored. Try again later.",
            )
        counts["twice"] += many.height - rivals.height
        return pl.concat([frame.filter(~twice), many.unique(keys, keep="first", maintain_order=True)])


def check_children(blocks: pl.DataFrame, name: str) -> None:
    """Raise Inconsistent where a block is not the child of the one before it; gaps are no fault."""
    strange = blocks.filter(
        pl.col("block_number").diff() == 1, pl.col("parentHash") != pl.col("hash").shift(1)
    )
    for number, parent in strange.select("block_number", "parentHash").iter_rows():
        raise Inconsistent(
            f"{name}: block {number:,} says that {shown(parent)} is its parent, and block {number - 1:,} is "
            "another; final blocks do not change.",
            "Nothing of it was stored. Try again later.",
        )


def _asked_for(tables: Tables, first: int, last: int, counts: Counter[str]) -> Tables:
    """Without blocks below or above the range."""
    asked = pl.col("block_number").is_between(first, last)
    blocks = tables["blocks"]
    if blocks.select(asked.all()).item():
        return tables
    counts["strays"] += blocks.height - blocks.select(asked.sum()).item()
    return {name: frame.filter(asked) for name, frame in tables.items()}
