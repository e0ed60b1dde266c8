"""Making a market's totals meet its targets: one factor for each target, found exactly.

The whole stream is judged once as it is drawn, in classes of transfers; the factors solve a small system of
linear equations in fractions; the same stream is then written with the integer amounts of each class
multiplied by its factor. The true totals are summed again from those integers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from inflows.contracts.names import LEVELS
from inflows.errors import WorkError
from inflows.periods import bounds
from inflows.simulate.assets import ASSETS
from inflows.simulate.behaviours import Scene
from inflows.simulate.market import Exchange, Market, Target
from inflows.simulate.price_walk import Bools, Exact, Ints, epoch
from inflows.simulate.rows import Rows
from inflows.simulate.true_totals import totals
from inflows.simulate.truth import Beliefs, Judged, Tally, judge, value

UNIT: Final = 10**12
"""Factors are whole numbers of 10^-12."""
ENOUGH: Final = 5000
"""From this number of transfers on, a market that does not meet its targets is an error."""
_EXTREME: Final = 1000
"""A factor beyond this, or below its inverse, would make a caricature of the market."""
BASE: Final = tuple(LEVELS).index("base")
_SCALED: Final = np.array([asset.listed and asset.trusted for asset in ASSETS])


def classes(rows: Rows, judged: Judged, market: Market) -> Ints:
    """The number of the target that each row is scaled with; the number of targets where it is not scaled.

    A row goes with the exchange that receives it at level base, else the one that sends it, else the one it
    is about: at home in the target jurisdiction where most of its licence is. Of that jurisdiction's targets
    the latest that has begun at the row's event counts, so that a deposit and its sweep stay alike.
    """
    nobody, unscaled = len(market.exchanges), len(market.targets)
    party = np.where(judged.destination != nobody, judged.destination, judged.source)
    party = np.where(party != nobody, party, rows.focus)
    chosen = np.full(len(rows), unscaled, dtype=np.int64)
    homes = [_home(exchange, market) for exchange in market.exchanges]
    for jurisdiction in sorted({target.jurisdiction for target in market.targets}):
        mine = sorted(
            (number for number, one in enumerate(market.targets) if one.jurisdiction == jurisdiction),
            key=lambda number: market.targets[number].period,
        )
        starts = np.array([epoch(bounds(market.targets[number].period)[0]) for number in mine])
        latest = np.maximum(np.searchsorted(starts, rows.moment, "right") - 1, 0)
        at_home = np.array([home == jurisdiction for home in homes])[party]
        chosen = np.where(at_home, np.array(mine)[latest], chosen)
    return np.where(_SCALED[rows.asset], chosen, unscaled)


def _home(exchange: Exchange, market: Market) -> str | None:
    """The target jurisdiction where an exchange's licence weighs most."""
    wanted = {target.jurisdiction for target in market.targets}
    licences = [one for one in exchange.weights if one.basis == "licence" and one.jurisdiction in wanted]
    return max(licences, key=lambda one: float(one.weight)).jurisdiction if licences else None


class Measure:
    """The unscaled totals of each class of rows, at level base alone."""

    def __init__(self, scene: Scene, beliefs: Beliefs) -> None:
        self._scene, self._beliefs = scene, beliefs
        self._tallies = [Tally(scene.market) for _ in range(len(scene.market.targets) + 1)]

    def add(self, rows: Rows) -> None:
        """Count a chunk as it was drawn."""
        judged = judge(rows, BASE, self._scene, self._beliefs)
        valued = value(rows, self._scene)
        group = classes(rows, judged, self._scene.market)
        for number, tally in enumerate(self._tallies):
            here = np.flatnonzero(group == number)
            part = Judged(judged.flow_type[here], judged.source[here], judged.destination[here])
            tally.add(BASE, rows.take(here), part, valued.take(here))

    def factors(self) -> list[int] | None:
        """The factor of each class in units of 10^-12; the last one is 1, for what is not scaled.

        None where the transfers are too few for the targets to be met.
        """
        market = self._scene.market
        sums = [[_received(tally, target, market) for tally in self._tallies] for target in market.targets]
        wanted = [
            Fraction(target.inflow_usd) * 10**24 - row[-1]
            for target, row in zip(market.targets, sums, strict=True)
        ]
        solved = _solve([[Fraction(one) for one in row[:-1]] for row in sums], wanted)
        factors = [int(one * UNIT) for one in solved] if solved else []
        if not factors or not UNIT // _EXTREME < min(factors) <= max(factors) < UNIT * _EXTREME:
            if self._scene.transfers < ENOUGH:
                return None
            raise WorkError(
                "This market cannot be scaled to its targets.",
                "Simulate more transfers, or change the market's exchanges or targets.",
            )
        return [*factors, UNIT]


def _received(tally: Tally, target: Target, market: Market) -> int:
    key = (target.period, target.jurisdiction, "licence", "exchange", "base")
    total = totals(tally, market).get(key)
    return total.inflow if total else 0


def _solve(matrix: list[list[Fraction]], wanted: list[Fraction]) -> list[Fraction] | None:
    """Gauss-Jordan elimination in exact fractions; None where there is no single solution."""
    rows = [[*row, right] for row, right in zip(matrix, wanted, strict=True)]
    for step in range(len(rows)):
        pivot = next((n for n in range(step, len(rows)) if rows[n][step]), None)
        if pivot is None:
            return None
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [one / rows[step][step] for one in rows[step]]
        for n, row in enumerate(rows):
            if n != step and row[step]:
                rows[n] = [one - row[step] * base for one, base in zip(row, rows[step], strict=True)]
    return [row[-1] for row in rows]


def scaled(amount: Exact, group: Ints, factors: list[int]) -> Exact:
    """Amounts times the factor of their class, rounded down, at least 1 where they were."""
    result = amount.copy()
    for number, factor in enumerate(factors[:-1]):
        here: Bools = group == number
        result[here] = np.where(amount[here] == 0, 0, np.maximum(amount[here] * factor // UNIT, 1))
    return result
