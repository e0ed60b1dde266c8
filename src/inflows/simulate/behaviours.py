"""What happens in the market: each behaviour fills in the parties and coins of its own transfers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from inflows.simulate.assets import ASSETS, asset_numbers
from inflows.simulate.clock import Clock
from inflows.simulate.market import CHAINS, Market
from inflows.simulate.price_walk import Bools, Ints, Quotes
from inflows.simulate.rows import NATIVE, TOKEN, TRACE, WITHDRAWAL
from inflows.simulate.sizes import Sizes
from inflows.simulate.wallets import ZERO, Wallets

_ZERO: Final = np.array(ZERO, dtype=np.int64)
_COIN: Final = np.array([asset_numbers(chain, kind="native")[0] for chain in CHAINS])
_WRAPPED: Final = np.array([asset_numbers(chain, kind="wrapped_native")[0] for chain in CHAINS])
_SPAM: Final = np.array([asset_numbers(chain, listed=False, symbol="USDT")[0] for chain in CHAINS])
_USDT: Final = np.array([asset_numbers(chain, listed=True, symbol="USDT")[0] for chain in CHAINS])


@dataclass(frozen=True)
class Scene:
    """All that the stream of a simulation is drawn from."""

    market: Market
    wallets: Wallets
    quotes: Quotes
    clock: Clock
    sizes: Sizes
    seed: int
    transfers: int


@dataclass
class Draft:
    """The transfers of one behaviour in one chunk; what a behaviour does not touch stays as drawn."""

    scene: Scene
    rng: np.random.Generator
    chain: Ints
    asset: Ints
    focus: Ints
    kind: Ints
    sender: Ints
    receiver: Ints
    per_mille: int = 1000  # of the drawn size
    nothing: bool = False  # moves amount 0
    absurd: bool = False  # amounts that mean nothing

    def __len__(self) -> int:
        return len(self.chain)

    def pick(self, purpose: str, exchange: Ints) -> Ints:
        """A random wallet of each exchange on each row's chain."""
        pool = self.scene.wallets.pools[purpose]
        member = self.rng.integers(0, pool.shape[2], len(self))
        return np.asarray(pool[exchange, self.chain, member], dtype=np.int64)

    def users(self) -> Ints:
        """A random user on each row's chain."""
        return self._any(self.scene.wallets.users)

    def odd(self) -> Ints:
        """A random odd wallet on each row's chain."""
        return self._any(self.scene.wallets.odd)

    def others(self) -> Ints:
        """For each row an exchange that is not its own."""
        count = len(self.scene.market.exchanges)
        return (self.focus + self.rng.integers(1, count, len(self))) % count

    def chance(self, percent: int) -> Bools:
        """True for that part of the rows, at random."""
        return np.asarray(self.rng.integers(0, 100, len(self)) < percent)

    def _any(self, by_chain: tuple[Ints, ...]) -> Ints:
        draw = self.rng.integers(0, 1 << 40, len(self))
        picked = np.empty(len(self), dtype=np.int64)
        for chain, pool in enumerate(by_chain):
            here = self.chain == chain
            picked[here] = pool[draw[here] % len(pool)]
        return picked


def _deposit(rows: Draft) -> None:
    rows.receiver = rows.pick("deposit", rows.focus)
    steady = np.empty(len(rows), dtype=np.int64)  # a deposit wallet mostly serves one customer
    for chain, users in enumerate(rows.scene.wallets.users):
        here = rows.chain == chain
        steady[here] = users[rows.receiver[here] * 7919 % len(users)]
    rows.sender = np.where(rows.chance(80), steady, rows.users())


def _direct(rows: Draft) -> None:
    rows.sender, rows.receiver = rows.users(), rows.pick("hot", rows.focus)


def _withdraw(rows: Draft) -> None:
    rows.sender, rows.receiver = rows.pick("hot", rows.focus), rows.users()


def _shuffle(rows: Draft) -> None:
    hot, cold, inward = rows.pick("hot", rows.focus), rows.pick("cold", rows.focus), rows.chance(55)
    rows.sender, rows.receiver = np.where(inward, hot, cold), np.where(inward, cold, hot)
    rows.per_mille = 8000


