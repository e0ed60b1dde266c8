"""Own files and their import, as the tests of the registries write them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inflows.files import sha256_of, writing
from inflows.layout import Layout
from inflows.registry import effective, imports
from inflows.registry.store import Imported, files_of
from inflows.registry.tables import TABLES

NOW = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
A, B = "0x" + "a" * 40, "0x" + "b" * 40

SOUND: dict[str, dict[str, str]] = {
    "labels": {
        "chain": "ethereum",
        "address": A,
        "exchange": "kraken",
        "role": "hot",
        "confidence": "90",
        "valid_from": "",
        "valid_to": "",
        "source": "a list",
    },
    "prices": {
        "chain": "ethereum",
        "contract": "",
        "time": "2024-01-01T00:00:00Z",
        "price_usd": "2281.47",
        "source": "a market",
    },
    "assets": {
        "chain": "ethereum",
        "contract": A,
        "symbol": "USDT",
        "decimals": "6",
        "kind": "stablecoin",
        "trusted": "true",
    },
    "jurisdictions": {
        "exchange": "kraken",
        "jurisdiction": "HK",
        "basis": "licence",
        "weight": "1",
        "valid_from": "",
        "valid_to": "",
        "source": "a register",
    },
}
"""One sound row of each table."""


def row(table: str, **values: str) -> dict[str, str]:
    """The sound row of a table with other values."""
    return {**SOUND[table], **values}


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write rows as CSV; the header is what the rows name."""
    header = list(dict.fromkeys(name for values in rows for name in values))
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(
    layout: Layout, table: str, path: Path, *, known_at: dt.datetime | None = None, now: dt.datetime = NOW
) -> Imported:
    """Import a file as the command line does, under the lock."""
    with writing(layout):
        done: Any = getattr(imports, f"import_{table}")(layout, path, known_at=known_at, now=now)
    assert isinstance(done, Imported)
    return done


def load_rows(layout: Layout, table: str, *rows: dict[str, str], **options: Any) -> Imported:
    """Write rows to a file and import it."""
    layout.root.mkdir(parents=True, exist_ok=True)
    return load(layout, table, write_csv(layout.root / f"{table}.csv", rows), **options)


def digests(folder: Path, data: Path) -> list[str]:
    """Import each table's Parquet and CSV of a folder; the digests of what is stored and in effect then."""
    layout, said = Layout(data), []
    for table in ("labels", "prices", "jurisdictions"):
        for suffix in ("parquet", "csv"):
            load(layout, table, folder / f"{table}.{suffix}")
        said += [sha256_of(file) for file in files_of(layout, TABLES[table])]
        said.append(effective.fingerprint(layout, table, NOW))
    return said
