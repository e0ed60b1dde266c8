"""True balances, worked out from what the chain says by plain additions, and files of them."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

HEADER = ("chain", "address", "contract", "time", "block_number", "amount_raw", "source")
Holding = tuple[str, str, str]
"""Chain, address, contract."""


def held(transfers: pl.DataFrame, upto: dt.datetime) -> dict[Holding, int]:
    """What every address gained or lost by transfers up to an instant, included."""
    gained: dict[Holding, int] = defaultdict(int)
    columns = ("chain", "contract", "from_address", "to_address", "amount_raw")
    for chain, contract, sender, receiver, amount in (
        transfers.filter(pl.col("block_time") <= upto).select(columns).iter_rows()
    ):
        gained[chain, sender, contract] -= int(amount)
        gained[chain, receiver, contract] += int(amount)
    return gained


def books(
    transfers: pl.DataFrame, holdings: Iterable[Holding], times: Sequence[dt.datetime]
) -> dict[dt.datetime, list[tuple[Any, ...]]]:
    """Rows of the own format by instant: what wallets hold, who begin with what they will need at least."""
    gained = [held(transfers, time) for time in times]
    found: dict[dt.datetime, list[tuple[Any, ...]]] = {time: [] for time in times}
    for holding in sorted(holdings):
        chain, address, contract = holding
        begin = -min(0, *(at.get(holding, 0) for at in gained))
        for time, at in zip(times, gained, strict=True):
            amount = begin + at.get(holding, 0)
            found[time].append((chain, address, contract, time.isoformat(), "", amount, "reserves"))
    return found


def write(path: Path, rows: Iterable[tuple[Any, ...]]) -> Path:
    """A file in the own format."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return path
