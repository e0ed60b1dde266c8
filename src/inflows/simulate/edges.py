"""Transfers that fall exactly on an edge: of a half-year, a licence, a label, a price's age, a guard.

They are the same in every simulation of a market and stand in the first file, in no order of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from inflows.simulate.assets import ASSETS, asset_numbers
from inflows.simulate.behaviours import Scene
from inflows.simulate.market import CHAINS
from inflows.simulate.price_walk import DAY, GUARD_USD, STALE_AFTER, epoch, exact
from inflows.simulate.rows import NATIVE, TOKEN, TRACE, WITHDRAWAL, Rows, on_block_times
from inflows.simulate.wallets import ZERO, label_instants

_ETHEREUM, _BSC, _TRON = range(len(CHAINS))
_USDT: Final = [asset_numbers(chain, listed=True, symbol="USDT")[0] for chain in CHAINS]
_COIN: Final = [asset_numbers(chain, kind="native")[0] for chain in CHAINS]
_WRAPPED: Final = [asset_numbers(chain, kind="wrapped_native")[0] for chain in CHAINS]


@dataclass(frozen=True)
class _Edge:
    """One transfer; the amount is in raw units."""

    time: int
    chain: int
    asset: int
    sender: int
    receiver: int
    amount: int
    focus: int = 0
    kind: int | None = None  # by the asset, if not given


def edge_rows(scene: Scene) -> Rows | None:
    """The edge cases, at most half of the simulation's transfers; None where that is not one."""
    edges = [*_in_time(scene), *_in_kind(scene), *_in_value(scene)][: scene.transfers // 2]
    if not edges:
        return None

    def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    chain = column([one.chain for one in edges])
    time = on_block_times(epoch(scene.market.start), chain, column([one.time for one in edges]))
    kinds = [NATIVE if ASSETS[one.asset].kind == "native" else TOKEN for one in edges]
    return Rows(
        time=time,
        moment=time,
        chain=chain,
        asset=column([one.asset for one in edges]),
        kind=column([kinds[n] if one.kind is None else one.kind for n, one in enumerate(edges)]),
        sender=column([one.sender for one in edges]),
        receiver=column([one.receiver for one in edges]),
        focus=column([one.focus for one in edges]),
        amount=exact([one.amount for one in edges]),
    )


def _in_time(scene: Scene) -> Iterator[_Edge]:
    """On the instant and the second before it: half-years, licences, labels."""
    market, pools = scene.market, scene.wallets.pools
    first, last = epoch(market.start), epoch(market.end)
    user, amount = int(scene.wallets.users[_BSC][0]), 1_234_567_890_123_456_789_012
    midnights = [day * DAY for day in range(first // DAY + 1, last // DAY)]
    turns = [at for at in midnights if _starts_half_year(at)] or midnights[:1]
    hot = pools["hot"][:, _BSC, 0]
    for at in turns:
        for number in range(len(market.exchanges)):
            for second in (at, at - 1):
                yield _Edge(second, _BSC, _USDT[_BSC], user, int(hot[number]), amount, number)
    for number, exchange in enumerate(market.exchanges):
        days = {day for one in exchange.weights for day in (one.valid_from, one.valid_to) if day}
        for at in sorted(epoch(day) for day in days if market.start < day < market.end):
            other = int(hot[(number + 1) % len(hot)])
            for second in (at, at - 1):
                yield _Edge(second, _BSC, _USDT[_BSC], user, int(hot[number]), amount, number)
                yield _Edge(second, _BSC, _USDT[_BSC], other, int(hot[number]), amount, number)
    instants = sorted(set(label_instants(market).values()))
    for chain, odd in ((_BSC, scene.wallets.odd[_BSC]), (_TRON, scene.wallets.odd[_TRON])):
        timed = [int(wallet) for wallet in odd[:4]]  # moved, late, early, timed
        sender = int(scene.wallets.users[chain][0])
        for at in instants:
            for wallet in timed:
                for second in (at, at - 1):
                    yield _Edge(second, chain, _USDT[chain], sender, wallet, amount % 10**12)


def _in_kind(scene: Scene) -> Iterator[_Edge]:
    """One of each sort and its near miss, on each chain where it can be."""
    market, wallets = scene.market, scene.wallets
    noon = (epoch(market.start) + epoch(market.end)) // 2 // DAY * DAY - 2 * DAY
    for chain in (_ETHEREUM, _BSC, _TRON):
        hot, other = (int(wallets.pools["hot"][number, chain, 0]) for number in (0, 1))
        user, contract = int(wallets.users[chain][0]), wallets.wrapped[chain]
        usdt, coin, wrapped = _USDT[chain], _COIN[chain], _WRAPPED[chain]
        some = {asset: 5 * 10 ** ASSETS[asset].decimals for asset in (usdt, coin, wrapped)}
        for asset, sender, receiver in (
            (usdt, user, hot), (usdt, hot, user), (usdt, hot, other), (usdt, hot, hot), (usdt, user, user),
            (usdt, ZERO[chain], hot), (usdt, hot, ZERO[chain]), (usdt, ZERO[chain], user),
            (coin, hot, contract), (wrapped, hot, contract), (usdt, hot, contract),
            (wrapped, ZERO[chain], hot),
        ):  # fmt: skip
            yield _Edge(noon, chain, asset, sender, receiver, some[asset])
        yield _Edge(noon, chain, coin, contract, hot, some[coin], kind=TRACE)
        yield _Edge(noon, chain, usdt, user, hot, 0)
        for wallet in wallets.odd[chain][: 4 + 8 + 6 + 1 + 4]:
            yield _Edge(noon, chain, usdt, user, int(wallet), some[usdt])
            yield _Edge(noon, chain, usdt, int(wallet), other, some[usdt], 1)
            yield _Edge(noon, chain, usdt, int(wallet), hot, some[usdt])
        spam = asset_numbers(CHAINS[chain], listed=False, symbol="USDT")[0]
        yield _Edge(noon, chain, spam, user, hot, 2**256 - 1)
    hot = int(wallets.pools["hot"][0, _ETHEREUM, 0])
    yield _Edge(noon, _ETHEREUM, _COIN[_ETHEREUM], ZERO[_ETHEREUM], hot, 17 * 10**15, kind=WITHDRAWAL)


def _in_value(scene: Scene) -> Iterator[_Edge]:
    """Quotes of exactly the oldest age that counts and a second more; worth around the guard."""
    market, wallets = scene.market, scene.wallets
    # What is near the guard goes to an exchange that no target scales, if there is one.
    homes = {target.jurisdiction for target in market.targets}
    free = [
        number
        for number, exchange in enumerate(market.exchanges)
        if not any(one.basis == "licence" and one.jurisdiction in homes for one in exchange.weights)
    ]
    number = free[0] if free else 0
    for asset, coin in enumerate(ASSETS):
        chain = CHAINS.index(coin.chain)
        user, hot = int(wallets.users[chain][0]), int(wallets.pools["hot"][number, chain, 0])
        if coin.gap_days and len(times := scene.quotes.times[asset]) > 2:
            before = int(times[np.argmax(np.diff(times))])
            for age in (-1, 0, STALE_AFTER, STALE_AFTER + 1, 5 * DAY):
                yield _Edge(before + age, chain, asset, user, hot, 321 * 10**coin.decimals, number)
        elif not coin.every_hours and coin.listed:
            yield _Edge(epoch(market.start) + DAY, chain, asset, user, hot, 10**coin.decimals, number)
        elif not coin.trusted:
            billion = GUARD_USD * 4 * 10**coin.decimals  # at a quarter of a dollar
            for amount in (billion, billion - 1, billion - 10**coin.decimals, billion * 7):
                yield _Edge(epoch(market.start) + 9 * DAY, chain, asset, user, hot, amount, number)
    chain = _TRON
    user, hot = (
        int(wallets.users[chain][1 % len(wallets.users[chain])]),
        int(wallets.pools["hot"][number, chain, 0]),
    )
    yield _Edge(epoch(market.start) + 5 * DAY, chain, _USDT[chain], user, hot, 2 * GUARD_USD * 10**6, number)


def _starts_half_year(at: int) -> bool:
    """Whether a midnight is that of 1 January or 1 July."""
    return str(np.datetime64(at, "s"))[5:10] in ("01-01", "07-01")
