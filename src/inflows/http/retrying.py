"""How patient the client is, and what servers ask of its patience.

Waits grow twofold and are drawn at random from zero to their bound ("full jitter": Brooker, Exponential
Backoff and Jitter, 2015), so that clients which failed together do not come back together. A wait that the
server asks for is kept in full, with a little jitter on top.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from inflows.errors import NetError, RateLimited


@dataclass(frozen=True)
class Patience:
    """How often and how long a request is tried again."""

    attempts: int = 6
    first_seconds: float = 0.5
    """The bound of the first wait; each further one is twice the one before."""
    longest_seconds: float = 30.0
    """The bound of a wait of our own."""
    longest_asked_seconds: float = 300.0
    """The longest wait that a server may ask for; beyond it the request fails and says so."""
    rate_limit_attempts: int = 20
    """Rate limits are no faults: they are sat out more often."""

    def wait(self, failure: NetError, attempt: int, draw: random.Random) -> float | None:
        """Seconds to wait after the `attempt`-th failure (from 1); None: give up."""
        limited = isinstance(failure, RateLimited)
        if not failure.retryable or attempt >= (self.rate_limit_attempts if limited else self.attempts):
            return None
        asked = failure.wait_seconds if isinstance(failure, RateLimited) else None
        if asked:  # "wait 0 seconds" is no answer to a client that was too fast
            if asked > self.longest_asked_seconds:
                return None
            return asked + draw.uniform(0, min(self.first_seconds, 0.1 * asked))
        bound = min(self.longest_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 30))
        return draw.uniform(0, bound)


def retry_after(value: str | None, now: dt.datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None where it is missing or malformed.

    Both forms are read, a number of seconds (a fraction is accepted) and an HTTP date; a past date is 0.
    """
    if value is None or not value.strip():
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())
