"""Files and readings that the tests of the sources share."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

from inflows.layout import Layout

A, B, TOKEN = "0x" + "a" * 40, "0x" + "b" * 40, "0x" + "d" * 40
ROW = {
    "chain": "ethereum",
    "block_number": "100",
    "block_time": "2024-03-31T12:00:00Z",
    "tx_hash": "0x" + "1" * 64,
    "position": "0",
    "kind": "token",
    "contract": TOKEN,
    "from_address": A,
    "to_address": B,
    "amount_raw": "5",
}
ENTRY = {
    "chain": "bitcoin",
    "block_number": "100",
    "block_time": "2024-03-31T12:00:00Z",
    "tx_hash": "1" * 64,
    "is_coinbase": "true",
    "side": "out",
    "position": "0",
    "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "amount_raw": "5",
}


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as CSV with a header."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def stored(layout: Layout, dataset: str = "transfers") -> pl.DataFrame:
    """All rows of a dataset."""
    paths = sorted((layout.raw / dataset).rglob("*.parquet"))
    return (
        pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
        if paths
        else pl.DataFrame()
    )


def quarantined(layout: Layout) -> list[tuple[str, str, str, str, str]]:
    """Chain, date, reason, row and origin of all rows in quarantine."""
    paths = sorted((layout.raw / "quarantine").rglob("*.parquet"))
    frames = [pl.read_parquet(path, hive_partitioning=False) for path in paths]
    return [
        row for frame in frames for row in frame.select("chain", "date", "reason", "row", "origin").rows()
    ]


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with the SHA-256 of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
