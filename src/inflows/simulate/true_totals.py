"""From exact sums between exchanges to the true totals by half-year and jurisdiction."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from inflows.contracts.names import BASES, LEVELS, SCOPES, UNATTRIBUTED
from inflows.simulate.market import Exchange, Market
from inflows.simulate.price_walk import DAY
from inflows.simulate.truth import Tally

WHOLE: Final = 10**9
"""Weights are whole numbers of 10^-9."""
Key = tuple[str, str, str, str, str]
"""period, jurisdiction, basis, scope, level"""


@dataclass
class Total:
    """What a jurisdiction received and sent; worth in 10^-24 US dollars (millionths times two weights)."""

    inflow: int = 0
    outflow: int = 0
    inflow_transfers: int = 0
    outflow_transfers: int = 0
    unlisted_inflow_transfers: int = 0
    priced_inflow_transfers: int = 0

    def __bool__(self) -> bool:
        return any(vars(self).values())


def totals(tally: Tally, market: Market) -> dict[Key, Total]:
    """All totals that are not zero throughout, in the order of their keys."""
    made: dict[Key, Total] = defaultdict(Total)
    nobody = len(market.exchanges)
    spans = _spans(tally)
    for cell in tally.cells():
        level, (period, day) = tuple(LEVELS)[cell.level], spans[cell.span]
        for basis in BASES:
            sent = weights_on(market.exchanges[cell.source], basis, day) if cell.source < nobody else {}
            received = (
                weights_on(market.exchanges[cell.destination], basis, day)
                if cell.destination < nobody
                else {}
            )
            for scope in SCOPES:
                for where, share in _shares(received, sent, scope).items():
                    total = made[period, where, basis, scope, level]
                    total.inflow += cell.micros * share
                    total.inflow_transfers += cell.listed
                    total.unlisted_inflow_transfers += cell.unlisted
                    total.priced_inflow_transfers += cell.priced
                for where, share in _shares(sent, received, scope).items():
                    total = made[period, where, basis, scope, level]
                    total.outflow += cell.micros * share
                    total.outflow_transfers += cell.listed
    return {key: made[key] for key in sorted(made) if made[key]}


def _shares(mine: dict[str, int], other: dict[str, int], scope: str) -> dict[str, int]:
    """The part of each jurisdiction, in 10^-18, without those of none."""
    shares = {}
    for where, weight in mine.items():
        if not other or scope == "exchange":
            share = weight * WHOLE
        else:
            share = weight * (WHOLE - other.get(where, 0)) if scope == "jurisdiction" else 0
        if share:
            shares[where] = share
    return shares


def weights_on(exchange: Exchange, basis: str, day: dt.date) -> dict[str, int]:
    """The weights of an exchange on a day in 10^-9, with what is left over under ZZ."""
    weights = {
        one.jurisdiction: int(Decimal(one.weight) * WHOLE)
        for one in exchange.weights
        if one.basis == basis
        and (one.valid_from is None or one.valid_from <= day)
        and (one.valid_to is None or day < one.valid_to)
    }
    rest = WHOLE - sum(weights.values())
    return weights | ({UNATTRIBUTED: rest} if rest else {})


def _spans(tally: Tally) -> list[tuple[str, dt.date]]:
    """The half-year and the first day of each span between the tally's turns."""
    first = int(tally.turns[0]) - DAY if len(tally.turns) else 0
    days = [dt.date(1970, 1, 1) + dt.timedelta(seconds=at) for at in (first, *tally.turns.tolist())]
    return [(f"{day.year}-H{1 if day.month <= 6 else 2}", day) for day in days]


def usd(worth: int) -> Decimal:
    """An exact worth in 10^-24 US dollars, rounded half to even to 6 decimals."""
    exactly = Decimal(worth).scaleb(-24, Context(prec=200))
    return exactly.quantize(Decimal("0.000001"), ROUND_HALF_EVEN, Context(prec=200))
