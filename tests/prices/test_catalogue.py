"""Which asset an id stands for, and the licences of the sources."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from price_rows import WETH

from inflows.errors import UsageError
from inflows.prices import SOURCES
from inflows.prices.catalogue import ids_asked, licences, price_ids
from inflows.prices.dollars import AT_PAR, USDT_ON_ETHEREUM
from inflows.registry.imports import core_assets_path

HEADER = "source,source_id,chain,contract,quote,valid_from,valid_to\n"


def core() -> pl.DataFrame:
    return pl.read_csv(core_assets_path(), infer_schema=False).with_columns(pl.col("contract").fill_null(""))


def file_of(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "ids.csv"
    path.write_text(header + "".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("source", ["coingecko", "defillama"])
def test_every_core_asset_has_an_id_of_each_source_in_dollars(source: str) -> None:
    ids = price_ids().filter(pl.col("source") == source, pl.col("quote") == "USD")
    missing = core().join(ids, on=["chain", "contract"], how="anti")
    assert missing.select("chain", "symbol").rows() == []


def test_every_id_stands_for_a_core_asset() -> None:
    assert price_ids().join(core(), on=["chain", "contract"], how="anti").rows() == []


def test_a_binance_pair_stands_for_the_native_coin_and_its_wrapped_token() -> None:
    eth = price_ids().filter(pl.col("source_id") == "ETHUSDT")
    assert {("ethereum", ""), ("ethereum", WETH), ("base", "")} <= set(eth.select("chain", "contract").rows())
    assert eth["quote"].unique().to_list() == ["USDT"]


def test_the_asset_that_values_tether_has_ids_in_dollars() -> None:
    chain, contract = USDT_ON_ETHEREUM
    tether = price_ids().filter(pl.col("chain") == chain, pl.col("contract") == contract)
    assert set(tether["source"]) == {"coingecko", "coinmetrics", "defillama"}


def test_every_source_and_its_quotes_in_tether_have_a_licence() -> None:
    assert set(price_ids()["source"]) == set(SOURCES)
    assert set(SOURCES) | {AT_PAR + "binance"} == set(licences())
    assert licences()["coinmetrics"].licence.startswith("CC BY-NC 4.0")
    assert all(all(licence) for licence in licences().values())


def test_a_user_adds_ids_of_further_assets(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"coingecko,pepe,ethereum,{WETH.upper().replace('0X', '0x')[:-1]}3,USD,,")
    ids = price_ids(path)
    assert ids.height == price_ids().height + 1
    assert ids.filter(pl.col("source_id") == "pepe")["contract"].item() == WETH[:-1] + "3"


def test_validity_may_be_left_out_of_a_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, f"coingecko,pepe,ethereum,{WETH[:-1]}3,USD", header=HEADER[:44] + "\n")
    assert price_ids(path).height == price_ids().height + 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("coingecko,pepe,ethereum,0x12,USD,,", r"ids\.csv:2: contract '0x12' is not an address"),
        ("coingecko,pepe,evm,,USD,,", "'evm' is not the name of a chain"),
        ("coingecko,pepe,../x,,USD,,", "is not the name of a chain"),
        ("coingecko,pepe,newchain,,EUR,,", "quote 'EUR' is unknown; it is one of USD, USDT"),
        ("coingecko,,newchain,,USD,,", "source_id is empty"),
        ("coingecko,pepe,newchain,,USD,soon,", "not a time"),
        ("coingecko,pepe,bitcoin,,USD,,", "'bitcoin' and 'pepe' of coingecko stand for the same asset"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        price_ids(file_of(tmp_path, line))


def test_a_file_that_is_not_there_or_lacks_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        price_ids(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="lacks the column 'chain'"):
        price_ids(file_of(tmp_path, header="source,source_id\n"))


def test_assets_are_asked_by_symbol_by_id_or_by_contract() -> None:
    ids = price_ids()
    assert ids_asked(ids, "binance", ["eth"]) == ["ETHUSDT"]
    assert ids_asked(ids, "binance", ["ETHUSDT", "ETH", f"ethereum:{WETH}"]) == ["ETHUSDT"]
    assert ids_asked(ids, "binance", ["POL"]) == ["MATICUSDT", "POLUSDT"]
    assert ids_asked(ids, "coingecko", ["bitcoin:"]) == ["bitcoin"]
    assert len(ids_asked(ids, "coinmetrics", [])) == 32


def test_an_unknown_asset_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"'ETHUSD' is no asset.*Did you mean 'ETHUSDT'"):
        ids_asked(price_ids(), "binance", ["ETHUSD"])
