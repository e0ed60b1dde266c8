"""Bitcoin from a Portal: whole transactions, exact amounts, and the entries that a node gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from bitcoin.bitcoin_node import block, output, real_block, serving, spending, tx_id
from sqd.portal_server import Turn, World, portal
from sqd.worlds import QUICK

from inflows.errors import WorkError
from inflows.layout import Layout
from inflows.raw.readings import ranges_read
from inflows.sources.bitcoin import ingest_bitcoin
from inflows.sources.sqd import ingest_sqd

HOUR = 3600


def portal_block(found: dict[str, Any]) -> dict[str, Any]:
    """A block of getblock (verbosity 3) as the Portal gives it; amounts are numbers."""
    rows: dict[str, list[dict[str, Any]]] = {"transactions": [], "inputs": [], "outputs": []}
    for place, tx in enumerate(found["tx"]):
        rows["transactions"].append({"transactionIndex": place, "txid": tx["txid"]})
        for number, spent in enumerate(tx["vin"]):
            told = spent.get("prevout") or {}
            coinbase = "coinbase" in spent
            rows["inputs"].append(
                {
                    "transactionIndex": place,
                    "inputIndex": number,
                    "type": "coinbase" if coinbase else "tx",
                    "txid": spent.get("txid"),
                    "vout": spent.get("vout"),
                    "prevoutValue": None if coinbase or not told else _number(told["value"]),
                    "prevoutScriptPubKeyAddress": _address(told),
                }
            )
        for paid in tx["vout"]:
            rows["outputs"].append(
                {
                    "transactionIndex": place,
                    "outputIndex": paid["n"],
                    "value": _number(paid["value"]),
                    "scriptPubKeyAddress": _address(paid),
                }
            )
    header = {
        "number": found["height"],
        "hash": found["hash"],
        "parentHash": found["previousblockhash"],
        "timestamp": found["time"],
    }
    return {"header": header, **rows}


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _address(told: dict[str, Any]) -> str | None:
    return (told.get("scriptPubKey") or {}).get("address")


def world_of(*blocks: dict[str, Any]) -> World:
    """The blocks, with an empty one four hours before them and one after."""
    made = [portal_block(found) for found in blocks]
    first, last = made[0]["header"], made[-1]["header"]
    before = {
        "number": first["number"] - 1,
        "hash": first["parentHash"],
        "parentHash": "00",
        "timestamp": first["timestamp"] - 4 * HOUR,
    }
    after = {
        "number": last["number"] + 1,
        "hash": "ff",
        "parentHash": last["hash"],
        "timestamp": last["timestamp"] + 4 * HOUR,
    }
    return World(
        "bitcoin-mainnet", "bitcoin", [{"header": before}, *made, {"header": after}], start=before["number"]
    )


def ask(layout: Layout, server: Any, world: World, labelled: list[str] | None):
    first, last = world.blocks[1]["header"]["timestamp"], world.blocks[-2]["header"]["timestamp"]
    return ingest_sqd(
        layout,
        chain="bitcoin",
        labelled=labelled,
        portal_url=server.url,
        from_time=dt.datetime.fromtimestamp(first, dt.UTC),
        to_time=dt.datetime.fromtimestamp(last + 1, dt.UTC),
        pace=QUICK,
        say=lambda _: None,
    )


def entries(layout: Layout, dataset: str = "utxo") -> pl.DataFrame:
    paths = sorted((layout.raw / dataset).rglob("*.parquet"))
    return pl.concat([pl.read_parquet(p, hive_partitioning=False) for p in paths]).drop(
        "source", strict=False
    )


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def simple(*transactions: dict[str, Any]) -> World:
    return world_of(block(100), block(101, *transactions), block(102))


def paying(*outputs: Any, spends: Any = 3.125, place: int = 1) -> dict[str, Any]:
    return {
        "txid": tx_id(101, place),
        "vin": [spending(tx_id(100), 0, spends, "1Pool")],
        "vout": [output(value, n, address) for n, (value, address) in enumerate(outputs)],
    }


def test_a_real_block_is_that_of_a_node_to_the_satoshi(layout, tmp_path):
    found = real_block()
    by_node = Layout(tmp_path / "node")
    with serving([found]) as node:
        ingest_bitcoin(by_node, rpc_urls=[node.url], from_block=866342, to_block=866342, confirmations=1)
    world = world_of(found)
    with portal(world) as server:
        report = ask(layout, server, world, None)
    assert entries(layout).equals(entries(by_node))
    only = pl.col("block_number") == 866342
    assert entries(layout, "blocks").filter(only).equals(entries(by_node, "blocks"))
    assert report.rows_new == entries(layout).height
    wallet = entries(by_node).filter(pl.col("address") != "")["address"].value_counts(sort=True)["address"][0]
    of_wallet = Layout(tmp_path / "wallet")
    with portal(world) as server:
        ask(of_wallet, server, world, [wallet])
    touched = entries(by_node).filter((pl.col("address") == wallet).any().over("tx_hash"))
    assert entries(of_wallet).equals(touched)
    assert 0 < touched.height < entries(by_node).height


def test_a_wallet_on_both_sides_has_each_row_once_and_its_transaction_whole(layout):
    world = simple(paying((0.29, "1Shop"), (2.834, "1Pool")), paying((3.0, "1Other"), place=2))
    with portal(world) as server:
        report = ask(layout, server, world, ["1Pool", "1Shop"])
    rows = entries(layout).filter(pl.col("tx_hash") == tx_id(101, 1)).sort("side", "position")
    assert rows.select("side", "address", "amount_raw").rows() == [
        ("in", "1Pool", "312500000"),
        ("out", "1Shop", "29000000"),
        ("out", "1Pool", "283400000"),
    ]
    assert entries(layout).filter(pl.col("tx_hash") == tx_id(101, 2)).height == 2
    assert not report.quarantined
    (found,) = ranges_read(layout, "bitcoin")
    assert (found.first, found.last, found.kinds) == (100, 102, "utxo")


AMOUNTS = {
    "0.54199819": "54199819",
    "20999999.9769": "2099999997690000",
    "1e-8": "1",
    "1.0e-8": "1",
    "1E-8": "1",
    "0.0": "0",
    "2": "200000000",
    "0.30000000000000004": "30000000",
    "0.00000001": "1",
}


@pytest.mark.parametrize("text", AMOUNTS)
def test_amounts_are_the_digits_of_the_answer(layout, text):
    world = simple(paying((7.0, "1Shop"), spends=21_000_000))
    told = f'"value":{text}'.encode()
    with portal(world) as server:
        server.turn = lambda n, query: Turn(
            lines=lambda lines: [line.replace(b'"value":7.0', told) for line in lines]
        )
        ask(layout, server, world, ["1Shop"])
    assert entries(layout).filter(pl.col("side") == "out")["amount_raw"].to_list() == [AMOUNTS[text]]


@pytest.mark.parametrize("text", ["0.000000005", "0.123456789", "-1.0", "1e-9", "null"])
def test_what_is_no_amount_in_satoshi_quarantines_its_transaction_whole(layout, text):
    world = simple(paying((7.0, "1Shop"), (1.0, "1Pool"), spends=21_000_000))
    told = f'"value":{text}'.encode()
    with portal(world) as server:
        server.turn = lambda n, query: Turn(
            lines=lambda lines: [line.replace(b'"value":7.0', told) for line in lines]
        )
        report = ask(layout, server, world, ["1Shop"])
    assert report.quarantined.total() == 3
    assert not (layout.raw / "utxo").exists()


def test_a_spent_output_that_is_not_told_quarantines_its_transaction_whole(layout):
    world = simple(paying((0.29, "1Shop")))
    world.by_number[101]["inputs"][1]["prevoutValue"] = None
    with portal(world) as server:
        report = ask(layout, server, world, ["1Shop"])
    assert report.quarantined == {"inputs_missing": 2}


@pytest.mark.parametrize("lost", ["inputs", "outputs", "one output"])
def test_a_transaction_that_is_not_whole_is_refused(layout, lost):
    world = simple(paying((0.29, "1Shop"), (2.8, "1Pool")))

    def without(line: bytes) -> bytes:
        found = orjson.loads(line)
        if lost in found and found["header"]["number"] == 101:
            found.pop(lost)
        if lost == "one output" and "outputs" in found:
            found["outputs"] = [
                row for row in found["outputs"] if row["outputIndex"] != 0 or row["transactionIndex"] == 0
            ]
        return orjson.dumps(found) + b"\n"

    with portal(world) as server:
        server.turn = lambda n, query: Turn(lines=lambda lines: [without(line) for line in lines])
        with pytest.raises(WorkError, match="without all of its inputs and outputs"):
            ask(layout, server, world, ["1Shop"])
    assert not layout.raw.exists()


def test_an_address_is_compared_as_it_stands(layout):
    """Upper-case bech32 matches nothing there: what is asked for is in lower case, as the registry has it."""
    world = simple(paying((0.29, "bc1qshop")))
    with portal(world) as server:
        ask(layout, server, world, ["bc1qshop"])
        assert {
            tuple(item["scriptPubKeyAddress"]) for q in server.queries for item in q.get("outputs", ())
        } == {("bc1qshop",)}
    assert "bc1qshop" in entries(layout)["address"].to_list()


def test_blocks_whose_clocks_run_backwards_are_in_the_range(layout):
    """A block after the end by its number, and before it by its time."""
    late = block(102)
    late["time"] = block(101)["time"] - HOUR
    world = world_of(block(100), block(101), late, block(103))
    first = world.blocks[1]["header"]["timestamp"]
    with portal(world) as server:
        ingest_sqd(
            layout,
            chain="bitcoin",
            labelled=None,
            portal_url=server.url,
            from_time=dt.datetime.fromtimestamp(first, dt.UTC),
            to_time=dt.datetime.fromtimestamp(first + 1, dt.UTC),
            pace=QUICK,
            say=lambda _: None,
        )
    assert {100, 101, 102, 103} <= set(entries(layout, "blocks")["block_number"])
