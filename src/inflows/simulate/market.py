"""The shape of a simulated market: who is in it, what they do how often, and what it is scaled to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from inflows.contracts.names import BASES, SLUG_PATTERN, UNATTRIBUTED
from inflows.errors import UsageError

CHAINS: Final = ("ethereum", "bsc", "tron")
SECONDS_PER_BLOCK: Final = (12, 1, 3)
"""Blocks stand on a fixed grid from the window's first midnight on; one a second lets edges be exact."""

MIX: Final = {
    "deposit": 290,  # user -> deposit wallet
    "sweep": 190,  # that deposit wallet -> the exchange's hot wallet, minutes to hours later
    "direct": 40,  # user -> hot wallet
    "withdraw": 170,  # hot wallet -> user
    "shuffle": 40,  # hot <-> cold of one exchange
    "inter": 50,  # hot wallet of one exchange -> hot or deposit wallet of another
    "mint": 10,  # zero address -> exchange; issuers are among the odd wallets
    "burn": 10,
    "wrap": 16,  # wraps, unwraps, and stray tokens sent to the wrapping contract
    "gas": 24,  # gas wallet -> deposit wallet of the same exchange, or of another
    "odd": 50,  # wallets whose label is partial in time, in chain, in confidence or in role
    "spam": 24,  # unlisted tokens with the symbols of listed ones
    "poison": 20,  # transfers of amount 0
    "self": 6,  # a wallet to itself
    "users": 50,  # no exchange in sight
    "beacon": 10,  # withdrawals of the beacon chain
}
"""What happens, and how often in relation to the rest."""


@dataclass(frozen=True)
class Weight:
    """A share of an exchange in a jurisdiction under a basis, on whole UTC days (valid_to exclusive)."""

    jurisdiction: str
    basis: str = "licence"
    weight: str = "1"
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class Exchange:
    """An invented exchange: its part of the customers, how that grows in a year, and where it counts."""

    slug: str
    share: float
    weights: tuple[Weight, ...] = ()
    growth: float = 1.0


@dataclass(frozen=True)
class Target:
    """What a jurisdiction shall receive in a half-year: basis licence, scope exchange, level base."""

    jurisdiction: str
    period: str
    inflow_usd: Decimal


@dataclass(frozen=True)
class Market:
    """All that shapes a simulation besides its seed and its size. The window is [start, end) in UTC days."""

    exchanges: tuple[Exchange, ...]
    start: dt.date
    end: dt.date
    users: int = 20_000
    deposits: int = 60  # deposit wallets of each exchange on each chain
    inflow_usd: int = 420_000_000_000  # what all exchanges together receive in the window, roughly
    spread: float = 1.9  # sigma of the lognormal sizes
    growth: float = 1.25  # of the number of transfers, in a year
    chain_shares: tuple[int, int, int] = (50, 20, 30)
    mix: tuple[tuple[str, int], ...] = field(default_factory=lambda: tuple(MIX.items()))
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        if problem := next(iter(_problems(self)), None):
            raise UsageError(f"This market cannot be simulated: {problem}.", "Change its shape.")

    @staticmethod
    def small(*, start: dt.date = dt.date(2023, 12, 1), end: dt.date = dt.date(2024, 3, 1)) -> Market:
        """A market of three exchanges with few wallets, quick to set up, scaled to nothing."""
        middle = start + (end - start) / 2
        return Market(
            exchanges=(
                Exchange("sim-one", 3, (Weight("HK", valid_from=middle), Weight("HK", "headquarters"))),
                Exchange("sim-two", 2, (Weight("HK", weight="0.333333333"), Weight("SG", weight="0.5"))),
                Exchange("sim-three", 1, (Weight("US", "traffic", "0.015", valid_to=middle),)),
            ),
            start=start,
            end=end,
            users=60,
            deposits=10,
            inflow_usd=1_000_000_000,
        )


def _problems(market: Market) -> Iterable[str]:
    slugs = [exchange.slug for exchange in market.exchanges]
    if len(slugs) < 2 or len(set(slugs)) < len(slugs):
        yield "it needs two exchanges or more, each with a name of its own"
    for slug in slugs:
        if not re.fullmatch(SLUG_PATTERN, slug):
            yield f"'{slug}' is no name for an exchange"
    if (market.end - market.start).days < 16:
        yield "its window is shorter than 16 days"
    if market.users < 1 or market.deposits < 1 or market.inflow_usd < 1:
        yield "it has no users, no deposit wallets or no value"
    if unknown := {name for name, _ in market.mix} - set(MIX):
        yield f"'{min(unknown)}' is no behaviour"
    if min(share for _, share in market.mix) < 0 or not sum(share for _, share in market.mix):
        yield "the shares of its behaviours are negative or all 0"
    if min(market.chain_shares) < 0 or not sum(market.chain_shares):
        yield "the shares of its chains are negative or all 0"
    if not 0 <= market.spread <= 3 or market.growth <= 0:
        yield "its spread is not between 0 and 3, or its growth is not above 0"
    for exchange in market.exchanges:
        if exchange.share <= 0 or exchange.growth <= 0:
            yield f"share and growth of '{exchange.slug}' are not above 0"
        yield from _weight_problems(exchange)


def _weight_problems(exchange: Exchange) -> Iterable[str]:
    for one in exchange.weights:
        if not 0 <= Decimal(one.weight) <= 1 or Decimal(one.weight) != round(Decimal(one.weight), 9):
            yield f"a weight of '{exchange.slug}' is not between 0 and 1 with at most 9 decimals"
        if one.basis not in BASES or not re.fullmatch("[A-Z]{2}", one.jurisdiction):
            yield f"a weight of '{exchange.slug}' has an unknown basis or jurisdiction"
        if one.jurisdiction == UNATTRIBUTED:
            yield f"'{exchange.slug}' names {UNATTRIBUTED}, which is what is left over"
    for basis in BASES:
        mine = [one for one in exchange.weights if one.basis == basis]
        for day in {one.valid_from or dt.date.min for one in mine}:
            holding = [
                one for one in mine if (one.valid_from or dt.date.min) <= day < (one.valid_to or dt.date.max)
            ]
            if sum(Decimal(one.weight) for one in holding) > 1:
                yield f"the weights of '{exchange.slug}' under basis {basis} sum to more than 1"
            if len({one.jurisdiction for one in holding}) < len(holding):
                yield f"'{exchange.slug}' has two weights in one jurisdiction on one day"
