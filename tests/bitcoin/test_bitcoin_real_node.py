"""Against bcoin, a Bitcoin node written apart from Bitcoin Core: other arguments, other forms, 1e-8."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from bcoin import API_KEY, bcoin

from inflows.errors import UsageError, WorkError
from inflows.http import HttpClient
from inflows.layout import Layout
from inflows.raw import list_partitions
from inflows.sources.bitcoin import ingest_bitcoin


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with bcoin() as url:
        yield url


def run(layout: Layout, url: str, first: int, last: int, network: str = "regtest") -> None:
    with HttpClient() as http:
        ingest_bitcoin(layout, network=network, rpc_urls=[url], from_block=first, to_block=last, http=http)


def entries(layout: Layout) -> pl.DataFrame:
    return pl.concat(
        pl.read_parquet(p, hive_partitioning=False) for _, _, p in list_partitions(layout, "utxo")
    )


def test_a_real_chain_is_read_whole_and_to_the_satoshi(node: str, tmp_path: Path) -> None:
    """bcoin tells no spent outputs: those of block 106 are looked up in the blocks before it."""
    layout = Layout(tmp_path / "data")
    run(layout, node, 0, 107)
    rows = entries(layout)
    assert rows["block_number"].n_unique() == 108
    spent = rows.filter(side="in").row(0, named=True)
    minted = rows.filter(block_number=1, side="out").row(0, named=True)
    assert (spent["amount_raw"], spent["address"]) == ("5000000000", minted["address"])
    paid = rows.filter(tx_hash=spent["tx_hash"], side="out").sort("position")
    assert paid["amount_raw"].to_list() == ["1", "0", "29000000", "4970998999"]
    # Dust to one address; nothing and a bare multisig name none; the change goes back.
    assert [bool(address) for address in paid["address"]] == [True, False, False, True]
    assert paid["address"][3] == minted["address"]


def test_what_the_chain_does_not_have_yet_and_what_nobody_tells_are_said(node: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with pytest.raises(WorkError, match="does not have 6 confirmations yet: the newest that has is 107"):
        run(layout, node, 107, 112)
    with pytest.raises(WorkError, match="Block 106 of bitcoin cannot be stored"):
        run(layout, node, 106, 106)


def test_a_real_node_of_a_test_network_is_refused_as_the_main_one(node: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a node of the network regtest"):
        run(Layout(tmp_path / "data"), node, 0, 1, network="main")
    assert not (tmp_path / "data").exists()


def test_a_wrong_key_is_refused_without_being_shown(node: str, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="refuses the key") as caught:
        run(Layout(tmp_path / "data"), node.replace(API_KEY, "another-key-0123"), 0, 1)
    assert "another-key-0123" not in str(caught.value)
