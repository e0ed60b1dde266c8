"""Data folders with real transfers in them, and what is published of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
from real_files import Claim, Quote, write_jurisdictions, write_labels, write_quotes

from inflows import files
from inflows.build import steps
from inflows.registry import imports
from inflows.settings import Settings, load_settings
from inflows.sources import ingest_files
from inflows.warehouse.query import run_sql

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def ingest(data: Path, *paths: Path | str, input_format: str) -> Any:
    """Ingest files into a data folder; the report."""
    layout = load_settings(data).layout
    with files.writing(layout):
        return ingest_files(layout, [str(path) for path in paths], input_format)


def publish(data: Path, claims: Iterable[Claim], quotes: Iterable[Quote] = ()) -> Path:
    """The database of a data folder with transfers, under these labels and quotes."""
    settings: Settings = load_settings(data)
    given = data / "given"
    quoted = list(quotes)
    import_claims(data, claims)
    with files.writing(settings.layout):
        imports.import_assets(settings.layout, imports.core_assets_path(), now=NOW)
        imports.import_jurisdictions(
            settings.layout, write_jurisdictions(given / "jurisdictions.csv"), now=NOW
        )
        if quoted:
            imports.import_prices(settings.layout, write_quotes(given / "prices.csv", quoted), now=NOW)
    return steps.build(settings, as_of=None, now=NOW).database


def import_claims(data: Path, claims: Iterable[Claim]) -> None:
    """Import claims into a data folder, known since NOW, a file a source: within a file claims must agree."""
    layout = load_settings(data).layout
    with files.writing(layout):
        for source, said in groupby(sorted(claims, key=_by_source), key=_by_source):
            path = write_labels(data / "given" / f"labels {source}.csv", said)
            imports.import_labels(layout, path, now=NOW)


def _by_source(claim: Claim) -> str:
    return claim.source


def select(database: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a query, as dicts."""
    columns, rows = run_sql(database, query)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def stored(data: Path, dataset: str = "transfers") -> list[dict[str, Any]]:
    """All rows of a raw dataset, as dicts."""
    paths = sorted((data / "raw" / dataset).rglob("*.parquet"))
    frames = [pl.read_parquet(path, hive_partitioning=False) for path in paths]
    return pl.concat(frames).to_dicts() if frames else []


def raw_bytes(data: Path, *datasets: str) -> dict[str, bytes]:
    """The files of raw datasets (all if none is named), by their path below the raw folder."""
    raw = data / "raw"
    datasets = datasets or ("blocks", "transfers", "utxo", "quarantine")
    return {
        str(path.relative_to(raw)): path.read_bytes()
        for dataset in datasets
        for path in sorted((raw / dataset).rglob("*.parquet"))
    }
