"""Prices by symbol: for every listed, trusted asset of it, and for nothing else."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.registry.imports import core_assets_path, import_assets, import_prices
from inflows.times import parse_instant

NOW = parse_instant("2026-01-01")
FAKE = "0x" + "f" * 40
HEADER = "symbol,time,price_usd,source\n"


@pytest.fixture
def listed(layout: Layout, tmp_path: Path) -> Layout:
    import_assets(layout, core_assets_path(), now=NOW)
    fake = tmp_path / "fake.csv"
    fake.write_text(
        f"chain,contract,symbol,decimals,kind,trusted\nethereum,{FAKE},USDT,6,token,false\n", encoding="utf-8"
    )
    import_assets(layout, fake, now=NOW)
    return layout


def imported(layout: Layout, tmp_path: Path, text: str) -> list[tuple[Any, ...]]:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    import_prices(layout, path, now=NOW)
    found = pl.read_parquet(layout.registry / "prices" / "*.parquet")
    return (
        found.select("chain", "contract", pl.col("price_usd").cast(pl.String))
        .sort("chain", "contract")
        .rows()
    )


def core(symbol: str) -> set[tuple[str, str]]:
    assets = pl.read_csv(core_assets_path(), infer_schema=False).filter(pl.col("symbol") == symbol)
    return {(chain, contract or "") for chain, contract in assets.select("chain", "contract").rows()}


@pytest.mark.parametrize("written", ["USDT", "usdt"])
def test_a_symbol_is_every_listed_trusted_asset_of_it(listed: Layout, tmp_path: Path, written: str) -> None:
    rows = imported(listed, tmp_path, HEADER + f"{written},2024-03-01,1.001,mine\n")
    assert {(chain, contract) for chain, contract, _ in rows} == core("USDT")
    assert len(rows) > 3
    assert ("ethereum", FAKE) not in {row[:2] for row in rows}
    assert {price.rstrip("0") for *_, price in rows} == {"1.001"}


def test_rows_by_symbol_and_by_contract_may_stand_in_one_file(listed: Layout, tmp_path: Path) -> None:
    rows = imported(
        listed,
        tmp_path,
        "chain,contract,symbol,time,price_usd,source\n"
        f"ethereum,{FAKE},,2024-03-01,2,mine\n,,ETH,2024-03-01,3000,mine\nbitcoin,,,2024-03-01,60000,mine\n",
    )
    assert {row[:2] for row in rows} == core("ETH") | {("ethereum", FAKE), ("bitcoin", "")}


def test_a_chain_beside_a_symbol_narrows_it(listed: Layout, tmp_path: Path) -> None:
    rows = imported(listed, tmp_path, "chain,symbol,time,price_usd,source\nbsc,USDT,2024-03-01,1,mine\n")
    assert {row[:2] for row in rows} == {pair for pair in core("USDT") if pair[0] == "bsc"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADER + "NOPE,2024-03-01,1,mine\n", "symbol 'NOPE' is of no listed, trusted asset"),
        (HEADER + ",2024-03-01,1,mine\n", "chain is empty"),
        (
            f"chain,contract,symbol,time,price_usd,source\nethereum,{FAKE},USDT,2024-03-01,1,mine\n",
            "both a symbol and a contract",
        ),
        ("time,price_usd,source\n2024-03-01,1,mine\n", "lacks the column 'chain'"),
        ("chain,time,price_usd,source\nbitcoin,2024-03-01,1,mine\n", "lacks the column 'contract'"),
        (HEADER + "USDT,yesterday,1,mine\n", "'yesterday' is not a time"),
    ],
)
def test_what_names_no_asset_stores_nothing(listed: Layout, tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        imported(listed, tmp_path, text)
    assert not (listed.registry / "prices").exists()


def test_without_listed_assets_the_remedy_is_named(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="assets import --core"):
        imported(layout, tmp_path, HEADER + "USDT,2024-03-01,1,mine\n")


def test_the_same_quote_by_symbol_and_by_contract_must_agree(listed: Layout, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="with other contents"):
        imported(
            listed,
            tmp_path,
            "chain,contract,symbol,time,price_usd,source\n,,BTC,2024-03-01,60000,mine\nbitcoin,,,2024-03-01,61000,mine\n",
        )
