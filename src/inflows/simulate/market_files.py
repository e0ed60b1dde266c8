"""The simulation's files, in the project's own formats."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from inflows.contracts.names import KINDS, LEVELS
from inflows.contracts.schema import UTC_TIME
from inflows.files import write_parquet, write_text
from inflows.simulate.addresses import mixed_case
from inflows.simulate.assets import ASSETS
from inflows.simulate.behaviours import Scene
from inflows.simulate.market import CHAINS, SECONDS_PER_BLOCK, Market
from inflows.simulate.price_walk import Quotes, epoch
from inflows.simulate.rows import TOKEN, TRACE, WITHDRAWAL, Rows
from inflows.simulate.true_totals import Key, Total, usd
from inflows.simulate.truth import TYPES, Tally
from inflows.simulate.wallets import Wallets, known_since

SOURCE: Final = "simulated"
"""What every row says of its own origin."""
_FIRST_BLOCK: Final = (16_220_000, 24_000_000, 46_900_000)
_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def transfers_frame(
    rows: Rows, first: int, scene: Scene, addresses: pl.Series, rng: np.random.Generator
) -> pl.DataFrame:
    """Rows in the own transfer format; `first` is the number of the first of them in the simulation."""
    count = len(rows)
    per_block = np.array(SECONDS_PER_BLOCK, dtype=np.int64)[rows.chain]
    block = (rows.time - epoch(scene.market.start)) // per_block + np.array(_FIRST_BLOCK)[rows.chain]
    position = np.select(
        [rows.kind == TOKEN, rows.kind == TRACE, rows.kind == WITHDRAWAL],
        [rng.integers(0, 400, count), rng.integers(1, 30, count), 10_000_000 + first + np.arange(count)],
        0,
    )
    contracts = pl.Series([asset.contract for asset in ASSETS])
    return pl.DataFrame(
        {
            "chain": pl.Series(CHAINS).gather(rows.chain),
            "block_number": block.astype(np.int64),
            "block_time": pl.Series(rows.time * 1_000_000).cast(UTC_TIME),
            "tx_hash": _hashes(count, rng),
            "position": position.astype(np.int64),
            "kind": pl.Series(KINDS).gather(rows.kind),
            "contract": contracts.gather(rows.asset),
            "from_address": addresses.gather(rows.sender),
            "to_address": addresses.gather(rows.receiver),
            "amount_raw": pl.Series([str(one) for one in rows.amount], dtype=pl.String),
            "source": pl.repeat(SOURCE, count, eager=True, dtype=pl.String),
        }
    ).with_columns(
        tx_hash=pl.when(pl.col("kind") == "withdrawal").then(pl.lit("")).otherwise(pl.col("tx_hash"))
    )


def _hashes(count: int, rng: np.random.Generator) -> pl.Series:
    """Random transaction hashes: 0x and 64 hex characters."""
    raw = np.frombuffer(rng.bytes(32 * count), dtype=np.uint8).reshape(count, 32)
    text = np.empty((count, 66), dtype=np.uint8)
    text[:, :2] = np.frombuffer(b"0x", dtype=np.uint8)
    text[:, 2::2], text[:, 3::2] = _HEX[raw >> 4], _HEX[raw & 15]
    offsets = np.arange(0, 66 * (count + 1), 66, dtype=np.int64)
    array = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))
    return pl.Series(values=array)


def write_transfers(folder: Path, number: int, frame: pl.DataFrame) -> None:
    """Write one of the transfer files."""
    write_parquet(frame, folder / "transfers" / f"part-{number:05d}.parquet")


def write_registries(folder: Path, scene: Scene) -> None:
    """Write labels, assets, prices and jurisdictions."""
    write_text(_csv(_LABELS, _labels(scene.wallets, scene.market)), folder / "labels.csv")
    write_text(_csv(_ASSETS, _assets()), folder / "assets.csv")
    write_text(_csv(_PRICES, _prices(scene.quotes)), folder / "prices.csv")
    write_text(_csv(_JURISDICTIONS, _jurisdictions(scene.market)), folder / "jurisdictions.csv")


def write_truth(folder: Path, tally: Tally, made: dict[Key, Total]) -> None:
    """Write the true totals and the true number of transfers of each flow type."""
    types = [
        (level, name, int(tally.types[number, kind]))
        for number, level in enumerate(LEVELS)
        for kind, name in enumerate(TYPES)
        if tally.types[number, kind]
    ]
    write_text(_csv("level,flow_type,transfers", types), folder / "truth" / "flow_types.csv")
    rows = (
        (
            *key,
            f"{usd(one.inflow):f}",
            f"{usd(one.outflow):f}",
            f"{usd(one.inflow - one.outflow):f}",
            one.inflow_transfers,
            one.outflow_transfers,
            one.unlisted_inflow_transfers,
            one.priced_inflow_transfers,
        )
        for key, one in made.items()
    )
    write_text(_csv(_TOTALS, rows), folder / "truth" / "totals.csv")


_LABELS: Final = "chain,address,exchange,role,confidence,valid_from,valid_to,known_at,source"
_ASSETS: Final = "chain,contract,symbol,decimals,kind,trusted"
_PRICES: Final = "chain,contract,time,price_usd,source"
_JURISDICTIONS: Final = "exchange,jurisdiction,basis,weight,valid_from,valid_to,source"
_TOTALS: Final = (
    "period,jurisdiction,basis,scope,level,inflow_usd,outflow_usd,net_usd,inflow_transfers,"
    "outflow_transfers,unlisted_inflow_transfers,priced_inflow_transfers"
)


def _csv(header: str, rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def _labels(wallets: Wallets, market: Market) -> Iterable[tuple[Any, ...]]:
    for number, one in enumerate(wallets.claims):
        address = wallets.addresses[one.wallet]
        yield (
            one.chain,
            mixed_case(address) if number % 3 == 1 else address,
            market.exchanges[one.exchange].slug,
            one.role,
            one.confidence,
            _instant(one.valid_from),
            _instant(one.valid_to),
            known_since(one, market).isoformat(),
            SOURCE,
        )


def _assets() -> Iterable[tuple[Any, ...]]:
    for number, one in enumerate(ASSETS):
        if one.listed:
            contract = mixed_case(one.contract) if one.contract and number % 4 == 2 else one.contract
            yield one.chain, contract, one.symbol, one.decimals, one.kind, str(one.trusted).lower()


def _prices(quotes: Quotes) -> Iterable[tuple[Any, ...]]:
    for asset, times, prices in zip(ASSETS, quotes.times, quotes.prices, strict=True):
        for at, price in zip(times.tolist(), prices, strict=True):
            exactly = Decimal(price).scaleb(-18, Context(prec=60)).normalize(Context(prec=60))
            yield asset.chain, asset.contract, _instant(at), f"{exactly:f}", SOURCE


def _jurisdictions(market: Market) -> Iterable[tuple[Any, ...]]:
    for exchange in market.exchanges:
        for one in exchange.weights:
            days = (day.isoformat() if day else "" for day in (one.valid_from, one.valid_to))
            yield exchange.slug, one.jurisdiction, one.basis, one.weight, *days, SOURCE


def _instant(at: int | None) -> str:
    """An instant as the formats have it; midnight as a date alone."""
    if at is None:
        return ""
    instant = dt.datetime.fromtimestamp(at, dt.UTC)
    return instant.date().isoformat() if at % 86_400 == 0 else instant.strftime("%Y-%m-%dT%H:%M:%SZ")
