"""How much to ask for at once: grown while it goes well, cut when a server says that it was too much."""

from __future__ import annotations

import threading


class AdaptiveSize:
    """A size (of a batch, of a range of blocks) between 1 and `largest`, shared by threads.

    It doubles after four successes at the full size, up to one below what is known to be too much. It forgets
    that bound after 64 successes: what was too much in a busy stretch of the chain is not in a quiet one.
    """

    _SUCCESSES_TO_GROW = 4
    _SUCCESSES_TO_FORGET = 64

    def __init__(self, size: int, largest: int) -> None:
        self.largest = max(1, largest)
        self._size = min(max(1, size), self.largest)
        self._too_much = self.largest + 1
        self._successes = self._since_refusal = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How much to ask for now."""
        return self._size

    def succeeded(self, asked: int) -> None:
        """An answer to this much came whole."""
        with self._lock:
            self._since_refusal += 1
            if self._since_refusal >= self._SUCCESSES_TO_FORGET:
                self._since_refusal, self._too_much = 0, self.largest + 1
            if asked < self._size:
                return
            self._successes += 1
            if self._successes >= self._SUCCESSES_TO_GROW:
                self._successes = 0
                self._size = max(self._size, min(2 * self._size, self._too_much - 1, self.largest))

    def refused(self, asked: int, suggested: int | None = None) -> int:
        """This much was too much: cut to what was suggested if that is strictly less, else to half.

        Returns the new size; at 1 it stays 1, and it is for the caller to fail.
        """
        new = suggested if suggested is not None and 0 < suggested < asked else max(1, asked // 2)
        with self._lock:
            self._successes = self._since_refusal = 0
            self._too_much = max(2, min(self._too_much, asked))
            self._size = min(self._size, new)
        return new
