"""Quotes of the simulated coins, and what a transfer was worth by them, exactly."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inflows.simulate.assets import ASSETS, PRICE_UNIT, Asset
from inflows.simulate.market import Market

DAY: Final = 86_400
STALE_AFTER: Final = 48 * 3600
"""Seconds: a quote of exactly this age still counts (DOMAIN.md, Value)."""
GUARD_USD: Final = 1_000_000_000
"""From this worth on, a transfer of an untrusted asset has no value (DOMAIN.md, Value)."""
MICRO: Final = 10**6

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Exact = npt.NDArray[Any]
"""An array of Python integers of any size."""


@dataclass(frozen=True)
class Quotes:
    """Of each asset, by number: when it was quoted (epoch seconds, ascending) and at what (10^-18 USD)."""

    times: tuple[Ints, ...]
    prices: tuple[Exact, ...]


def epoch(day: dt.date) -> int:
    """Midnight UTC of a day, in seconds since 1970."""
    return (day - dt.date(1970, 1, 1)).days * DAY


def make_quotes(market: Market, rng: np.random.Generator) -> Quotes:
    """Random walks in whole numbers, from three days before the window until three after; with gaps."""
    first, last = epoch(market.start) - 3 * DAY, epoch(market.end) + 3 * DAY
    times, prices = [], []
    for asset in ASSETS:
        walk = _walk(asset, first, last, rng) if asset.every_hours else []
        gap = (first + last) // 2 // DAY * DAY
        width = min(asset.gap_days * DAY, (last - first) // 3)
        kept = [(at, price) for at, price in walk if not gap < at < gap + width]
        times.append(np.array([at for at, _ in kept], dtype=np.int64))
        prices.append(exact([price for _, price in kept]))
    return Quotes(tuple(times), tuple(prices))


def _walk(asset: Asset, first: int, last: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    instants = range(first, last, asset.every_hours * 3600)
    steps = rng.integers(-asset.step, asset.step + 1, len(instants))
    missing = rng.integers(0, 25, len(instants)) == 0  # a single quote now and then; no age beyond two days
    grain = PRICE_UNIT // 10**asset.grain
    price, walk, pegged = asset.first_price, [], asset.kind == "stablecoin"
    for number, at in enumerate(instants):
        base = asset.first_price if pegged else price
        price = max(base * (MICRO + int(steps[number])) // MICRO, grain)
        if not (missing[number] and asset.every_hours < 24):
            walk.append((at, price // grain * grain or grain))
    return walk


def exact(values: list[int]) -> Exact:
    """An array of Python integers, whatever their size."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def reference_prices(quotes: Quotes, asset: Ints, time: Ints) -> Exact:
    """A price above 0 for any asset at any time, to choose an amount by; not what values a transfer."""
    prices = np.empty(len(asset), dtype=object)
    for number in np.unique(asset):
        here = np.flatnonzero(asset == number)
        if not len(quotes.times[number]):
            prices[here] = ASSETS[number].first_price
            continue
        latest = np.searchsorted(quotes.times[number], time[here], "right") - 1
        prices[here] = quotes.prices[number][np.maximum(latest, 0)]
    return prices


def worth(quotes: Quotes, asset: Ints, time: Ints, amount: Exact) -> tuple[Exact, Bools]:
    """Millionths of US dollars of each amount, rounded half to even once, and whether there is such a value.

    None where the asset is not listed, never quoted or not quoted in the 48 hours up to then, and where an
    untrusted asset would be worth a billion or more. The worth of what has none is given as 0.
    """
    micros, priced = exact([0] * len(asset)), np.zeros(len(asset), dtype=bool)
    for number in np.unique(asset):
        coin, instants = ASSETS[number], quotes.times[number]
        if not (coin.listed and len(instants)):
            continue
        here = np.flatnonzero(asset == number)
        latest = np.searchsorted(instants, time[here], "right") - 1
        fresh = (latest >= 0) & (time[here] - instants[np.maximum(latest, 0)] <= STALE_AFTER)
        here, latest = here[fresh], latest[fresh]
        value = _divided_half_even(
            amount[here] * quotes.prices[number][latest], 10**coin.decimals * (PRICE_UNIT // MICRO)
        )
        if not coin.trusted:
            credible = (value < GUARD_USD * MICRO).astype(bool)
            here, value = here[credible], value[credible]
        micros[here], priced[here] = value, True
    return micros, priced


def _divided_half_even(numbers: Exact, divisor: int) -> Exact:
    whole = numbers // divisor
    twice = (numbers - whole * divisor) * 2
    up = (twice > divisor) | ((twice == divisor) & (whole % 2 == 1))
    return np.asarray(whole + up.astype(bool).astype(np.int64), dtype=object)
