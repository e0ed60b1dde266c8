"""Real blocks, served as a Portal does: the store is the one that nodes and files of the same blocks give."""

from __future__ import annotations

import polars as pl
from evm.anvil import anvil
from evm.fake_chain import QUICK as QUICK_RPC
from evm.fake_chain import stored
from evm.test_evm_anvil import BINANCE, HEIR, HELPERS, prepare, story
from evm.test_evm_recorded import Mainnet, needs_mainnet
from network.playing import playing
from sqd.portal_server import World, portal
from sqd.worlds import portal_block, read, world_of_rpc

from inflows.layout import Layout
from inflows.sources.evm import ingest_evm

CEX = ["0x503828976d22510aad0201ac7ec88293211d23da", "0x28c6c06298d514db089934071355e5743bf21d60"]


def rows_of(layout: Layout, dataset: str = "transfers") -> pl.DataFrame:
    paths = sorted((layout.raw / dataset).rglob("*.parquet"))
    return pl.concat([pl.read_parquet(p, hive_partitioning=False) for p in paths]).drop(
        "source", strict=False
    )


def touching(rows: pl.DataFrame, wallets: list[str]) -> pl.DataFrame:
    return rows.filter(pl.col("from_address").is_in(wallets) | pl.col("to_address").is_in(wallets))


def mainnet_world() -> World:
    """Two blocks of Ethereum, and a third without anything."""
    mainnet = Mainnet()
    blocks = [
        portal_block(
            mainnet.block(n), [mainnet.receipt(tx) for tx in mainnet.of(mainnet.transactions, n)], []
        )
        for n in (17173049, 17173050)
    ]
    last = blocks[-1]["header"]
    end = {
        "number": 17173051,
        "hash": "0xend",
        "parentHash": last["hash"],
        "timestamp": last["timestamp"] + 12,
    }
    return World("ethereum-mainnet", "evm", [*blocks, {"header": end}], start=17173049)


@needs_mainnet
def test_two_blocks_of_ethereum_are_those_of_a_node(tmp_path):
    by_rpc, by_portal, of_wallets = (Layout(tmp_path / name) for name in ("rpc", "portal", "wallets"))
    with playing(Mainnet()) as stage:
        told = ingest_evm(
            by_rpc,
            chain="ethereum",
            rpc_urls=[stage.url],
            from_block=17173049,
            to_block=17173050,
            pace=QUICK_RPC,
        )
    world = mainnet_world()
    busiest = pl.concat([rows_of(by_rpc)["from_address"], rows_of(by_rpc)["to_address"]]).value_counts(
        sort=True
    )
    wallets = [*CEX, *busiest.filter(pl.col("from_address").str.len_bytes() == 42)["from_address"].head(20)]
    with portal(world) as server:
        report = read(by_portal, server.url, world, 17173049, 17173050)
        read(of_wallets, server.url, world, 17173049, 17173050, labelled=wallets)
    for dataset in ("transfers", "blocks"):
        assert rows_of(by_portal, dataset).equals(rows_of(by_rpc, dataset))
    assert report.quarantined == told.quarantined
    for reason in ("failed", "nft", "zero_value"):
        assert report.set_aside[reason] == told.set_aside[reason]
    assert rows_of(of_wallets).equals(touching(rows_of(by_rpc), wallets))
    assert rows_of(of_wallets).height > 100


def test_every_way_of_moving_coins_on_a_real_node_is_read_alike(tmp_path):
    by_rpc, by_portal, of_wallets = (Layout(tmp_path / name) for name in ("rpc", "portal", "wallets"))
    with anvil() as node:
        prepare(node)
        story(node)
        node.mine(1_800_000_000)
        ingest_evm(
            by_rpc,
            chain="ethereum",
            rpc_urls=[node.url],
            from_block=1,
            to_block=4,
            pace=QUICK_RPC,
            confirmations=1,
            traces=True,
        )
        world = world_of_rpc(node, 1, 5, traces=True)
    with portal(world) as server:
        report = read(by_portal, server.url, world, 1, 4, traces=True)
        read(of_wallets, server.url, world, 1, 4, traces=True, labelled=[BINANCE, HEIR])
    kind = pl.col("kind")
    ours, theirs = rows_of(by_portal), rows_of(by_rpc)
    assert ours.filter(kind != "trace").equals(theirs.filter(kind != "trace"))
    place = ["block_number", "tx_hash", "from_address", "to_address", "amount_raw"]
    traces = [frame.filter(kind == "trace").select(place).sort(place) for frame in (ours, theirs)]
    assert traces[0].equals(traces[1])
    assert traces[0].height == 16
    assert report.quarantined == {"malformed_transfer_log": 8}
    # Sides that stand in the data, and not in topics, cannot be asked for by address: docs/sqd.md says so.
    unseen = pl.col("contract") == HELPERS["IN_DATA"]
    all_of_them = touching(ours, [BINANCE, HEIR])
    assert rows_of(of_wallets).equals(all_of_them.filter(~unseen))
    assert all_of_them.filter(unseen).height == 4
    assert {row[2] for row in stored(of_wallets)} == {"token", "native", "trace"}
