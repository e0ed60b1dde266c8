"""What a reading of an SQD Portal did, in numbers and in one sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from inflows.raw.ingest_report import IngestReport


@dataclass
class SqdReport:
    """Counts of one ingestion."""

    chain: str
    wallets: int | None
    """Labelled addresses that were asked about; None: everything was."""
    first: int = 0
    last: int = -1
    blocks_read: int = 0
    blocks_there: int = 0
    requests: int = 0
    rows_new: int = 0
    rows_already_there: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    kinds: frozenset[str] = frozenset()
    lacking: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Kinds that the dataset does not have, and the first and last block of those read without them."""
    warnings: list[str] = field(default_factory=list)

    def add(self, stored: IngestReport, counts: Counter[str], blocks: int) -> None:
        """Count what was stored of some blocks."""
        self.blocks_read += blocks
        self.rows_new += stored.rows_new
        self.rows_already_there += stored.rows_already_there
        self.quarantined += stored.quarantined
        self.set_aside += stored.set_aside
        self.set_aside["zero_value"] += counts["zero_value"]
        self.set_aside["told_twice"] += counts["twice"]
        self.set_aside["not_asked_for"] += counts["strays"]

    def lacks(self, kinds: frozenset[str], first: int, last: int) -> None:
        """Say that blocks were read without some kinds, which the dataset does not have there."""
        for kind in kinds:
            before = self.lacking.get(kind, (first, last))
            self.lacking[kind] = (min(before[0], first), max(before[1], last))

    def sentence(self) -> str:
        """The closing line: which blocks were read, of whom, and what was in them."""
        whose = (
            "everything"
            if self.wallets is None
            else f"what touches {self.wallets:,} labelled addresses (partial)"
        )
        of = ", ".join(sorted(self.kinds))
        blocks = f"{self.blocks_read:,} blocks read"
        if self.blocks_there:
            blocks += f", {self.blocks_there:,} read before"
        rows = f"{self.rows_new:,} rows new, {self.rows_already_there:,} already there"
        rows += f", {self.quarantined.total():,} quarantined{_by_reason(self.quarantined)}"
        if self.set_aside.total():
            rows += f", {self.set_aside.total():,} set aside{_by_reason(self.set_aside)}"
        return (
            f"Blocks {self.first:,} to {self.last:,} of {self.chain}, {whose} ({of}): {blocks} in "
            f"{self.requests:,} requests: {rows}."
        )


def _by_reason(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()) if count)
    return f" ({listed})" if listed else ""
