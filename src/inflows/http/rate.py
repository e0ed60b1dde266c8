"""How many requests a service takes in some seconds, kept by us so that it need not refuse any."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable


class Rate:
    """At most `requests` in any `seconds`; shared by threads, which take their turns as they come."""

    def __init__(self, requests: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests, self.seconds, self._clock = requests, seconds, clock
        self._sent: deque[float] = deque(maxlen=requests)
        self._lock = threading.Lock()

    def take(self, rest: Callable[[float], None]) -> None:
        """Return when one more request may be sent; `rest` is what waits."""
        with self._lock:
            now = self._clock()
            at = now if len(self._sent) < self.requests else max(now, self._sent[0] + self.seconds)
            self._sent.append(at)
        if at > now:
            rest(at - now)
