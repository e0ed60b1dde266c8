"""The list of core assets that comes with the project."""

import csv
from pathlib import Path

import polars as pl
import pytest
from registry_files import NOW, load

from inflows.addresses import address_form
from inflows.chains import CHAINS, FAMILY
from inflows.layout import Layout
from inflows.registry import effective
from inflows.registry.imports import core_assets_path

NATIVE = ("chain", "symbol", "decimals")
MANY_USED = (
    "ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche", "fantom", "gnosis", "celo",
    "linea", "scroll", "zksync", "mantle", "blast", "cronos", "moonbeam", "moonriver", "opbnb", "sonic",
    "kava", "aurora", "metis", "boba", "zora", "mode", "manta", "taiko", "unichain", "berachain",
)  # fmt: skip
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
    assert {"bitcoin", "litecoin", "dogecoin", "bitcoincash", "solana", "ton", "xrp"} <= chains
    for chain, symbol, decimals in core.filter(pl.col("kind") == "native").select(NATIVE).iter_rows():
        assert (symbol, decimals) == (CHAINS[chain].symbol, CHAINS[chain].decimals)
    utxo_and_others = {name for name, chain in CHAINS.items() if chain.symbol and chain.family != "evm"}
    assert utxo_and_others <= chains


def test_contracts_have_the_form_of_their_chain(core: pl.DataFrame) -> None:
    for chain, contract in core.filter(pl.col("contract") != "").select("chain", "contract").iter_rows():
        assert pl.Series([contract]).str.contains(address_form(chain)).item(), (chain, contract)


def test_chains_with_wrapped_native_coins_have_one_with_the_natives_decimals(core: pl.DataFrame) -> None:
    wrapped = core.filter(pl.col("kind") == "wrapped_native").select("chain", "symbol", "decimals")
    natives = core.filter(pl.col("kind") == "native").select("chain", native="decimals")
    # Without its wrapped form an unwrap would count as money that came in: both are listed, or none.
    account_chains = core.filter(pl.col("chain").replace_strict(FAMILY).is_in(["evm", "tron", "solana"]))
    assert wrapped["chain"].sort().to_list() == account_chains["chain"].unique().sort().to_list()
    assert set(MANY_USED) <= set(wrapped["chain"])
    both = wrapped.join(natives, on="chain")
    assert both["decimals"].to_list() == both["native"].to_list()


def test_dollar_coins_have_18_decimals_on_bsc_and_6_elsewhere(core: pl.DataFrame) -> None:
    dollars = core.filter(pl.col("symbol").is_in(["USDT", "USDC", "USDC.e", "USDT.e", "USDbC"]))
    for chain, symbol, decimals in dollars.select("chain", "symbol", "decimals").iter_rows():
        assert decimals == (18 if chain in ("bsc", "opbnb") else 6), (chain, symbol)
    for symbol in ("USDT", "USDC"):
        chains = set(dollars.filter(pl.col("symbol") == symbol)["chain"])
        assert {"ethereum", "bsc", "polygon", "arbitrum", "optimism", "base", "avalanche", "tron"} <= chains
    assert core.filter(pl.col("symbol") == "GUSD")["decimals"].to_list() == [2]


def test_each_row_names_two_different_places_that_say_so() -> None:
    with core_assets_path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 200
    assert len({(row["chain"], row["contract"]) for row in rows}) == len(rows)
    for row in rows:
        assert "" not in (row["source"], row["checked_against"]), row
        assert row["source"] != row["checked_against"], row


@pytest.mark.parametrize(
    ("chain", "symbols"),
    [
        ("bsc", {"BTCB", "ETH", "DAI", "FDUSD", "BUSD", "TUSD"}),
        ("avalanche", {"BTC.b", "WBTC.e", "WETH.e", "USDC.e", "DAI.e"}),
        ("polygon", {"USDC", "USDC.e", "WBTC", "WETH"}),
        ("base", {"cbBTC", "USDbC", "USDC"}),
        ("ethereum", {"cbBTC", "PYUSD", "USDS", "WBTC"}),
        ("solana", {"USDC", "USDT", "WSOL"}),
    ],
)
def test_the_bridged_and_pegged_forms_of_a_chain_are_listed(
    core: pl.DataFrame, chain: str, symbols: set[str]
) -> None:
    assert symbols <= set(core.filter(pl.col("chain") == chain)["symbol"])


def test_all_core_assets_are_trusted(core: pl.DataFrame) -> None:
    assert core["trusted"].all()


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference list ../shared/reference is not here")
def test_decimals_agree_with_the_reference_list(core: pl.DataFrame) -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        known = {(r["chain"], r["contract"]): int(r["decimals"]) for r in csv.DictReader(file)}
    ours = {(c, k): d for c, k, d in core.select("chain", "contract", "decimals").iter_rows()}
    both = ours.keys() & known.keys()
    assert {key: ours[key] for key in both} == {key: known[key] for key in both}
    assert len(both) > 100
