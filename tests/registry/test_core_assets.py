"""The list of core assets that comes with the project."""

import csv
from pathlib import Path

import polars as pl
import pytest
from registry_files import NOW, load

from inflows.chains import FAMILY
from inflows.keys import address_form
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.imports import core_assets_path

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "assets.csv"


@pytest.fixture
def core(layout: Layout) -> pl.DataFrame:
    """The list as the registry holds it after an import."""
    load(layout, "assets", core_assets_path())
    return effective.assets(layout, NOW).collect()


def test_the_list_imports_whole_with_one_row_a_contract(layout: Layout) -> None:
    with core_assets_path().open(encoding="utf-8") as file:
        lines = sum(1 for _ in file) - 1
    done = load(layout, "assets", core_assets_path())
    assert (done.read, done.added) == (lines, lines)
    assert done.known_at is None


def test_every_chain_of_the_list_is_known_and_has_one_native_coin(core: pl.DataFrame) -> None:
    chains = set(core["chain"])
    assert chains <= set(FAMILY)
    assert core.filter(pl.col("kind") == "native")["chain"].sort().to_list() == sorted(chains)
    assert {"ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche", "tron"} <= chains
    assert {"bitcoin", "litecoin", "dogecoin", "solana", "xrp"} <= chains


def test_contracts_have_the_form_of_their_chain(core: pl.DataFrame) -> None:
    for chain, contract in core.filter(pl.col("contract") != "").select("chain", "contract").iter_rows():
        assert pl.Series([contract]).str.contains(address_form(chain)).item(), (chain, contract)


def test_chains_with_wrapped_native_coins_have_one_with_the_natives_decimals(core: pl.DataFrame) -> None:
    wrapped = core.filter(pl.col("kind") == "wrapped_native").select("chain", "symbol", "decimals")
    natives = core.filter(pl.col("kind") == "native").select("chain", native="decimals")
    assert sorted(wrapped.select("chain", "symbol").rows()) == [
        ("arbitrum", "WETH"), ("avalanche", "WAVAX"), ("base", "WETH"), ("bsc", "WBNB"), ("ethereum", "WETH"),
        ("optimism", "WETH"), ("polygon", "WPOL"), ("tron", "WTRX"),
    ]  # fmt: skip
    both = wrapped.join(natives, on="chain")
    assert both["decimals"].to_list() == both["native"].to_list()


def test_dollar_coins_have_18_decimals_on_bsc_and_6_elsewhere(core: pl.DataFrame) -> None:
    dollars = core.filter(pl.col("symbol").is_in(["USDT", "USDC", "USDC.e", "USDT.e", "USDbC"]))
    for chain, symbol, decimals in dollars.select("chain", "symbol", "decimals").iter_rows():
        assert decimals == (18 if chain == "bsc" else 6), (chain, symbol)
    for symbol in ("USDT", "USDC"):
        chains = set(dollars.filter(pl.col("symbol") == symbol)["chain"])
        assert chains == {"ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche", "tron"}
    assert core.filter(pl.col("symbol") == "GUSD")["decimals"].to_list() == [2]


def test_all_core_assets_are_trusted(core: pl.DataFrame) -> None:
    assert core["trusted"].all()


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference list ../shared/reference is not here")
def test_decimals_agree_with_the_reference_list(core: pl.DataFrame) -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        known = {(r["chain"], r["contract"]): int(r["decimals"]) for r in csv.DictReader(file)}
    ours = {(c, k): d for c, k, d in core.select("chain", "contract", "decimals").iter_rows()}
    both = ours.keys() & known.keys()
    assert {key: ours[key] for key in both} == {key: known[key] for key in both}
    assert len(both) > 50
