"""How fast a node is asked, how much at once, and how often what was read is stored."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def few_collections() -> Iterator[None]:
    """Let Python look for cycles more rarely: answers are millions of objects that have none."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
