"""Rows, deliveries and fingerprints that the tests of the raw store share."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from inflows.layout import Layout
from inflows.raw import Delivery, IngestReport, delivered_columns, ingest

NOON = dt.datetime(2024, 3, 31, 12, tzinfo=dt.UTC)
ALICE, BOB, CAROL = ("0x" + letter * 40 for letter in "abc")
TOKEN = "0x" + "d" * 40


def transfer(**changes: Any) -> dict[str, Any]:
    """A good token transfer."""
    row = {
        "chain": "ethereum",
        "block_number": 100,
        "block_time": NOON,
        "tx_hash": "0x" + "1" * 64,
        "kind": "token",
        "position": 0,
        "contract": TOKEN,
        "from_address": ALICE,
        "to_address": BOB,
        "amount_raw": "5",
        "source": "logs",
        "exact": True,
    }
    return {**row, **changes}


def entry(side: str, amount: int, **changes: Any) -> dict[str, Any]:
    """An input or output of a Bitcoin transaction."""
    row = {
        "chain": "bitcoin",
        "block_number": 100,
        "block_time": NOON,
        "tx_hash": "1" * 64,
        "is_coinbase": False,
        "side": side,
        "position": 0,
        "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "amount_raw": str(amount),
        "source": "node",
        "exact": True,
    }
    return {**row, **changes}


def block(**changes: Any) -> dict[str, Any]:
    """A block of which nothing but its head was read."""
    flags = dict.fromkeys(("has_token", "has_native", "has_trace", "has_withdrawal", "has_utxo"), False)
    row = {
        "chain": "ethereum",
        "block_number": 100,
        "block_time": NOON,
        "block_hash": "0xaa",
        "parent_hash": "0xbb",
        **flags,
    }
    return {**row, **changes}


def delivery(dataset: str, rows: Sequence[dict[str, Any]], origin: str = "a file") -> Delivery:
    """Rows as a source delivers them."""
    return Delivery(dataset, pl.LazyFrame(rows, schema=delivered_columns(dataset)), origin)


def store(layout: Layout, dataset: str, rows: Iterable[dict[str, Any]], **options: Any) -> IngestReport:
    """Ingest rows of one dataset."""
    return ingest(layout, [delivery(dataset, list(rows))], **options)


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with the SHA-256 of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def held(layout: Layout) -> pl.DataFrame:
    """All rows in quarantine."""
    paths = sorted((layout.raw / "quarantine").rglob("*.parquet"))
    return pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])


def kept(layout: Layout, dataset: str) -> pl.DataFrame:
    """All rows of a dataset."""
    paths = sorted((layout.raw / dataset).rglob("*.parquet"))
    if not paths:
        return pl.DataFrame(schema=delivered_columns(dataset))
    return pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
