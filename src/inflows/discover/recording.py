"""Discovered labels into the registry: what is new is added, what no longer follows is withdrawn.

The registry forgets nothing, so a label is withdrawn by a later row for its key whose validity is empty (it
ends where it begins). Builds as of a time before that row still see the label as it was then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.store import append
from inflows.registry.tables import LABELS
from inflows.times import BEGINNING

OUTCOMES: Final = {
    "chain": pl.String(),
    "rule": pl.String(),
    "exchange": pl.String(),  # null: several
    "outcome": pl.String(),  # found, or the reason of the refusal
    "addresses": pl.Int64(),
}


@dataclass(frozen=True)
class Recorded:
    """What became of the labels that a discovery found, and of those that it found no more."""

    found: int
    added: int
    replaced: int
    unchanged: int
    withdrawn: int

    def counts(self) -> str:
        """The numbers in words."""
        words = f"{self.added:,} added, {self.replaced:,} replaced, {self.unchanged:,} unchanged"
        return words + (f", {self.withdrawn:,} withdrawn" if self.withdrawn else "")


def record(
    layout: Layout, chain: str, source: str, labels: pl.DataFrame, *, known_at: dt.datetime, withdraw: bool
) -> Recorded:
    """Store the labels of one chain and source (contract Labels) as known from known_at.

    withdraw: labels of that source in effect at known_at that are not among them cease to hold. The caller
    holds files.writing(layout).
    """
    gone = labels.clear()
    if withdraw:
        held = effective.labels(layout, known_at).filter(
            pl.col("chain") == chain, pl.col("source") == source, ~is_withdrawn()
        )
        gone = (
            held.collect()
            .join(labels, on=LABELS.key, how="anti", nulls_equal=True)
            .with_columns(valid_to=pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME)))
        )
    rows = pl.concat([labels, gone.select(labels.columns)]).with_columns(
        known_at=pl.lit(None, dtype=UTC_TIME)
    )
    stored = append(layout, LABELS, rows, known_at=known_at, now=known_at)
    return Recorded(
        found=labels.height,
        added=stored.added,
        replaced=stored.replaced - gone.height,
        unchanged=stored.unchanged,
        withdrawn=gone.height,
    )


def is_withdrawn() -> pl.Expr:
    """Whether a label (contract Labels) holds at no time."""
    begins = pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME))
    return (pl.col("valid_to") <= begins).fill_null(False)
