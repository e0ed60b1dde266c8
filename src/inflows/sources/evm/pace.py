"""How fast a node is asked, how much at once, and how often what was read is stored."""

from __future__ import annotations

from dataclasses import dataclass, field

from inflows.http import Patience


@dataclass(frozen=True)
class Pace:
    """How fast and how much at once; the defaults suit public nodes."""

    workers: int = 4
    batch: int = 20
    """Calls in one request, to begin with."""
    range_blocks: int = 2_000
    """Blocks in one eth_getLogs, to begin with."""
    commit_rows: int = 200_000
    commit_blocks: int = 20_000
    commit_seconds: float = 120.0
    poll_seconds: float = 5.0
    """How often the head is asked for while waiting for it."""
    aside_seconds: float = 2.0
    patience: Patience = field(default_factory=Patience)
