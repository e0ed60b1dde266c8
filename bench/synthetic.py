"""A synthetic chain for the benchmarks: random transfers of which about one in ten touches an exchange.

Nothing here is true of any chain. The same seed and size give the same rows.
"""

from __future__ import annotations

import binascii
import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

CHAIN = "ethereum"
FIRST_DAY = dt.date(2024, 6, 16)  # two half-years in a month
DAYS = 30
EXCHANGES = 20
USERS = 3_000_000
LISTED = (
    ("", "ETH", 18, "native", 3_000),
    ("0x" + "11" * 20, "USDT", 6, "stablecoin", 1),
    ("0x" + "22" * 20, "USDC", 6, "stablecoin", 1),
    ("0x" + "33" * 20, "WETH", 18, "wrapped_native", 3_000),
    ("0x" + "44" * 20, "LINK", 18, "token", 15),
)
"""Contract, symbol, decimals, kind, rough price."""
SHARES = (0.15, 0.40, 0.20, 0.05, 0.05)
"""Of the listed assets among all transfers; the rest are tokens that nobody lists."""
_START = dt.datetime.combine(FIRST_DAY, dt.time(), dt.UTC)


def transfers(folder: Path, rows: int, wallets: int, seed: int = 1, days: int = DAYS) -> None:
    """Write `rows` transfers of all DAYS in the own format, a file a day, or only those of the first days."""
    folder.mkdir(parents=True, exist_ok=True)
    users, ours = addresses("user", USERS), addresses("wallet", wallets)
    tokens = addresses("token", 5_000)
    each = rows // DAYS
    for day in range(days):
        draw = np.random.default_rng((seed, day))
        pq.write_table(_day(draw, day, each, users, ours, tokens), folder / f"day-{day:02d}.parquet")


def _day(
    draw: np.random.Generator, day: int, rows: int, users: np.ndarray, ours: np.ndarray, tokens: np.ndarray
) -> pa.Table:
    # Half of what touches comes in and half goes out; a few wallets do most of it.
    sender = users[(draw.random(rows) ** 3 * len(users)).astype(np.int64)]
    receiver = users[(draw.random(rows) ** 2 * len(users)).astype(np.int64)]
    chosen = draw.random(rows)
    wallet = ours[(draw.random(rows) ** 4 * len(ours)).astype(np.int64)]
    other = ours[(draw.random(rows) ** 4 * len(ours)).astype(np.int64)]
    receiver[chosen < 0.053] = wallet[chosen < 0.053]
    out = (chosen > 0.05) & (chosen < 0.1)  # a few of them between two wallets
    sender[out] = other[out]
    asset = draw.choice(len(LISTED) + 1, rows, p=[*SHARES, 1 - sum(SHARES)])
    contracts = np.array([contract for contract, *_ in LISTED], dtype=object)
    contract = np.where(asset < len(LISTED), contracts[np.minimum(asset, len(LISTED) - 1)], None)
    unlisted = asset == len(LISTED)
    names = text(tokens[draw.integers(0, len(tokens), rows)]).to_numpy(zero_copy_only=False)
    contract[unlisted] = names[unlisted]
    unit = np.array([10.0**decimals / price for _, _, decimals, _, price in LISTED] + [1e18])[asset]
    dollars = draw.lognormal(6, 2.5, rows)
    position = np.arange(rows)
    seconds = position * 86_400 // rows
    started = np.datetime64(_START.replace(tzinfo=None), "us") + np.timedelta64(day, "D")
    return pa.table(
        {
            "chain": pa.array([CHAIN]).take(pa.array(np.zeros(rows, dtype=np.int64))),
            "block_number": 20_000_000 + day * 7_200 + seconds // 12,
            "block_time": pa.array(started + (seconds // 12 * 12).astype("timedelta64[s]")).cast(
                pa.timestamp("us", "UTC")
            ),
            "tx_hash": text(_hex(draw.bytes(32 * rows), 32)),
            "position": position % 1_000 * (asset > 0),
            "kind": pa.array(np.where(asset > 0, "token", "native")),
            "contract": pa.array(contract),
            "from_address": text(sender),
            "to_address": text(receiver),
            "amount_raw": [str(int(d * u)) for d, u in zip(dollars, unit, strict=True)],
        }
    )


def registry(folder: Path, wallets: int, seed: int = 1) -> None:
    """Write labels.csv, assets.csv, prices.csv and jurisdictions.csv in the own formats."""
    draw = np.random.default_rng(seed)
    roles = ("hot", "cold", "deposit", "deposit", "deposit", "gas")
    pl.DataFrame(
        [
            {
                "chain": CHAIN,
                "address": address,
                "exchange": f"exchange-{number % EXCHANGES:02d}",
                "role": roles[number % len(roles)],
                "confidence": int(draw.choice((10, 20, 20, 50, 100))),
                "valid_from": "2024-06-20" if number % 50 == 0 else "",
                "valid_to": "2024-07-05" if number % 60 == 0 else "",
                "source": "synthetic",
            }
            for number, address in enumerate(text(addresses("wallet", wallets)).to_pylist())
        ]
    ).write_csv(folder / "labels.csv")
    pl.DataFrame(
        [
            {
                "chain": CHAIN,
                "contract": contract,
                "symbol": symbol,
                "decimals": decimals,
                "kind": kind,
                "trusted": "true",
            }
            for contract, symbol, decimals, kind, _ in LISTED
        ]
    ).write_csv(folder / "assets.csv")
    hours = [_START + dt.timedelta(hours=n) for n in range(-24, DAYS * 24)]
    pl.DataFrame(
        [
            {
                "chain": CHAIN,
                "contract": contract,
                "time": f"{hour:%Y-%m-%dT%H:%M:%SZ}",
                "price_usd": f"{price * draw.uniform(0.9, 1.1):.8f}",
                "source": "synthetic",
            }
            for contract, _, _, _, price in LISTED
            for hour in hours
        ]
    ).write_csv(folder / "prices.csv")
    places = ("HK", "SG", "US", "JP", "KR", "SC", "KY", "AE")
    pl.DataFrame(
        [
            {
                "exchange": f"exchange-{number:02d}",
                "jurisdiction": places[(number + shift) % len(places)],
                "basis": basis,
                "weight": weight,
                "valid_from": "",
                "valid_to": "",
                "source": "synthetic",
            }
            for number in range(EXCHANGES - 2)
            for basis, split in (
                ("licence", ("1",)),
                ("headquarters", ("0.7", "0.3")),
                ("traffic", ("0.35", "0.25", "0.125", "0.2")),
            )
            for shift, weight in enumerate(split)
        ]
    ).write_csv(folder / "jurisdictions.csv")


def addresses(kind: str, count: int) -> np.ndarray:
    """Addresses as bytes of text, a row each; those of a kind begin with the same ones at any count."""
    return _hex(np.random.default_rng(list(kind.encode())).bytes(20 * count), 20)


def _hex(random_bytes: bytes, width: int) -> np.ndarray:
    digits = np.frombuffer(binascii.hexlify(random_bytes), dtype=np.uint8).reshape(-1, 2 * width)
    prefix = np.broadcast_to(np.frombuffer(b"0x", dtype=np.uint8), (len(digits), 2))
    return np.hstack([prefix, digits])


def text(rows: np.ndarray) -> pa.Array:
    """Rows of bytes as an array of strings, without a Python string for each."""
    count, width = rows.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows)))
