"""Waits are told once, with their seconds: one sentence for all that wait for the same service meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from inflows.http.endpoint import Endpoint

TOLD_FROM_SECONDS: Final = 1.0
"""Shorter waits are told when they add up to this much without a word between them."""


class Waits:
    """Tells of waits. It may be shared by threads."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._told_until: dict[Endpoint, float] = {}
        self._untold: dict[Endpoint, float] = {}
        self._lock = threading.Lock()

    def begin(self, endpoint: Endpoint, seconds: float, why: str, already: float = 0.0) -> None:
        """A wait of so many seconds begins; already: what was lost before it without an answer."""
        with self._lock:
            until = self._clock() + seconds
            if until <= self._told_until.get(endpoint, 0.0):
                return  # another thread told of it
            silent = self._untold.get(endpoint, 0.0) + already + seconds
            if silent < TOLD_FROM_SECONDS:
                self._untold[endpoint] = silent
                return
            self._untold[endpoint] = 0.0
            # What begins a moment later waits for the same.
            self._told_until[endpoint] = until + min(1.0, seconds / 2)
        self._say(f"{why} Waiting {seconds:,.0f} s.")
