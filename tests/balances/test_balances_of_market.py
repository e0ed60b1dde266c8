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
    with (files / "labels.csv").open(encoding="utf-8") as handle:
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


@pytest.fixture
def told(
    transfers: pl.DataFrame, holdings: list[tuple[str, str, str]]
) -> dict[dt.datetime, list[tuple[Any, ...]]]:
    return books(transfers, holdings, (OPENING, CLOSING))


def lost(line: Line, transfer: dict[str, Any]) -> None:
    """Take one transfer out of the raw store."""
    day = transfer["block_time"].date().isoformat()
    [path] = line.data.glob(f"raw/transfers/chain={transfer['chain']}/date={day}/part.parquet")
    same = (pl.col(name) == transfer[name] for name in ("tx_hash", "kind", "position"))
    rows = pl.read_parquet(path)
    kept = rows.filter(~pl.all_horizontal(*same))
    assert kept.height == rows.height - 1
    kept.write_parquet(path)


def deposits(line: Line, contract_is_empty: bool) -> pl.DataFrame:
    """Flows into exchanges between the two instants, largest first."""
    flows = pl.scan_parquet(line.data / "warehouse/fct_flow/**/*.parquet", hive_partitioning=False)
    return (
        flows.filter(
            pl.col("flow_type") == "inflow",
            pl.col("block_time") > OPENING,
            pl.col("block_time") <= CLOSING,
            (pl.col("contract") == "") == contract_is_empty,
            pl.col("symbol").is_not_null(),
        )
        .collect()
        .sort(pl.col("usd"), "tx_hash", descending=True, nulls_last=True)
    )


@pytest.mark.parametrize("native", [True, False])
def test_a_transfer_that_was_not_read_is_the_exact_remainder(line, told, native, tmp_path) -> None:
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    gone = deposits(line, native).row(0, named=True)
    lost(line, gone)
    wrong = [row for row in check(line) if not row["explained"]]
    [row] = [row for row in wrong if row["exchange"] == gone["to_exchange"]]
    assert (row["chain"], row["contract"]) == (gone["chain"], gone["contract"])
    assert row["remainder_raw"] == gone["amount_raw"]
    assert len(wrong) == 1
    assert ("rebases" in row["may_explain"]) == (not native)
    assert ("rewards" in row["may_explain"]) == native


