"""How large transfers are: lognormal, many small and few whales, in whole US cents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from inflows.simulate.market import Market
from inflows.simulate.price_walk import Ints

_STEPS: Final = 4096
_UNIT: Final = 10**6
_RECEIVED_SHARE: Final = 0.47
"""Mean worth of what exchanges receive from outside, by transfer of any sort; measured on the default mix."""


@dataclass(frozen=True)
class Sizes:
    """The quantiles of the sizes in millionths of their mean, and the mean in US cents."""

    quantiles: Ints
    mean_cents: int


def make_sizes(market: Market, transfers: int) -> Sizes:
    """The distribution for a market and a number of transfers: fewer transfers are larger ones.

    The largest are cut off at the last of 4096 quantiles. Quantiles are rounded to whole millionths, so that
    the last digits of a machine's exponential function do not show.
    """
    normal = NormalDist()
    raw = [
        math.exp(market.spread * normal.inv_cdf((step + 0.5) / (_STEPS + 1))) for step in range(_STEPS + 1)
    ]
    mean = math.fsum(raw) / len(raw)
    cents = int(market.inflow_usd * 100 / (transfers * _RECEIVED_SHARE))
    quantiles = [round(one / mean * _UNIT) for one in raw]
    largest = quantiles[-1]  # times the mean must fit 64 bits
    return Sizes(
        np.array(quantiles, dtype=np.int64),
        min(max(cents, 100), 2**62 // largest),
    )


def draw_cents(sizes: Sizes, count: int, rng: np.random.Generator) -> Ints:
    """Sizes in US cents, at least one cent."""
    step = rng.integers(0, _STEPS, count)
    part = rng.integers(0, 1 << 16, count)
    low, high = sizes.quantiles[step], sizes.quantiles[step + 1]
    millionths = low + ((high - low) * part >> 16)
    return np.asarray(np.maximum(millionths * sizes.mean_cents // _UNIT, 1), dtype=np.int64)
