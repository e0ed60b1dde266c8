"""When transfers happen: growth over the years, quiet weekends, quiet hours, good and bad days.

All is whole numbers from the table on, so that a seed means the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from inflows.simulate.market import Market
from inflows.simulate.price_walk import DAY, Ints, epoch

_HOURS: Final = (
    70, 72, 75, 78, 76, 74, 76, 84, 96, 104, 108, 110, 114, 124, 136, 140, 136, 126, 114, 104, 96, 88, 80, 74,
)  # fmt: skip
"""Of a day in UTC, in hundredths: most happens when both Europe and America are awake."""
_WEEKDAYS: Final = (106, 110, 110, 108, 104, 82, 80)
_RESOLUTION: Final = 10_000


@dataclass(frozen=True)
class Clock:
    """Cumulative intensity by hour; `start` is the window's first second, in seconds since 1970."""

    start: int
    until: Ints
    """Total intensity up to the end of each hour."""


def make_clock(market: Market, rng: np.random.Generator) -> Clock:
    """The intensity of each hour of the window."""
    start, end = epoch(market.start), epoch(market.end)
    good_and_bad = rng.integers(80, 121, (end - start) // DAY)
    weights = []
    for day, mood in enumerate(good_and_bad.tolist()):
        grown = int(market.growth ** (day / 365) * _RESOLUTION)
        weekday = (start // DAY + day + 3) % 7  # 1970-01-01 was a Thursday
        weights += [max(1, grown * mood * _WEEKDAYS[weekday] * hour // 10**6) for hour in _HOURS]
    return Clock(start, np.array(list(accumulate(weights)), dtype=np.int64))


def instants(clock: Clock, first: int, count: int, total: int, rng: np.random.Generator) -> Ints:
    """Seconds since 1970 of the transfers number `first` to `first + count` of `total`, in ascending order.

    Each transfer has its own equal part of the intensity and falls at random within it, so that any
    stretch of the stream can be made without the ones before it.
    """
    everything = int(clock.until[-1])
    slots = np.arange(first, first + count, dtype=np.int64)
    at = (slots * everything + rng.integers(0, everything, count)) // total
    hour = np.searchsorted(clock.until, at, "right")
    before = np.concatenate((np.zeros(1, dtype=np.int64), clock.until))[hour]
    second = (at - before) * 3600 // (clock.until[hour] - before)
    return np.asarray(clock.start + hour * 3600 + second, dtype=np.int64)
