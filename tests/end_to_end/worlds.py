"""A market on disk, a data folder, and what was published of it."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from inflows import files
from inflows.build import steps
from inflows.settings import Settings, load_settings
from inflows.simulate import Market, simulate
from inflows.sources import ingest_files
from inflows.warehouse.query import run_sql

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = ("period", "jurisdiction", "basis", "scope", "level")
SUMS = ("inflow_usd", "outflow_usd")
COUNTS = ("inflow_transfers", "outflow_transfers", "unlisted_inflow_transfers")


def market_files(folder: Path, market: Market, *, transfers: int = 800, seed: int = 1) -> Path:
    """A simulated market's files."""
    return simulate(folder, transfers=transfers, seed=seed, market=market)


def ingest(settings: Settings, *paths: Path) -> None:
    """Ingest own files."""
    with files.writing(settings.layout):
        ingest_files(settings.layout, [str(path) for path in paths], "inflows")


def publish(data: Path, market: Path, *transfers: Path, now: dt.datetime = NOW) -> Path:
    """The database that a data folder publishes of a market; transfers: other files than the market's."""
    settings = load_settings(data)
    steps.import_folder(settings.layout, market, now)
    ingest(settings, *(transfers or (market / "transfers",)))
    return steps.build(settings, as_of=None, now=now).database


def published_totals(database: Path) -> list[dict[str, Any]]:
    """Every published total."""
    columns, rows = run_sql(database, "select * from agg_jurisdiction_half_year order by all")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def differences(database: Path, market: Path) -> list[str]:
    """Where the published totals and flow types differ from the truth beside the market."""
    found = {tuple(row[k] for k in KEY): row for row in published_totals(database)}
    with (market / "truth" / "totals.csv").open(encoding="utf-8") as handle:
        true = {tuple(row[k] for k in KEY): row for row in csv.DictReader(handle)}
    wrong = [f"{key}: only {'true' if key in true else 'published'}" for key in found.keys() ^ true.keys()]
    for key in found.keys() & true.keys():
        wrong += [
            f"{key} {c}: {found[key][c]}, true {true[key][c]}"
            for c in SUMS
            if found[key][c] != Decimal(true[key][c])
        ]
        wrong += [
            f"{key} {c}: {found[key][c]}, true {true[key][c]}"
            for c in COUNTS
            if found[key][c] != int(true[key][c])
        ]
        if found[key]["net_usd"] != found[key]["inflow_usd"] - found[key]["outflow_usd"]:
            wrong.append(f"{key} net_usd: {found[key]['net_usd']}")
        received, priced = int(true[key]["inflow_transfers"]), int(true[key]["priced_inflow_transfers"])
        if found[key]["priced_share"] != (priced / received if received else None):
            wrong.append(f"{key} priced_share: {found[key]['priced_share']}, true {priced} of {received}")
    wrong += _beside_others(found, true)
    types = pl.read_csv(market / "truth" / "flow_types.csv")
    for level, column in (("strict", "flow_type_strict"), ("base", "flow_type"), ("all", "flow_type_all")):
        _, rows = run_sql(
            database, f"select {column}, count(*) from fct_flow where {column} is not null group by 1"
        )
        if dict(rows) != dict(types.filter(level=level).select("flow_type", "transfers").iter_rows()):
            wrong.append(f"flow types at level {level}: {rows}")
    return wrong


def _beside_others(found: dict[tuple[Any, ...], Any], true: dict[tuple[Any, ...], Any]) -> list[str]:
    """Where changes, ratios, ranks and shares differ from what the true totals say, worked out one by one."""
    wrong = []
    periods = {key[0] for key in true}
    inflow = {key: Decimal(row["inflow_usd"]) for key, row in true.items()}
    for (period, where, *selection), row in found.items():
        key = (period, where, *selection)
        if key not in inflow:
            continue
        year, half = int(period[:4]), period[5:]
        earlier = {"year": f"{year - 1}-{half}", "previous": f"{year - (half == 'H1')}-H{3 - int(half[1])}"}
        for name, which in earlier.items():
            old = inflow.get((which, where, *selection), Decimal(0))
            change = inflow[key] - old if which in periods else None
            if row[f"inflow_change_on_{name}_usd"] != change:
                wrong.append(f"{key} change on {name}: {row[f'inflow_change_on_{name}_usd']}, true {change}")
            if old > 1 and abs(row[f"inflow_ratio_on_{name}"] / float(inflow[key] / old or 1) - 1) > 1e-6:
                wrong += [f"{key} ratio on {name}"] if inflow[key] else []
        others = {k[1]: usd for k, usd in inflow.items() if k[0] == period and list(k[2:]) == selection}
        rank = 1 + sum(usd > inflow[key] for other, usd in others.items() if other != "ZZ")
        if row["inflow_rank"] != (None if where == "ZZ" else rank):
            wrong.append(f"{key} rank: {row['inflow_rank']}, true {rank}")
        world = sum(others.values())
        if world and abs(row["share_of_world"] - float(inflow[key] / world)) > 1e-9:
            wrong.append(f"{key} share of world: {row['share_of_world']}")
    return wrong
