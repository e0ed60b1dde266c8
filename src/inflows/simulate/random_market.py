"""The default market, scaled to published figures, and markets of random shape for tests.

The figures come from an AFP report of February 2025 that quotes Chainalysis: in the first half of 2024,
exchanges in Hong Kong received US$26.6bn, almost triple the year before, and those in Singapore US$13.5bn.
The market is invented; only these three sums are made to fit.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from typing import Final

from inflows.contracts.names import BASES
from inflows.simulate.market import MIX, Exchange, Market, Target, Weight

_HQ, _WEB = "headquarters", "traffic"

PUBLISHED_MARKET: Final = Market(
    exchanges=(
        Exchange(
            "sim-harbour-hk",
            4.6,
            (
                Weight("HK"),
                Weight("HK", _HQ),
                Weight("HK", _WEB, "0.612345678"),
                Weight("SG", _WEB, "0.05"),
                Weight("TW", _WEB, "0.1125"),
            ),
            growth=2.4,
        ),
        Exchange(
            "sim-victoria-hk",
            2.4,
            (
                Weight("HK", valid_from=dt.date(2023, 2, 1)),
                Weight("HK", _HQ),
                Weight("HK", _WEB, "0.4"),
                Weight("GB", _WEB, "0.3"),
            ),
            growth=2.4,
        ),
        Exchange(
            "sim-kowloon-hk",
            1.2,
            (Weight("HK", valid_from=dt.date(2024, 2, 15)), Weight("SG", _HQ), Weight("HK", _WEB, "0.25")),
            growth=2.0,
        ),
        Exchange(
            "sim-peak-hk",
            0.7,
            (Weight("HK", valid_to=dt.date(2024, 5, 1)), Weight("KY", _HQ)),
            growth=1.5,
        ),
        # Its weight in SG must stay below 13.5 / 26.6 of that in HK: then the targets can always be met.
        Exchange(
            "sim-junction",
            0.6,
            (
                Weight("HK", weight="0.412345678"),
                Weight("SG", weight="0.187654321"),
                Weight("HK", _HQ, "0.5"),
                Weight("SG", _HQ, "0.5"),
            ),
            growth=1.5,
        ),
        Exchange(
            "sim-merlion-sg",
            5.5,
            (Weight("SG"), Weight("SG", _HQ), Weight("SG", _WEB, "0.55"), Weight("MY", _WEB, "0.2")),
            growth=1.1,
        ),
        Exchange("sim-straits-sg", 3, (Weight("SG", valid_to=dt.date(2024, 6, 1)), Weight("SG", _HQ))),
        Exchange("sim-orchard-sg", 2, (Weight("SG", valid_from=dt.date(2023, 8, 1)), Weight("VG", _HQ))),
        Exchange(
            "sim-hanriver-kr",
            12,
            (Weight("KR"), Weight("KR", _HQ), Weight("KR", _WEB, "0.987654321")),
        ),
        Exchange(
            "sim-liberty-us",
            18,
            (
                Weight("US"),
                Weight("US", _HQ),
                Weight("US", _WEB, "0.75"),
                Weight("HK", _WEB, "0.015", valid_from=dt.date(2024, 1, 1)),
                Weight("SG", _WEB, "0.033333333"),
            ),
        ),
        Exchange("sim-sakura-jp", 4, (Weight("JP"), Weight("JP", _HQ), Weight("JP", _WEB, "0.9"))),
        # Licensed nowhere, at home in two places, used everywhere.
        Exchange(
            "sim-global",
            35,
            (
                Weight("AE", _HQ, "0.7"),
                Weight("KY", _HQ, "0.3"),
                Weight("HK", _WEB, "0.021"),
                Weight("SG", _WEB, "0.018"),
                Weight("TR", _WEB, "0.123456789"),
                Weight("KR", _WEB, "0.05", valid_to=dt.date(2023, 7, 1)),
            ),
        ),
        Exchange("sim-nowhere", 5),
    ),
    start=dt.date(2022, 12, 20),
    end=dt.date(2024, 7, 10),
    targets=(
        Target("HK", "2023-H1", Decimal("26600000000") / Decimal("2.9")),
        Target("HK", "2024-H1", Decimal("26600000000")),
        Target("SG", "2024-H1", Decimal("13500000000")),
    ),
)


def random_market(seed: int) -> Market:
    """A small market of random shape: exchanges, weights, window, behaviours. The same seed, the same one."""
    draw = random.Random(seed)  # noqa: S311 (no secret is made of it)
    start = dt.date(2023, 1, 1) + dt.timedelta(days=draw.randrange(500))
    end = start + dt.timedelta(days=draw.randrange(16, 420))
    return replace(
        Market.small(),
        exchanges=tuple(
            Exchange(
                f"sim-{number}",
                draw.uniform(0.1, 5),
                _random_weights(draw, start, end),
                growth=draw.uniform(0.5, 3),
            )
            for number in range(draw.randrange(2, 7))
        ),
        start=start,
        end=end,
        users=draw.randrange(1, 200),
        deposits=draw.randrange(1, 12),
        inflow_usd=10 ** draw.randrange(3, 13),
        spread=draw.uniform(0, 3),
        growth=draw.uniform(0.5, 3),
        chain_shares=(draw.randrange(1, 9), draw.randrange(9), draw.randrange(9)),
        mix=tuple((name, draw.randrange(share + 1) + 1) for name, share in MIX.items()),
    )


def _random_weights(draw: random.Random, start: dt.date, end: dt.date) -> tuple[Weight, ...]:
    """For each basis none, one or several jurisdictions, some for a part of the window."""
    weights = []
    days = (end - start).days
    for basis in BASES:
        left = Decimal(1)
        for jurisdiction in draw.sample(["HK", "SG", "KR", "US"], draw.randrange(4)):
            digits = draw.choice([1, 3, 9])
            weight = draw.choice([left, round(left * Decimal(draw.randrange(1000)) / 1000, digits)])
            weight = min(weight, left)
            left -= weight
            first, last = sorted(start + dt.timedelta(days=draw.randrange(days)) for _ in range(2))
            weights.append(
                Weight(
                    jurisdiction,
                    basis,
                    f"{weight:f}",
                    draw.choice([None, first]),
                    draw.choice([None, last + dt.timedelta(days=1)]),
                )
            )
    return tuple(weights)
