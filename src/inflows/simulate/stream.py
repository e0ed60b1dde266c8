"""The stream of transfers, in chunks that depend on nothing but the seed, their number and the scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from inflows.simulate.assets import ASSETS
from inflows.simulate.behaviours import FILL, SMALLER, Draft, Scene
from inflows.simulate.clock import instants, make_clock
from inflows.simulate.edges import edge_rows
from inflows.simulate.market import CHAINS, Market
from inflows.simulate.price_walk import Exact, Ints, epoch, exact, make_quotes, reference_prices
from inflows.simulate.rows import IS_NATIVE, NATIVE, TOKEN, TRACE, Rows, on_block_times
from inflows.simulate.sizes import draw_cents, make_sizes
from inflows.simulate.wallets import make_wallets

CHUNK_ROWS: Final = 50_000
"""Largest number of transfers held at once, and in one file."""
_SETUP, _EDGES, _STREAM = range(3)
_MONTH: Final = 30 * 86_400


def random_stream(seed: int, *path: int) -> np.random.Generator:
    """A generator of its own for each part of a simulation, independent of all others."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=path)))


def make_scene(market: Market, transfers: int, seed: int) -> Scene:
    """Wallets, quotes, hours and sizes of a market."""
    return Scene(
        market=market,
        wallets=make_wallets(market),
        quotes=make_quotes(market, random_stream(seed, _SETUP, 0)),
        clock=make_clock(market, random_stream(seed, _SETUP, 1)),
        sizes=make_sizes(market, transfers),
        seed=seed,
        transfers=transfers,
    )


def chunks(scene: Scene) -> Iterator[tuple[Rows, np.random.Generator]]:
    """All transfers of a scene, the edge cases first; with each chunk a generator for its identifiers.

    Iterating again gives the same chunks again.
    """
    edges = edge_rows(scene)
    if edges is not None:
        yield edges, random_stream(scene.seed, _EDGES)
    rest = scene.transfers - (0 if edges is None else len(edges))
    # A small market is in several files too, as a large one is.
    step = min(CHUNK_ROWS, -(-rest // 4))
    for number, first in enumerate(range(0, rest, step)):
        count = min(step, rest - first)
        rng = random_stream(scene.seed, _STREAM, number)
        yield _chunk(scene, first, count, rest, rng), rng


def _chunk(scene: Scene, first: int, count: int, total: int, rng: np.random.Generator) -> Rows:
    names = [name for name, _ in scene.market.mix]
    what = _weighted([share for _, share in scene.market.mix], count, rng)
    time = instants(scene.clock, first, count, total, rng)
    chain = _weighted(list(scene.market.chain_shares), count, rng)
    focus = _focus(scene.market, time, rng)
    asset = np.empty(count, dtype=np.int64)
    for number, name in enumerate(CHAINS):
        here = np.flatnonzero(chain == number)
        shares = [one.share if one.chain == name else 0 for one in ASSETS]
        asset[here] = _weighted(shares, len(here), rng)
    as_trace = rng.integers(0, 10, count) < 2
    kind = np.where(IS_NATIVE[asset], np.where(as_trace, TRACE, NATIVE), TOKEN)
    sender, receiver = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    cents = draw_cents(scene.sizes, count, rng)
    nothing, absurd = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)

    def behaves(name: str, here: Ints) -> None:
        draft = Draft(
            scene, rng, chain[here], asset[here], focus[here], kind[here], sender[here], receiver[here]
        )
        FILL[name](draft)
        chain[here], asset[here], kind[here] = draft.chain, draft.asset, draft.kind
        sender[here], receiver[here] = draft.sender, draft.receiver
        cents[here] = cents[here] * draft.per_mille // 1000
        nothing[here], absurd[here] = draft.nothing, draft.absurd

    where = {name: np.flatnonzero(what == number) for number, name in enumerate(names)}
    deposits = where.get("deposit", np.zeros(0, dtype=np.int64))
    sweeps = where.pop("sweep", np.zeros(0, dtype=np.int64))
    swept = rng.permutation(deposits)[: len(sweeps)]
    idle = sweeps[len(swept) :]
    sweeps = sweeps[: len(swept)]
    for name, here in where.items():
        behaves(name, here)
    behaves("users", idle)

    amount = _amounts(scene, asset, time, np.maximum(cents // SMALLER[asset], 1))
    amount[absurd] = exact([int(one) ** 4 % 2**256 for one in rng.integers(1, 1 << 62, int(absurd.sum()))])
    amount[nothing] = 0
    moment = time.copy()
    if len(sweeps):
        for column in (chain, asset, kind, focus, moment):
            column[sweeps] = column[swept]
        sender[sweeps] = receiver[swept]
        pool = scene.wallets.pools["hot"]
        receiver[sweeps] = pool[focus[sweeps], chain[sweeps], rng.integers(0, pool.shape[2], len(sweeps))]
        # The native coin pays its own way; the sender keeps back what the gas costs.
        fee = np.where(IS_NATIVE[asset[sweeps]], 500, 0).astype(object)
        amount[sweeps] = amount[swept] - amount[swept] * fee // 1_000_000
        longest = rng.integers(300, 72_000, len(sweeps))
        time[sweeps] = moment[sweeps] + rng.integers(300, longest + 1)
    rows = Rows(
        on_block_times(epoch(scene.market.start), chain, time),
        moment, chain, asset, kind, sender, receiver, focus, amount,
    )  # fmt: skip
    return rows.take(np.argsort(rows.time, kind="stable"))


def _amounts(scene: Scene, asset: Ints, time: Ints, cents: Ints) -> Exact:
    """Raw amounts of about that worth, at least 1."""
    per_coin = exact([10 ** (one.decimals + 16) for one in ASSETS])
    amount = cents.astype(object) * per_coin[asset] // reference_prices(scene.quotes, asset, time)
    amount[amount == 0] = 1
    return np.asarray(amount, dtype=object)


def _weighted(shares: list[int], count: int, rng: np.random.Generator) -> Ints:
    """Numbers of the shares, drawn in proportion."""
    until = np.cumsum(np.array(shares, dtype=np.int64))
    return np.asarray(np.searchsorted(until, rng.integers(0, int(until[-1]), count), "right"), dtype=np.int64)


def _focus(market: Market, time: Ints, rng: np.random.Generator) -> Ints:
    """The exchange that each transfer is about, by its share of the customers in that month."""
    month = (time - epoch(market.start)) // _MONTH
    months = int(month.max()) + 1
    until = np.cumsum(
        [
            [int(one.share * one.growth ** (m * _MONTH / 31_536_000) * 10_000) for one in market.exchanges]
            for m in range(months)
        ],
        axis=1,
    )
    draw = rng.integers(0, 1 << 32, len(time)) * until[month, -1] >> 32
    return np.asarray((draw[:, None] >= until[month]).sum(axis=1), dtype=np.int64)
