"""What each simulated transfer is, and the exact sums over all of them.

This is the market's own book-keeping, by wallet number and from the claims that the label file is written
from. It shares no code with what it is there to check: the rules are those of DOMAIN.md, stated again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from inflows.chains import evm_labels_hold
from inflows.contracts.names import CUSTODY_ROLES, FLOW_TYPES, LEVELS
from inflows.simulate.assets import ASSETS
from inflows.simulate.behaviours import Scene
from inflows.simulate.market import CHAINS, Market
from inflows.simulate.price_walk import Bools, Ints, epoch, worth
from inflows.simulate.rows import WITHDRAWAL, Rows
from inflows.simulate.wallets import ZERO, Wallets

TYPES: Final = tuple(name for name in FLOW_TYPES if name != "fee")
_LOW: Final = (1 << 32) - 1
_NOTHING, _OTHER, _CUSTODY, _ISSUER = range(4)


@dataclass(frozen=True)
class Beliefs:
    """Who owns a wallet at a level, on a chain, between two turns of the labels.

    Axes: level, chain, span, wallet. `exchange` is the number of exchanges
    where nobody is believed to own the wallet.
    """

    turns: Ints
    exchange: npt.NDArray[np.int16]
    use: npt.NDArray[np.int8]


def make_beliefs(wallets: Wallets, exchanges: int) -> Beliefs:
    """What the claims say, the one for a chain before the one for `evm`, each from its level on."""
    moments = {at for one in wallets.claims for at in (one.valid_from, one.valid_to) if at is not None}
    turns = np.array(sorted(moments), dtype=np.int64)
    shape = (len(LEVELS), len(CHAINS), len(turns) + 1, wallets.known)
    exchange, use = np.full(shape, exchanges, dtype=np.int16), np.zeros(shape, dtype=np.int8)
    for claim in sorted(wallets.claims, key=lambda one: one.chain != "evm"):
        first = 0 if claim.valid_from is None else int(np.searchsorted(turns, claim.valid_from)) + 1
        last = len(turns) + 1 if claim.valid_to is None else int(np.searchsorted(turns, claim.valid_to)) + 1
        for level, threshold in enumerate(LEVELS.values()):
            if claim.confidence < threshold:
                continue
            for number, chain in enumerate(CHAINS):
                if claim.chain == chain or (claim.chain == "evm" and evm_labels_hold(chain)):
                    exchange[level, number, first:last, claim.wallet] = claim.exchange
                    use[level, number, first:last, claim.wallet] = _use(claim.role)
    return Beliefs(turns, exchange, use)


def _use(role: str) -> int:
    if role == "issuer":
        return _ISSUER
    return _CUSTODY if role in CUSTODY_ROLES else _OTHER


@dataclass(frozen=True)
class Judged:
    """Of each row at one level: its flow type (-1: none) and the exchange with custody on either side."""

    flow_type: Ints
    source: Ints
    destination: Ints


def judge(rows: Rows, level: int, scene: Scene, beliefs: Beliefs) -> Judged:
    """The flow type of each row at a level, decided in the order of DOMAIN.md."""
    nobody = len(scene.market.exchanges)
    span = np.searchsorted(beliefs.turns, rows.time, "right")

    def side(wallet: Ints) -> tuple[Ints, Ints]:
        known = np.minimum(wallet, scene.wallets.known - 1)
        owner = beliefs.exchange[level, rows.chain, span, known].astype(np.int64)
        use = beliefs.use[level, rows.chain, span, known]
        stranger = wallet >= scene.wallets.known
        return np.where(stranger, nobody, owner), np.where(stranger, _NOTHING, use)

    (owner_from, use_from), (owner_to, use_to) = side(rows.sender), side(rows.receiver)
    source = np.where(use_from == _CUSTODY, owner_from, nobody)
    destination = np.where(use_to == _CUSTODY, owner_to, nobody)
    zero = np.array(ZERO, dtype=np.int64)[rows.chain]
    wrapped = np.array(scene.wallets.wrapped, dtype=np.int64)[rows.chain]
    wraps = (rows.sender == wrapped) | (rows.receiver == wrapped)
    moves = np.asarray(rows.amount != 0, dtype=bool)
    inside = moves & (owner_from != nobody) & (owner_from == owner_to)
    touched = moves & ((source != nobody) | (destination != nobody))
    both = (source != nobody) & (destination != nobody)
    made = (rows.sender == zero) | (use_from == _ISSUER) | (rows.kind == WITHDRAWAL)
    ended = (rows.receiver == zero) | (use_to == _ISSUER)
    flow_type = np.select(
        [
            inside,
            touched & made,
            touched & ended,
            touched & wraps & _is_wrappable(rows.asset),
            both & moves,
            touched & (destination != nobody),
            touched,
        ],
        list(range(len(TYPES))),
        -1,
    )
    return Judged(flow_type.astype(np.int64), source, destination)


def _is_wrappable(asset: Ints) -> Bools:
    return np.array([one.kind in ("native", "wrapped_native") for one in ASSETS])[asset]


@dataclass(frozen=True)
class Valued:
    """Of each row: whether its asset is listed, whether it has a worth, and that worth.

    The worth is in millionths of US dollars, in two parts: high * 2^32 + low; both 0 where there is none.
    """

    listed: Bools
    priced: Bools
    high: Ints
    low: Ints

    def take(self, order: Ints) -> Valued:
        """The rows of the given numbers, in their order."""
        return Valued(self.listed[order], self.priced[order], self.high[order], self.low[order])


def value(rows: Rows, scene: Scene) -> Valued:
    """What each row is worth."""
    micros, priced = worth(scene.quotes, rows.asset, rows.time, rows.amount)
    listed = np.array([one.listed for one in ASSETS])[rows.asset]
    return Valued(listed, priced, (micros >> 32).astype(np.int64), (micros & _LOW).astype(np.int64))


@dataclass(frozen=True)
class Cell:
    """The flows at a level in a span from an exchange to another (the number of exchanges: neither)."""

    level: int
    span: int
    source: int
    destination: int
    micros: int
    listed: int
    unlisted: int
    priced: int


class Tally:
    """Exact sums of worth and counts, by level, span of constant weights, and the two exchanges.

    A worth is added in two parts, in 64 bits each, so that no sum is rounded and none can overflow: not below
    2^31 transfers, nor below 2^95 millionths of a dollar.
    """

    def __init__(self, market: Market) -> None:
        self.turns = _weight_turns(market)
        parties = len(market.exchanges) + 1
        self._shape = (len(LEVELS), len(self.turns) + 1, parties, parties)
        # By cell, in C order: low and high half of the worth; transfers listed, unlisted, with a worth.
        self._sums = [np.zeros(int(np.prod(self._shape)), dtype=np.int64) for _ in range(5)]
        self.types = np.zeros((len(LEVELS), len(TYPES)), dtype=np.int64)

    def add(self, level: int, rows: Rows, judged: Judged, valued: Valued) -> None:
        """Count rows that were judged at a level."""
        self.types[level] += np.bincount(judged.flow_type[judged.flow_type >= 0], minlength=len(TYPES))
        here = np.flatnonzero(judged.flow_type >= TYPES.index("inter_exchange"))
        span = np.searchsorted(self.turns, rows.time[here], "right")
        cell = np.ravel_multi_index(
            (np.full(len(here), level), span, judged.source[here], judged.destination[here]), self._shape
        )
        mine = valued.take(here)
        added = (mine.low, mine.high, mine.listed, ~mine.listed, mine.priced)
        for sums, one in zip(self._sums, added, strict=True):
            np.add.at(sums, cell, one)

    def cells(self) -> Iterator[Cell]:
        """All cells that hold a transfer, in order."""
        low, high, listed, unlisted, priced = self._sums
        for number in np.flatnonzero(listed + unlisted).tolist():
            level, span, source, destination = (int(n) for n in np.unravel_index(number, self._shape))
            yield Cell(
                level, span, source, destination,
                micros=(int(high[number]) << 32) + int(low[number]),
                listed=int(listed[number]),
                unlisted=int(unlisted[number]),
                priced=int(priced[number]),
            )  # fmt: skip


def _weight_turns(market: Market) -> Ints:
    """Instants at which a half-year or a weight begins or ends; between two of them nothing changes."""
    days = {
        dt.date(year, month, 1) for year in range(market.start.year, market.end.year + 2) for month in (1, 7)
    }
    for exchange in market.exchanges:
        for one in exchange.weights:
            days |= {day for day in (one.valid_from, one.valid_to) if day}
    return np.array(sorted(epoch(day) for day in days), dtype=np.int64)
