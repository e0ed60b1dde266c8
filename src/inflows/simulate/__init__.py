"""A synthetic market with its true totals, in the project's own file formats.

What the stages make of these files must equal `truth/totals.csv` to the last digit. The truth is kept by the
market itself and shares no code with the stages. See docs/simulator.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from inflows.contracts.names import LEVELS
from inflows.errors import UsageError, WorkError
from inflows.simulate.behaviours import Scene
from inflows.simulate.folder import empty, prepare, write_readme
from inflows.simulate.market import Exchange, Market, Target, Weight
from inflows.simulate.market_files import transfers_frame, write_registries, write_transfers, write_truth
from inflows.simulate.random_market import PUBLISHED_MARKET, random_market
from inflows.simulate.scale import BASE, Measure, classes, scaled
from inflows.simulate.stream import chunks, make_scene
from inflows.simulate.true_totals import totals
from inflows.simulate.truth import Beliefs, Tally, judge, make_beliefs, value

__all__ = ["PUBLISHED_MARKET", "Exchange", "Market", "Target", "Weight", "random_market", "simulate"]

Progress = Callable[[int, int], None]


def simulate(
    folder: Path,
    *,
    transfers: int,
    seed: int,
    market: Market = PUBLISHED_MARKET,
    progress: Progress | None = None,
) -> Path:
    """Write a market of that many transfers and its true totals into a folder; returns the folder.

    The same market, size and seed give the same bytes. Memory does not grow with the size. `progress` is told
    how many transfers are done, of how many; a market with targets is gone through twice, and counts so.
    Raises UsageError where a number is out of range or the folder holds anything but an earlier simulation,
    WorkError where the folder cannot be written or the market cannot meet its targets. With fewer than 5000
    transfers that is no error: the market is left as drawn, and its README says so.
    """
    if transfers < 1:
        raise UsageError(f"{transfers} transfers cannot be simulated.", "Ask for 1 or more.")
    if seed < 0:
        raise UsageError(f"The seed {seed} is negative.", "Give a seed of 0 or more.")
    prepare(folder)
    try:
        _write(folder, make_scene(market, transfers, seed), progress or _silent)
    except OSError as error:
        raise WorkError(
            f"The simulation could not be written to {folder}: {error.strerror or error}.",
            "Free space or name another folder, then start it again.",
        ) from None
    return folder


def _silent(_done: int, _of: int) -> None:
    pass


def _write(folder: Path, scene: Scene, progress: Progress) -> None:
    market = scene.market
    beliefs = make_beliefs(scene.wallets, len(market.exchanges))
    work = scene.transfers * (2 if market.targets else 1)
    factors = _measured(scene, beliefs, progress, work)
    empty(folder)
    write_readme(folder, scene.transfers, scene.seed, market, scaled=bool(factors))
    write_registries(folder, scene)
    addresses, tally, done = pl.Series(scene.wallets.addresses), Tally(market), 0
    for number, (drawn, rng) in enumerate(chunks(scene)):
        rows = drawn
        if factors:
            group = classes(drawn, judge(drawn, BASE, scene, beliefs), market)
            rows = drawn.with_amount(scaled(drawn.amount, group, factors))
        write_transfers(folder, number, transfers_frame(rows, done, scene, addresses, rng))
        valued = value(rows, scene)
        for level in range(len(LEVELS)):
            tally.add(level, rows, judge(rows, level, scene, beliefs), valued)
        done += len(rows)
        progress(work - scene.transfers + done, work)
    write_truth(folder, tally, totals(tally, market))


def _measured(scene: Scene, beliefs: Beliefs, progress: Progress, work: int) -> list[int] | None:
    """The factors that make the market meet its targets; None where it has none, or too few transfers."""
    if not scene.market.targets:
        return None
    measure, done = Measure(scene, beliefs), 0
    for rows, _ in chunks(scene):
        measure.add(rows)
        done += len(rows)
        progress(done, work)
    return measure.factors()
