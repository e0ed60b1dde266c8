"""How fast a Portal is asked, and how much of its answers is held at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from inflows.http import Patience

_SILENT_SECONDS: Final = 150.0
"""A worker of the Portal has 60 s before its first byte, and is tried twice."""


@dataclass(frozen=True)
class SqdPace:
    """How fast the Portal is asked, and how much is held; the defaults are the public Portal's limit."""

    workers: int = 4
    """Streams at once."""
    requests: int = 20
    """Requests in `seconds`."""
    seconds: float = 10.5
    """Ten seconds, and half a one for the way."""
    piece_rows: int = 100_000
    piece_seconds: float = 60.0
    commit_rows: int = 300_000
    commit_seconds: float = 120.0
    unasked_seconds: float = 10.0
    """How long a refusal for too many requests stops us that does not say how long."""
    silent_seconds: float = _SILENT_SECONDS
    patience: Patience = field(default_factory=Patience)
