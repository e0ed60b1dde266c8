"""What an ingestion by JSON-RPC did, in numbers and in one sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from inflows.raw.ingest_report import IngestReport


@dataclass
class EvmReport:
    """Counts of one ingestion."""

    chain: str
    first: int
    last: int
    traces: bool = False
    partial: bool = False
    """Only transfers of labelled addresses were read."""
    blocks_read: int = 0
    blocks_there: int = 0
    blocks_reorganised: int = 0
    days_replaced: set[str] = field(default_factory=set)
    """Days (YYYY-MM-DD) on which the traces of another source gave way."""
    transactions: int = 0
    rows_new: int = 0
    rows_already_there: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def add(self, stored: IngestReport, counts: Counter[str], blocks: int) -> None:
        """Count what was stored of some blocks."""
        self.blocks_read += blocks
        self.transactions += counts["transactions"]
        self.rows_new += stored.rows_new
        self.rows_already_there += stored.rows_already_there
        self.quarantined += stored.quarantined
        self.set_aside += stored.set_aside
        self.set_aside["zero_value"] += counts["zero_value"]

    @property
    def rows(self) -> int:
        """All transfers that were read."""
        return self.rows_new + self.rows_already_there + self.quarantined.total()

    def sentence(self) -> str:
        """The closing line: which blocks were read, and what was in them."""
        parts = [f"{self.rows_new:,} transfers new", f"{self.rows_already_there:,} already there"]
        parts.append(f"{self.quarantined.total():,} quarantined{_by_reason(self.quarantined)}")
        if self.set_aside.total():
            parts.append(f"{self.set_aside.total():,} set aside{_by_reason(self.set_aside)}")
        blocks = f"{self.blocks_read:,} blocks read"
        if self.blocks_there:
            blocks += f", {self.blocks_there:,} read before"
        if self.blocks_reorganised:
            blocks += f", {self.blocks_reorganised:,} of them again after a reorganisation"
        kind = (
            "token transfers of labelled addresses alone (partial)"
            if self.partial
            else ("with internal transfers" if self.traces else "without internal transfers")
        )
        return (
            f"Blocks {self.first:,} to {self.last:,} of {self.chain}, {kind}: {blocks}: {', '.join(parts)}."
        )


def _by_reason(counts: Counter[str]) -> str:
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()) if count)
    return f" ({listed})" if listed else ""
