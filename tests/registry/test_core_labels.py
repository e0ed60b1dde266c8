"""The wallets that come with the project: published facts, each with its page, and none that cannot be."""

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from inflows.exchanges import EXCHANGE, known_exchanges
from inflows.labels.address_check import validate_address
from inflows.layout import Layout
from inflows.reference.shipped import shipped
from inflows.registry import effective, imports
from inflows.registry.label_sources import label_sources
from inflows.times import END

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
TEN_LARGEST = (
    "binance", "bitget", "bybit", "coinbase", "crypto-com", "gate", "htx", "kraken", "kucoin", "okx",
)  # fmt: skip
HONG_KONG_AND_SINGAPORE = ("coinhako", "hashkey-exchange", "osl", "osl-hk")
with shipped("labels").open(encoding="utf-8", newline="") as handle:
    ROWS = list(csv.DictReader(handle))


def test_no_wallet_stands_twice() -> None:
    counts = Counter((row["chain"], row["address"]) for row in ROWS)
    assert [wallet for wallet, times in counts.items() if times > 1] == []


def test_every_address_passes_the_test_of_its_chain_in_its_canonical_spelling() -> None:
    verdicts = [(row["address"], validate_address(row["chain"], row["address"])) for row in ROWS]
    assert [address for address, verdict in verdicts if verdict.reason or verdict.address != address] == []
    assert all(verdict.tested for _, verdict in verdicts)


def test_every_wallet_belongs_to_an_exchange_that_is_listed() -> None:
    kinds = {row["exchange"]: known_exchanges()[row["exchange"]].kind for row in ROWS}
    assert set(kinds.values()) == {EXCHANGE}


@pytest.mark.parametrize("exchange", [*TEN_LARGEST, *HONG_KONG_AND_SINGAPORE, "bitfinex", "upbit"])
def test_the_largest_exchanges_and_those_of_hong_kong_and_singapore_are_there(exchange: str) -> None:
    assert sum(row["exchange"] == exchange for row in ROWS) >= 3


@pytest.mark.parametrize("chain", ["bitcoin", "ethereum", "tron"])
def test_each_of_the_three_chains_has_wallets_of_several_exchanges(chain: str) -> None:
    assert len({row["exchange"] for row in ROWS if row["chain"] == chain}) >= 9


def test_every_wallet_names_a_page_and_a_source_that_is_as_sure() -> None:
    assert [row["address"] for row in ROWS if not row["evidence"].startswith("https://")] == []
    sources = label_sources()
    assert [
        row["address"] for row in ROWS if sources[row["source"]].confidence != int(row["confidence"])
    ] == []


def test_an_explorers_page_is_that_of_the_wallet() -> None:
    tags = [row for row in ROWS if sources_by_page(row["evidence"])]
    assert {row["source"] for row in tags} == {"core-explorer", "core-tronscan"}
    assert [row["address"] for row in tags if not row["evidence"].endswith(row["address"])] == []


def sources_by_page(page: str) -> bool:
    return page.startswith(("https://etherscan.io/address/", "https://tronscan.org/#/address/"))


def test_tags_of_an_explorer_are_one_vote_with_the_collections_of_its_tags() -> None:
    sources = label_sources()
    assert sources["core-explorer"].lineage == sources["eth-labels"].lineage
    assert sources["core-defillama"].lineage == sources["defillama"].lineage


def test_they_are_imported_as_they_stand(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    assert imports.import_labels(layout, shipped("labels"), now=NOW).added == len(ROWS)
    stored = effective.labels(layout, END).collect()
    assert set(stored["evidence"]) == {row["evidence"] for row in ROWS}
