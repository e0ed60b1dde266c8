"""The table of chains: one name each, reached by every name that others use, and said where it is unknown."""

import datetime as dt
import json
import re
from pathlib import Path

import polars as pl
import pytest

from inflows import chains, files
from inflows.addresses import address_form
from inflows.build import steps
from inflows.chains import CHAINS, EVM, canonical_chain, names_of, near_chain, spelling
from inflows.contracts.names import SLUG_PATTERN
from inflows.labels.json_lists import read_eth_labels
from inflows.layout import Layout
from inflows.prices.catalogue import price_ids
from inflows.registry import effective, imports
from inflows.registry.imports import core_assets_path
from inflows.settings import Settings
from inflows.sources import ingest_files
from inflows.sources.bitcoin.networks import GENESIS
from inflows.sources.evm.chain_ids import known_chain
from inflows.warehouse.totals import read_totals

CASE = Path(__file__).parents[2] / "shared" / "cases" / "chain_alias"
NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
COLUMNS = "chain,block_number,block_time,tx_hash,position,kind,contract,from_address,to_address,amount_raw\n"
USDT_ON_BSC = "0x55d398326f99059ff775485246999027b3197955"
WALLET = "0x1111111111111111111111111111111111110077"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def transfer(chain: str, hash_end: str = "01") -> str:
    sender = "0x" + "22" * 20
    moved = f"{USDT_ON_BSC},{sender},{WALLET},5000"
    return f"{chain},36000000,2024-03-01T06:00:00Z,0x{hash_end:>064},1,token,{moved}\n"


def csv_of(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_name_stands_for_one_chain() -> None:
    owners: dict[str, set[str]] = {}
    for chain in CHAINS.values():
        for name in names_of(chain):
            owners.setdefault(spelling(name), set()).add(chain.name)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}
    assert EVM not in owners


def test_rows_of_the_table_are_sound() -> None:
    families = {"evm", "utxo", "tron", "solana", "ton", "xrp", "other"}
    for chain in CHAINS.values():
        assert re.fullmatch(SLUG_PATTERN, chain.name)
        assert chain.family in families
        assert chain.source
        assert (chain.symbol == "") == (chain.decimals is None)
        assert (chain.chain_id is not None) == (chain.family in ("evm", "tron"))
    numbers = [chain.chain_id for chain in CHAINS.values() if chain.chain_id is not None]
    assert len(set(numbers)) == len(numbers)
    explorers = [explorer for chain in CHAINS.values() for explorer in chain.explorers]
    assert len(set(explorers)) == len(explorers)


@pytest.mark.parametrize(
    ("name", "chain"),
    [
        ("bnb", "bsc"), ("BNB", "bsc"), ("56", "bsc"), ("eip155:56", "bsc"), ("binance-smart-chain", "bsc"),
        ("binance-mainnet", "bsc"), ("BNB Smart Chain", "bsc"), ("BEP20", "bsc"), ("eth", "ethereum"),
        ("1", "ethereum"), ("ETH", "ethereum"), ("erc20", "ethereum"), ("avalanche_c", "avalanche"),
        ("Avalanche C-Chain", "avalanche"), ("avax", "avalanche"), ("matic", "polygon"), ("arb", "arbitrum"),
        ("arbitrum-one", "arbitrum"), ("op", "optimism"), ("xdai", "gnosis"), ("era", "zksync"),
        ("534352", "scroll"), ("trc20", "tron"), ("TRX", "tron"), ("btc", "bitcoin"), ("bch", "bitcoincash"),
        ("bitcoin_cash", "bitcoincash"), ("ripple", "xrp"), ("SOL", "solana"), ("klaytn", "kaia"),
        ("binance", "bnb_beacon"), ("bep2", "bnb_beacon"), ("EVM", "evm"), ("ethereum", "ethereum"),
    ],
)  # fmt: skip
def test_every_name_of_a_chain_is_that_chain(name: str, chain: str) -> None:
    assert canonical_chain(name) == chain


@pytest.mark.parametrize("name", ["mychain", "", "../eth", "=eth", "Some Chain", "99999999", "中文"])
def test_a_name_that_is_not_known_stays_as_it_is(name: str) -> None:
    assert canonical_chain(name) == name


def test_the_nearest_chain_is_offered() -> None:
    assert near_chain("evm") == ""  # a chain of labels, which is not the remedy for itself
    assert (near_chain("etherium"), near_chain("avalanch"), near_chain("qqqq")) == (
        "ethereum",
        "avalanche",
        "",
    )


def test_all_that_names_chains_names_chains_of_the_table() -> None:
    core = pl.read_csv(core_assets_path(), infer_schema=False)
    assert set(core["chain"]) <= set(CHAINS)
    assert set(price_ids()["chain"]) <= set(CHAINS)
    assert {chain for named, _ in GENESIS.values() for chain in named} <= set(CHAINS)


