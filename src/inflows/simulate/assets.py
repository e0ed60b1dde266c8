"""The coins of a simulated market, listed and unlisted, and how their quotes behave."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from inflows.simulate.addresses import evm_address, tron_address

PRICE_UNIT: Final = 10**18
"""Prices are whole numbers of 10^-18 US dollars."""


@dataclass(frozen=True)
class Asset:
    """A coin on a chain. What is not listed stands in no registry; what is never quoted has no price."""

    chain: str
    symbol: str
    decimals: int
    price_usd: str  # of the first quote
    share: int  # of the transfers of its chain
    kind: str = "token"
    every_hours: int = 24  # between quotes; 0: never quoted
    step: int = 0  # largest change between quotes, in millionths
    grain: int = 6  # decimals of its quotes
    gap_days: int = 0  # days without quotes, in the middle of the window
    listed: bool = True
    trusted: bool = True
    name: str = ""  # of its contract; else made of chain and symbol

    @cached_property
    def contract(self) -> str:
        """The contract's address; empty for the native coin."""
        if self.kind == "native":
            return ""
        name = self.name or f"{self.chain} token {self.symbol}"
        return tron_address(name) if self.chain == "tron" else evm_address(name)

    @property
    def first_price(self) -> int:
        """The price before the first quote, in units of 10^-18 US dollars."""
        return int(Decimal(self.price_usd) * PRICE_UNIT)


_STABLE = {"kind": "stablecoin", "step": 900}


def _asset(chain: str, symbol: str, decimals: int, price: str, share: int, **rest: object) -> Asset:
    return Asset(chain, symbol, decimals, price, share, **rest)  # type: ignore[arg-type]


ASSETS: Final = (
    _asset("ethereum", "ETH", 18, "1210.5", 200, kind="native", every_hours=4, step=9000, grain=12),
    _asset("ethereum", "WETH", 18, "1210.4", 60, kind="wrapped_native", every_hours=4, step=9000, grain=12),
    _asset("ethereum", "USDT", 6, "1", 400, **_STABLE),
    _asset("ethereum", "USDC", 6, "1", 250, gap_days=7, **_STABLE),
    _asset("ethereum", "SIMBTC", 8, "16800", 50, every_hours=1, step=3500, grain=2),
    _asset("ethereum", "SIMDUST", 18, "0.00000000123456", 10, step=30_000, grain=18),
    _asset("ethereum", "SIMRISKY", 18, "0.25", 10, trusted=False, grain=2),
    _asset("ethereum", "SIMQUIET", 9, "3", 12, every_hours=0),
    _asset("ethereum", "SIMNEW", 0, "2", 8, listed=False, every_hours=0),
    _asset("ethereum", "USDT", 6, "1", 0, listed=False, every_hours=0, name="ethereum spam USDT"),
    _asset("bsc", "BNB", 18, "245", 200, kind="native", every_hours=4, step=7000, grain=9),
    _asset("bsc", "WBNB", 18, "245", 40, kind="wrapped_native", every_hours=4, step=7000, grain=9),
    _asset("bsc", "USDT", 18, "1", 500, **_STABLE),
    _asset("bsc", "SIMUSD", 18, "1", 150, gap_days=9, **_STABLE),
    _asset("bsc", "SIM24", 24, "0.75", 20, step=20_000, grain=8),
    _asset("bsc", "SIMWHOLE", 0, "0.000041", 10, step=20_000, grain=9),
    _asset("bsc", "USDT", 18, "1", 0, listed=False, every_hours=0, name="bsc spam USDT"),
    _asset("tron", "TRX", 6, "0.054", 150, kind="native", every_hours=4, step=5000, grain=8),
    _asset("tron", "WTRX", 6, "0.054", 10, kind="wrapped_native", every_hours=4, step=5000, grain=8),
    _asset("tron", "USDT", 6, "1", 840, **_STABLE),
    _asset("tron", "USDT", 6, "1", 0, listed=False, every_hours=0, name="tron spam USDT"),
)
"""Symbols repeat on purpose: what is called USDT is what the registry lists, and nothing else."""


def asset_numbers(chain: str, *, kind: str = "", listed: bool | None = None, symbol: str = "") -> list[int]:
    """The numbers in ASSETS of a chain's coins, of one kind, listing or symbol if asked for."""
    return [
        number
        for number, asset in enumerate(ASSETS)
        if asset.chain == chain
        and (not kind or asset.kind == kind)
        and (listed is None or asset.listed == listed)
        and (not symbol or asset.symbol == symbol)
    ]
