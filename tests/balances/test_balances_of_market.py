"""On a simulated market the true balances change by what its transfers say, to the last digit."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from balances.balance_files import books, write
from cli.command_line import Line

from inflows.contracts.balances import PARTS
from inflows.simulate import Market, simulate

OPENING = dt.datetime(2023, 12, 23, 7, 30, 12, tzinfo=dt.UTC)
CLOSING = dt.datetime(2024, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = Market.small(start=dt.date(2023, 12, 20), end=dt.date(2024, 1, 11))
    return simulate(tmp_path_factory.mktemp("market"), transfers=3_000, seed=5, market=shape)


@pytest.fixture(scope="module")
def transfers(files: Path) -> pl.DataFrame:
    """What the chain says, with addresses in lower case where they are hex; every transfer once."""
    rows = pl.read_parquet(files / "transfers" / "*.parquet")
    sides = [
        pl.when(pl.col(side).str.starts_with("0x")).then(pl.col(side).str.to_lowercase()).otherwise(side)
        for side in ("from_address", "to_address")
    ]
    key = ["chain", "block_number", "tx_hash", "kind", "position"]
    return rows.with_columns(*sides, pl.col("amount_raw").cast(pl.String)).unique(key)


@pytest.fixture(scope="module")
def built(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Line:
    line = Line(tmp_path_factory.mktemp("built") / "data")
    line.brings_in(files)
    line.does("build")
    return line


@pytest.fixture
def line(built: Line, tmp_path: Path) -> Line:
    return Line(shutil.copytree(built.data, tmp_path / "data"))


@pytest.fixture(scope="module")
def wallets(files: Path) -> list[tuple[str, str]]:
    """Every labelled address, on each chain for which it is labelled."""
    chains = {"evm": ("ethereum", "bsc")}
    with (files / "labels.csv").open() as handle:
        found = [(row["chain"], row["address"]) for row in csv.DictReader(handle)]
    return sorted(
        {
            (chain, address.lower() if address.startswith("0x") else address)
            for of, address in found
            for chain in chains.get(of, (of,))
        }
    )


@pytest.fixture(scope="module")
def holdings(transfers: pl.DataFrame, wallets: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    assets = transfers.select("chain", "contract").unique().sort("chain", "contract").rows()
    return [
        (chain, address, contract) for chain, address in wallets for of, contract in assets if of == chain
    ]


def check(line: Line, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = line.rows("balances", "check", *arguments)
    for row in rows:
        parts = sum(sign * int(row[f"{part}_raw"]) for part, sign in PARTS.items())
        assert int(row["change_raw"]) == int(row["closing_raw"]) - int(row["opening_raw"])
        assert int(row["change_raw"]) - parts == int(row["remainder_raw"])
        assert row["explained"] == (row["remainder_raw"] == "0") == (row["may_explain"] == "")
    return rows


def bring(line: Line, path: Path, rows: list[tuple[Any, ...]]) -> None:
    line.does("balances", "import", str(write(path, rows)))


def test_the_change_of_every_exchange_and_asset_is_explained(line, transfers, holdings, tmp_path) -> None:
    told = books(transfers, holdings, (OPENING, CLOSING))
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    rows = check(line)
    assert len(rows) > 30
    assert [row for row in rows if not row["explained"]] == []
    moved = {part for part in PARTS for row in rows if row[f"{part}_raw"] != "0"}
    assert moved >= {
        "inflow",
        "outflow",
        "inter_exchange_in",
        "inter_exchange_out",
        "mint",
        "burn",
        "no_flow",
    }
    assert any(row["internal_raw"] != "0" for row in rows)
    assert all(row["simulated"] for row in rows)