def test_a_token_that_rebases_is_the_only_exception(line, told, tmp_path) -> None:
    contract, chain = next((row[2], row[0]) for row in told[OPENING] if row[2] and row[0] == "bsc")
    grown = [
        (*row[:5], row[5] + row[5] // 7 if row[:1] + row[2:3] == (chain, contract) else row[5], row[6])
        for row in told[CLOSING]
    ]
    bring(line, tmp_path / "balances.csv", told[OPENING] + grown)
    rows = check(line)
    wrong = [row for row in rows if not row["explained"]]
    assert wrong
    assert {(row["chain"], row["contract"]) for row in wrong} == {(chain, contract)}
    growth = sum(new[5] - old[5] for new, old in zip(grown, told[CLOSING], strict=True))
    known = sum(int(row["remainder_raw"]) for row in wrong)
    assert 0 < known <= growth
    assert all("rebases" in row["may_explain"] for row in wrong)


def test_wallets_without_balances_are_told_apart_and_the_identity_holds_without_them(
    line, told, files, tmp_path
) -> None:
    with (files / "labels.csv").open(encoding="utf-8") as handle:
        hot = {row["address"].lower() for row in csv.DictReader(handle) if row["role"] == "hot"}
    kept = [row for time in (OPENING, CLOSING) for row in told[time] if row[1].lower() in hot]
    bring(line, tmp_path / "balances.csv", kept)
    rows = check(line)
    assert [row for row in rows if not row["explained"]] == []
    assert any(int(row["uncovered_internal_raw"]) > 0 for row in rows)  # deposits are swept into hot wallets


def test_every_step_between_balances_can_be_checked(line, transfers, holdings, tmp_path) -> None:
    middle = dt.datetime(2023, 12, 31, 12, tzinfo=dt.UTC)
    told = books(transfers, holdings, (OPENING, middle, CLOSING))
    bring(line, tmp_path / "balances.csv", [row for time in told for row in told[time]])
    gone = deposits(line, False).filter(pl.col("block_time") > middle).row(0, named=True)
    lost(line, gone)
    [whole] = [row for row in check(line) if not row["explained"]]
    steps = check(line, "--each")
    [step] = [row for row in steps if not row["explained"]]
    assert whole["remainder_raw"] == step["remainder_raw"] == gone["amount_raw"]
    assert step["from_time"] == middle.isoformat().replace("+00:00", "Z")
    same = [row for row in steps if all(row[k] == whole[k] for k in ("exchange", "chain", "contract"))]
    assert len(same) == 2
    assert all(row["explained"] for row in check(line, "--to", middle.isoformat()))


def test_one_exchange_alone_can_be_asked_for(line, told, tmp_path) -> None:
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    everything = check(line)
    some = everything[0]["exchange"]
    assert check(line, "--exchange", some) == [row for row in everything if row["exchange"] == some]
    said = line.says("balances", "check", "--exchange", "nobody", "--format", "json")
    assert (said.code, said.out.strip()) == (0, "[]")
    assert "No wallet of nobody has two balances of one asset." in said.err


def test_the_level_decides_whose_wallets_they_are_and_the_identity_holds_at_each(
    line, told, tmp_path
) -> None:
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    found = {level: check(line, "--level", level) for level in ("strict", "base", "all")}
    assert all(row["explained"] for rows in found.values() for row in rows)
    wallets = {level: sum(row["wallets"] for row in rows) for level, rows in found.items()}
    assert wallets["strict"] < wallets["base"] < wallets["all"]


def test_flows_that_were_not_built_are_told_and_change_no_remainder(line, told, tmp_path) -> None:
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    shutil.rmtree(line.data / "warehouse")
    said = line.says("balances", "check", "--format", "csv")
    assert "Chain-days without flows (not built)" in said.err
    rows = list(csv.DictReader(said.out.splitlines()))
    assert rows
    assert all(row["explained"] == "true" for row in rows)
    assert all(row["inflow_raw"] == "0" for row in rows)
    assert any(row["no_flow_raw"].startswith("-") for row in rows)  # a number is never quoted


def test_tables_are_in_whole_coins_and_say_that_the_data_is_simulated(line, told, tmp_path) -> None:
    bring(line, tmp_path / "balances.csv", told[OPENING] + told[CLOSING])
    said = line.says("balances", "check")
    assert said.code == 0
    assert said.out.startswith("Balances against flows (SIMULATED data)")
    assert "explained by transfers to the last digit." in said.err


def test_the_same_balances_give_the_same_bytes_in_any_order(line, built, told, tmp_path) -> None:
    bring(line, tmp_path / "one.csv", told[OPENING] + told[CLOSING])
    other = Line(shutil.copytree(built.data, tmp_path / "other"))
    bring(other, tmp_path / "two.csv", list(reversed(told[CLOSING])))
    bring(other, tmp_path / "three.csv", list(reversed(told[OPENING])))
    arguments = ("balances", "check", "--format", "csv")
    assert line.does(*arguments) == other.does(*arguments)


def test_of_a_time_and_a_block_that_do_not_fit_the_block_decides(line, told, transfers, tmp_path) -> None:
    """Balances after the last block up to OPENING, said to be of days later: what moved meanwhile counts."""
    blocks = dict(
        transfers.filter(pl.col("block_time") <= OPENING)
        .group_by("chain")
        .agg(pl.col("block_number").max())
        .iter_rows()
    )
    late = (OPENING + dt.timedelta(days=9)).isoformat()
    opening = [(*row[:3], late, blocks[row[0]], *row[5:]) for row in told[OPENING]]
    bring(line, tmp_path / "balances.csv", opening + told[CLOSING])
    rows = check(line)
    assert len(rows) > 30
    assert [row for row in rows if not row["explained"]] == []