def test_quirks_reach_the_readers() -> None:
    assert known_chain("TRX").confirmations == 20
    assert not known_chain("cronos").has_blooms
    assert not known_chain("matic").logs_only_of_own_transactions
    assert known_chain("eth").chain_id == 1
    assert known_chain("56").name == "bsc"


def test_families_decide_the_form_of_addresses() -> None:
    assert address_form("scroll") == address_form("evm")
    assert not chains.evm_labels_hold("cardano")
    assert chains.evm_labels_hold("a_new_rollup")


def test_a_numbered_chain_of_a_list_has_our_name(tmp_path: Path) -> None:
    rows = [
        {"address": "0x" + "ab" * 20, "chainId": number, "label": "binance", "nameTag": "Binance"}
        for number in (534352, 1101, 123456789)
    ]
    (tmp_path / "accounts.json").write_text(json.dumps(rows))
    found = [claim.chain for claim in read_eth_labels(tmp_path / "accounts.json")]
    assert found == ["scroll", "polygon_zkevm", "chain-123456789"]


def test_two_names_of_a_chain_are_one_transfer(layout: Layout, tmp_path: Path) -> None:
    with files.writing(layout):
        first = ingest_files(layout, [csv_of(tmp_path, COLUMNS + transfer("bnb"))], "inflows")
        again = ingest_files(
            layout, [csv_of(tmp_path, COLUMNS + transfer("BSC") + transfer("56"))], "inflows"
        )
    assert (first.rows_new, first.chains) == (1, ("bsc",))
    assert (again.rows_new, again.rows_already_there) == (0, 2)
    assert [path.name for path in (layout.raw / "transfers").iterdir()] == ["chain=bsc"]


def test_a_chain_that_is_not_known_is_stored_and_said_at_ingest_and_in_the_build(
    layout: Layout, tmp_path: Path
) -> None:
    with files.writing(layout):
        imports.import_assets(layout, core_assets_path(), now=NOW)
        report = ingest_files(
            layout,
            [
                csv_of(
                    tmp_path,
                    COLUMNS + transfer("etherum") + transfer("zircuit", "02") + transfer("bnb", "03"),
                )
            ],
            "inflows",
        )
    assert report.chains == ("bsc", "etherum", "zircuit")
    unknown, unlisted = report.warnings
    assert "'etherum' is no chain that is known here (write 'ethereum' if that is meant)" in unknown
    assert unlisted.startswith("Of zircuit, no asset of it is listed")
    notes = steps.build(Settings(data=layout.root), as_of=NOW, now=NOW).notes
    assert any("'etherum' is no chain" in note and "1 rows of it" in note for note in notes)
    assert any(note.startswith("Of zircuit") for note in notes)
    assert not any("bsc" in note for note in notes)


@pytest.mark.parametrize("name", ["bnb", "BSC", "56"])
def test_registries_take_every_name_of_a_chain(layout: Layout, tmp_path: Path, name: str) -> None:
    labels = csv_of(tmp_path, f"chain,address,exchange,confidence,source\n{name},{WALLET},okx,50,mine\n")
    prices = csv_of(
        tmp_path, f"chain,contract,time,price_usd,source\n{name},{USDT_ON_BSC},2024-03-01,1,t\n", "prices.csv"
    )
    assets = csv_of(
        tmp_path,
        f"chain,contract,symbol,decimals,kind,trusted\n{name},{USDT_ON_BSC},USDT,18,stablecoin,true\n",
        "assets.csv",
    )
    with files.writing(layout):
        done = imports.import_labels(layout, labels, now=NOW)
        imports.import_prices(layout, prices, now=NOW)
        imports.import_assets(layout, assets, now=NOW)
    for table in (effective.labels, effective.assets, effective.prices):
        assert table(layout, NOW).collect()["chain"].to_list() == ["bsc"]
    assert done.renamed == 1
    assert "1 under another name of their chain or exchange" in done.sentence()


def test_a_name_of_a_chain_says_nothing_against_the_form_of_its_addresses(
    layout: Layout, tmp_path: Path
) -> None:
    labels = csv_of(tmp_path, "chain,address,exchange,confidence,source\ntrx,0x12,okx,50,mine\n")
    with pytest.raises(Exception, match="is not an address on 'tron'"), files.writing(layout):
        imports.import_labels(layout, labels, now=NOW)


@pytest.mark.skipif(not CASE.is_dir(), reason="the small inputs ../shared/cases are not here")
def test_three_chains_under_other_names_keep_their_dollars(layout: Layout) -> None:
    with files.writing(layout):
        imports.import_assets(layout, core_assets_path(), now=NOW)
        imports.import_prices(layout, CASE / "prices.csv", now=NOW)
        imports.import_labels(layout, CASE / "labels.csv", now=NOW)
        ingest_files(layout, [CASE / "transfers.csv"], "inflows")
    steps.build(Settings(data=layout.root), as_of=NOW, now=NOW)
    [received] = read_totals(layout, "2024-H1", ["ZZ"])["inflow_usd"].to_list()
    assert received == 22_000
