"""Small frames for tests, in the contracts' shapes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from inflows.addresses import address_key
from inflows.contracts.flows import Wallets
from inflows.contracts.raw import Transfers
from inflows.contracts.registry import Assets, Jurisdictions, Labels, Prices
from inflows.contracts.schema import dtypes
from inflows.times import BEGINNING, END

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
ZERO = "0x" + "0" * 40
NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


def address(name: str) -> str:
    """A stable EVM address for a name."""
    return "0x" + name.encode().hex().rjust(40, "a")[-40:]


def frame(schema: Any, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of a contract; missing columns are null."""
    types = dtypes(schema)
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)


def transfer(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A transfer of 5 USDT from a stranger to a stranger at NOON, with changes."""
    return {
        "chain": "ethereum",
        "block_number": 19_000_000 + number,
        "block_time": NOON,
        "tx_hash": f"0x{number:064x}",
        "kind": "token",
        "position": number,
        "contract": USDT,
        "from_address": address("stranger"),
        "to_address": address("other"),
        "amount_raw": "5000000",
        "source": "test",
        "exact": True,
    } | changes


def transfers(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Transfers with their keys."""
    return frame(Transfers, rows).with_columns(
        from_key=address_key(pl.col("from_address")), to_key=address_key(pl.col("to_address"))
    )


def wallet(name: str, exchange: str | None, role: str = "hot", **changes: Any) -> dict[str, Any]:
    """A wallet known at all levels since ever, with changes."""
    believed = {
        f"{what}_{level}": value
        for level in ("strict", "base", "all")
        for what, value in (("exchange", exchange), ("role", role))
    }
    return (
        {
            "chain": "ethereum",
            "address": name if name.startswith("0x") else address(name),
            "valid_from": BEGINNING,
            "valid_to": END,
            "confidence_all": 90,
            "sources": "test",
            "contested": False,
        }
        | believed
        | changes
    )


def wallets(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Wallets with their keys."""
    return frame(Wallets, rows).with_columns(address_key=address_key(pl.col("address")))


def asset(
    contract: str = USDT, symbol: str = "USDT", decimals: int = 6, kind: str = "stablecoin", **changes: Any
) -> dict[str, Any]:
    """A trusted asset on ethereum."""
    return {
        "chain": "ethereum",
        "contract": contract,
        "symbol": symbol,
        "decimals": decimals,
        "kind": kind,
        "trusted": True,
    } | changes


def assets(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Assets."""
    return frame(Assets, rows)


def prices(*rows: tuple[str, dt.datetime, str]) -> pl.LazyFrame:
    """Quotes as (contract, time, price)."""
    return frame(
        Prices,
        [
            {"chain": "ethereum", "contract": c, "time": t, "price_usd": Decimal(p), "source": "test"}
            for c, t, p in rows
        ],
    ).lazy()


def labels(*rows: Mapping[str, Any]) -> pl.LazyFrame:
    """Claims about addresses."""
    default = {"chain": "ethereum", "role": "hot", "confidence": 90, "source": "test"}
    return frame(Labels, [default | row for row in rows]).lazy()


def weights(*rows: Mapping[str, Any]) -> pl.LazyFrame:
    """Weights of exchanges in jurisdictions, whole and under the basis licence unless told."""
    default = {"basis": "licence", "weight": Decimal(1), "source": "test"}
    return frame(Jurisdictions, [default | row for row in rows]).lazy()
