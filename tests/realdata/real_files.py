"""The real data beside the repository, and what is known of them from outside: labels, quotes, jurisdictions.

Own-format files are made of them here with the standard library alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from inflows.contracts.names import ROLES
from inflows.exchanges import known_names

SHARED = Path(__file__).parents[3] / "shared"
BLOCKS = SHARED / "realdata" / "eth_mainnet_17173049"
STABLECOINS = SHARED / "realdata" / "eth_stablecoins_14669683" / "token_transfers.csv"
CLOSES = SHARED / "realdata" / "prices" / "daily_close_2022-07-01_2024-12-31.csv"
LABELS = SHARED / "reference" / "labels"
LABEL_SOURCES = (
    "crypto-exchange-wallets",
    "defillama",
    "eth-labels",
    "etherscan-labels",
    "graphsense-tagpacks",
    "spellbook",
)
PUBLISHED, FROM_AN_EXPLORER = 50, 20

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
QUOTED = {"ETH": ("", WETH), "USDT": (USDT,), "USDC": (USDC,)}
"""Contracts of ethereum that the closes of an asset price; only closes in US dollars are taken."""

JURISDICTIONS = (
    ("binance", "KY", "headquarters", "0.5", "", ""),
    ("binance", "FR", "headquarters", "0.25", "", ""),
    ("coinbase", "US", "headquarters", "1", "", ""),
    ("coinbase", "SG", "licence", "1", "2023-10-01", ""),
    ("crypto-com", "SG", "headquarters", "1", "", ""),
    ("kucoin", "SC", "headquarters", "1", "", "2023-05-02"),
)
"""exchange, jurisdiction, basis, weight, valid_from, valid_to; two of them do not hold on 2 May 2023."""


def needs(*paths: Path) -> Any:
    """A mark that skips the tests of a module, and says why, where the data are not there."""
    missing = [path for path in paths if not path.exists()]
    reason = f"the real data are not beside the repository: {', '.join(path.name for path in missing)}"
    return pytest.mark.skipif(bool(missing), reason=reason)


@dataclass(frozen=True)
class Claim:
    """A row of a labels file."""

    chain: str
    address: str
    exchange: str
    role: str
    confidence: int
    source: str


@dataclass(frozen=True)
class Quote:
    """A row of a prices file."""

    contract: str
    time: dt.datetime
    price_usd: Decimal
    source: str


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    csv.field_size_limit(2**24)  # transaction inputs are long
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@cache
def claims_of(source: str) -> list[Claim]:
    """The claims of one label source about addresses of ethereum, but for those that fail their checksum."""
    names = {
        row["source_exchange"]: row["canonical"]
        for row in rows_of(LABELS / "exchange_aliases.csv")
        if row["source"] == source
    }
    found = {
        Claim(
            chain=row["chain"],
            address=row["address"],
            exchange=slug(names[row["exchange"]]),
            role=row["role"] if row["role"] in ROLES else "",
            confidence=_confidence(row),
            source=_source(row),
        )
        for row in rows_of(LABELS / f"{source}.csv")
        if row["chain"] in ("ethereum", "evm") and row["address_ok"] != "false"
    }
    return sorted(found, key=lambda claim: (claim.chain, claim.address, claim.source))


def slug(name: str) -> str:
    """The project's name of an exchange; of one that it does not know, the name as it may become a folder."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return known_names().canonical_exchange(plain)


def _confidence(row: dict[str, str]) -> int:
    """Lists that exchanges published of themselves, or what comes from an explorer's tags."""
    published = row["source"] == "defillama" or row["role"] == "reserve"
    return PUBLISHED if published else FROM_AN_EXPLORER


def _source(row: dict[str, str]) -> str:
    """A TagPack is a list of its own; all other sources are one list each."""
    if row["source"] != "graphsense-tagpacks":
        return row["source"]
    return f"graphsense-tagpacks {Path(row['source_ref']).stem}"


def quotes(first: dt.date, last: dt.date) -> list[Quote]:
    """Closes in US dollars of these UTC days: each held at the end of its day."""
    return [
        Quote(contract, _end_of(row["date"]), Decimal(row["close"]), row["source"])
        for row in rows_of(CLOSES)
        if row["quote"] == "USD"
        and row["asset"] in QUOTED
        and first <= dt.date.fromisoformat(row["date"]) <= last
        for contract in QUOTED[row["asset"]]
    ]


def _end_of(day: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day) + dt.timedelta(days=1), dt.time(), dt.UTC)


def write_labels(path: Path, claims: Iterable[Claim]) -> Path:
    """Claims in the own format."""
    header = ("chain", "address", "exchange", "role", "confidence", "valid_from", "valid_to", "source")
    return write(
        path,
        header,
        [(c.chain, c.address, c.exchange, c.role, c.confidence, "", "", c.source) for c in claims],
    )


def write_quotes(path: Path, found: Iterable[Quote]) -> Path:
    """Quotes in the own format."""
    header = ("chain", "contract", "time", "price_usd", "source")
    return write(
        path, header, [("ethereum", q.contract, q.time.isoformat(), q.price_usd, q.source) for q in found]
    )


def write_jurisdictions(path: Path) -> Path:
    """JURISDICTIONS in the own format."""
    header = ("exchange", "jurisdiction", "basis", "weight", "valid_from", "valid_to", "source")
    return write(path, header, [(*row, "test") for row in JURISDICTIONS])


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)
    return path