def _inter(rows: Draft) -> None:
    rows.sender = rows.pick("hot", rows.others())
    rows.receiver = np.where(rows.chance(50), rows.pick("hot", rows.focus), rows.pick("deposit", rows.focus))
    rows.per_mille = 2000


def _mint(rows: Draft) -> None:
    rows.asset = np.where(rows.chance(90), _USDT[rows.chain], _WRAPPED[rows.chain])
    rows.kind[:] = TOKEN
    rows.sender, rows.receiver = _ZERO[rows.chain], rows.pick("hot", rows.focus)
    rows.per_mille = 5000


def _burn(rows: Draft) -> None:
    _mint(rows)
    rows.sender, rows.receiver = rows.receiver, rows.sender


def _wrap(rows: Draft) -> None:
    contract = np.array(rows.scene.wallets.wrapped, dtype=np.int64)[rows.chain]
    hot, back = rows.pick("hot", rows.focus), rows.chance(40)
    stray = rows.chance(10) & ~back  # a token sent there by mistake is no wrap
    as_token = rows.chance(15) & ~back
    rows.sender, rows.receiver = np.where(back, contract, hot), np.where(back, hot, contract)
    coin = np.where(as_token, _WRAPPED[rows.chain], _COIN[rows.chain])
    rows.asset = np.where(stray, _USDT[rows.chain], coin)
    rows.kind = np.where(back, TRACE, np.where(stray | as_token, TOKEN, NATIVE))
    rows.per_mille = 3000


def _gas(rows: Draft) -> None:
    rows.sender = rows.pick("gas", np.where(rows.chance(90), rows.focus, rows.others()))
    rows.receiver = rows.pick("deposit", rows.focus)
    rows.asset, rows.per_mille = _COIN[rows.chain], 1
    rows.kind[:] = NATIVE


def _odd(rows: Draft) -> None:
    role = rows.rng.integers(0, 10, len(rows))
    odd, user, hot = rows.odd(), rows.users(), rows.pick("hot", rows.focus)
    rows.sender = np.select([role < 5, role < 7, role < 9], [user, odd, odd], hot)
    rows.receiver = np.select([role < 5, role < 7, role < 9], [odd, user, hot], odd)


def _spam(rows: Draft) -> None:
    rows.asset, rows.absurd = _SPAM[rows.chain], True
    rows.kind[:] = TOKEN
    rows.sender = rows.users()
    rows.receiver = np.where(rows.chance(60), rows.pick("deposit", rows.focus), rows.users())


def _poison(rows: Draft) -> None:
    exchange, inward = rows.pick("hot", rows.focus), rows.chance(50)
    user = rows.users()
    rows.sender, rows.receiver = np.where(inward, user, exchange), np.where(inward, exchange, user)
    rows.nothing = True


def _self(rows: Draft) -> None:
    rows.sender = np.where(rows.chance(60), rows.pick("hot", rows.focus), rows.users())
    rows.receiver = rows.sender.copy()


def _users(rows: Draft) -> None:
    rows.sender, rows.receiver = rows.users(), rows.users()


def _beacon(rows: Draft) -> None:
    rows.chain[:] = CHAINS.index("ethereum")
    rows.asset, rows.sender = _COIN[rows.chain], _ZERO[rows.chain]
    rows.receiver = np.where(rows.chance(50), rows.pick("hot", rows.focus), rows.users())
    rows.kind[:] = WITHDRAWAL
    rows.per_mille = 100


FILL: Final[dict[str, Callable[[Draft], None]]] = {
    "deposit": _deposit,
    "direct": _direct,
    "withdraw": _withdraw,
    "shuffle": _shuffle,
    "inter": _inter,
    "mint": _mint,
    "burn": _burn,
    "wrap": _wrap,
    "gas": _gas,
    "odd": _odd,
    "spam": _spam,
    "poison": _poison,
    "self": _self,
    "users": _users,
    "beacon": _beacon,
}
"""All behaviours but the sweep, which repeats a deposit (stream.py)."""

SMALLER: Final = np.array([20 if not asset.trusted else 1 for asset in ASSETS], dtype=np.int64)
"""Divisor of the sizes in each asset: what is not trusted stays far below the guard of a billion."""
