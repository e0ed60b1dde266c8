"""The rows of a Portal are those that a node's JSON-RPC gives of the same blocks, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import polars as pl
import pytest
from evm.fake_chain import QUICK as QUICK_RPC
from evm.fake_chain import USDT, FakeChain, blocks_read, digest, person, stored, tree
from network.playing import playing
from sqd.portal_server import portal
from sqd.worlds import QUICK, fake_world, read

from inflows.layout import Layout
from inflows.raw.readings import ranges_read
from inflows.sources.evm import ingest_evm
from inflows.sources.evm_logs import TRANSFER_TOPIC
from inflows.sources.sqd import query


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def rows_of(layout: Layout) -> pl.DataFrame:
    """All transfers but for what they came by."""
    paths = sorted((layout.raw / "transfers").rglob("*.parquet"))
    frame = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    return frame.drop("source")


def test_everything_of_a_range_is_what_json_rpc_gives(layout, tmp_path):
    chain = FakeChain()
    with playing(chain) as node:
        other = Layout(tmp_path / "rpc")
        ingest_evm(other, chain="ethereum", rpc_urls=[node.url], from_block=3, to_block=38, pace=QUICK_RPC)
    world = fake_world(chain)
    with portal(world) as server:
        report = read(layout, server.url, world, 3, 38)
    assert stored(layout) == chain.truth(3, 38)
    assert rows_of(layout).equals(rows_of(other))
    assert blocks_read(layout) == list(range(3, 39))
    blocks, others = (
        pl.concat([pl.read_parquet(p) for p in sorted((of.raw / "blocks").rglob("*.parquet"))])
        for of in (layout, other)
    )
    assert blocks.equals(others)
    assert report.blocks_read == 36


def touching(rows: pl.DataFrame, wallets: list[str]) -> pl.DataFrame:
    return rows.filter(pl.col("from_address").is_in(wallets) | pl.col("to_address").is_in(wallets))


def ranges(layout: Layout) -> list[tuple[int, int, str]]:
    return [(found.first, found.last, found.kinds) for found in ranges_read(layout, "ethereum")]


WALLETS = sorted([person(5), person(6), person(9)])


def test_of_labelled_wallets_it_is_what_touches_them_and_a_transfer_between_two_comes_once(layout, tmp_path):
    chain = FakeChain()
    world = fake_world(chain)
    with portal(world) as server:
        whole = Layout(tmp_path / "whole")
        read(whole, server.url, world, 3, 38)
        report = read(layout, server.url, world, 3, 38, labelled=WALLETS)
    assert rows_of(layout).equals(touching(rows_of(whole), WALLETS))
    between = [row for row in stored(layout) if row[4] == person(5) and row[5] == person(6)]
    assert [row[2] for row in between] == ["native"]
    assert {row[2] for row in stored(layout)} == {"token", "native", "withdrawal"}
    assert ranges(layout) == [(3, 38, "native,token,withdrawal")]
    assert blocks_read(layout) == []
    assert "3 labelled addresses (partial)" in report.sentence()


def test_batches_chunks_pieces_and_threads_leave_no_trace(layout, tmp_path, monkeypatch):
    chain = FakeChain()
    with portal(fake_world(chain)) as server:
        read(layout, server.url, server.world, 3, 38, labelled=WALLETS)
    monkeypatch.setattr(query, "MOST_BYTES", query._SPARE_BYTES + 300)
    other = Layout(tmp_path / "other")
    world = fake_world(chain, chunk=7)
    pace = replace(QUICK, workers=4, piece_rows=6, commit_rows=10)
    with portal(world) as server:
        read(other, server.url, world, 3, 38, labelled=WALLETS, pace=pace)
        bodies = server.queries
    assert len({tuple(body["transactions"][0]["from"]) for body in bodies if body.get("transactions")}) == 3
    assert tree(other.raw) == tree(layout.raw)


def test_a_transaction_that_a_call_pulled_in_is_no_transfer_of_a_stranger(layout):
    """1 pays 2, which pays the wallet: that one received, and what 1 paid is nobody's business."""
    world = traced_world(
        [
            call([], person(1), person(2), 100),
            call([0], person(2), person(5), 40),
        ]
    )
    with portal(world) as server:
        read(layout, server.url, world, 1, 2, labelled=[person(5)], traces=True)
    assert [(row[2:]) for row in stored(layout)] == [("trace", 1, person(2), person(5), "40")]


def call(path, sender, receiver, value, *, kind="call", error=None, of=0):
    return {
        "transactionIndex": of,
        "traceAddress": path,
        "type": "call",
        "error": error,
        "action": {
            "from": sender,
            "to": receiver,
            "value": None if value is None else hex(value),
            "callType": kind,
        },
        "result": None,
    }


def create(path, sender, created, value, error=None):
    return {
        "transactionIndex": 0,
        "traceAddress": path,
        "type": "create",
        "error": error,
        "action": {"from": sender, "value": hex(value)},
        "result": None if error else {"address": created},
    }


def suicide(path, dying, heir, balance):
    return {
        "transactionIndex": 0,
        "traceAddress": path,
        "type": "suicide",
        "error": None,
        "action": {
            "address": dying,
            "refundAddress": heir,
            "balance": balance if balance is None else hex(balance),
        },
        "result": None,
    }


def traced_world(traces, *, status=1, value=100, to=None, **options):
    """Blocks 0 to 3, of which block 1 has one transaction with these traces."""
    world = fake_world(FakeChain(head=3, per_block=0), **options)
    world.by_number[1]["transactions"] = [
        {
            "transactionIndex": 0,
            "hash": digest("traced"),
            "from": person(1),
            "to": person(2) if to is None else to or None,
            "value": hex(value),
            "status": status,
            "contractAddress": None if to is None or to else person(5),
        }
    ]
    world.by_number[1]["traces"] = traces
    return world


TOP = call([], person(1), person(2), 100)
W = person(5)
CASES = {
    "a call": ([TOP, call([0], person(2), W, 7)], [("trace", 1, person(2), W, "7")]),
    "a creation": ([TOP, create([0], person(2), W, 7)], [("trace", 1, person(2), W, "7")]),
    "an inheritance": ([TOP, suicide([0], person(2), W, 7)], [("trace", 1, person(2), W, "7")]),
    "no value": ([TOP, call([0], person(2), W, 0)], []),
    "null for no value": ([TOP, call([0], person(2), W, None)], []),
    "a delegatecall repeats it": ([TOP, call([0], person(2), W, 7, kind="delegatecall")], []),
    "a callcode pays itself": ([TOP, call([0], person(2), W, 7, kind="callcode")], []),
    "a failed call": ([TOP, call([0], person(2), W, 7, error="out of gas")], []),
    "a failed creation": ([TOP, create([0], W, None, 7, error="out of gas")], []),
    "below a failed call": (
        [TOP, call([0], person(2), person(3), 1, error="Reverted"), call([0, 0], person(3), W, 7)],
        [],
    ),
    "below a failed transaction": (
        [call([], person(1), person(2), 100, error="Reverted"), call([0], person(2), W, 7)],
        [],
    ),
    "beside a failed call": (
        [TOP, call([0], person(2), W, 7), call([1], person(2), person(3), 1, error="Reverted")],
        [("trace", 1, person(2), W, "7")],
    ),
    "above 2^64 and 2^128": (
        [TOP, call([0], person(2), W, 2**64 + 1), call([1], person(2), W, 2**130 + 1)],
        [("trace", 1, person(2), W, str(2**64 + 1)), ("trace", 2, person(2), W, str(2**130 + 1))],
    ),
    "twelve levels and the eleventh child": (
        [TOP, call([10], person(2), person(3), 1), call([10, 11], person(3), W, 7)],
        [("trace", 11_012, person(3), W, "7")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_calls_move_value_or_do_not(layout, case):
    traces, expected = CASES[case]
    world = traced_world(traces, status=0 if "failed transaction" in case else 1)
    with portal(world) as server:
        report = read(layout, server.url, world, 1, 2, labelled=[W], traces=True)
    assert [row[2:] for row in stored(layout)] == expected
    assert not report.quarantined


def test_paths_deeper_and_wider_than_digits_hold_are_told_apart(layout):
    deep = [call([0] * depth, person(2), person(2), 1) for depth in range(1, 9)]
    wide = [call([place], person(2), W, 1000 + place) for place in (998, 999, 5000)]
    world = traced_world([TOP, *deep, call([0] * 9, person(2), W, 9), *wide])
    with portal(world) as server:
        read(layout, server.url, world, 1, 2, labelled=[W], traces=True)
    rows = stored(layout)
    assert sorted(row[6] for row in rows) == ["1998", "1999", "6000", "9"]
    assert len({row[3] for row in rows}) == 4


@pytest.mark.parametrize(
    "traces",
    [
        [call([0], person(2), W, 7)],  # nothing above it
        [TOP, call([0, 0], person(3), W, 7)],  # a level is left out
        [TOP, suicide([0], person(2), W, None)],  # an early geth's
        [TOP, create([0], W, None, 7)],  # of which no contract is told
    ],
)
def test_what_may_have_moved_or_not_is_quarantined(layout, traces):
    world = traced_world(traces)
    with portal(world) as server:
        report = read(layout, server.url, world, 1, 2, labelled=[W], traces=True)
    assert stored(layout) == []
    assert report.quarantined == {"trace_incomplete": 1}


@pytest.mark.parametrize(
    ("status", "error", "kept"),
    [(1, None, True), (0, "Reverted", False), (None, None, True), (None, "Reverted", False)],
)
def test_a_transaction_that_failed_moves_nothing_and_without_status_its_top_call_tells(
    layout, status, error, kept
):
    world = traced_world([call([], person(1), person(2), 100, error=error)], status=status)
    with portal(world) as server:
        report = read(layout, server.url, world, 1, 2, labelled=[person(2)], traces=True)
    assert [row[2:] for row in stored(layout)] == (
        [("native", 0, person(1), person(2), "100")] if kept else []
    )
    assert report.set_aside["failed"] == (0 if kept else 1)


def test_without_status_and_without_traces_it_is_quarantined(layout):
    world = traced_world([], status=None)
    with portal(world) as server:
        report = read(layout, server.url, world, 1, 2, labelled=[person(2)])
    assert stored(layout) == []
    assert report.quarantined == {"status_unknown": 1}


def test_a_creation_by_a_stranger_pays_the_labelled_contract(layout):
    """Only the trace of the top call finds it: a transaction that creates has no receiver to be asked for."""
    world = traced_world([create([], person(1), W, 100)], to="")
    with portal(world) as server:
        read(layout, server.url, world, 1, 2, labelled=[W], traces=True)
    assert [row[2:] for row in stored(layout)] == [("native", 0, person(1), W, "100")]


def log(place, topics, data="0x" + f"{5:064x}"):
    return {
        "logIndex": place,
        "transactionIndex": 0,
        "transactionHash": digest("traced"),
        "address": USDT,
        "topics": topics,
        "data": data,
    }


def word(address):
    return "0x" + address[2:].rjust(64, "0")


def test_tokens_are_told_from_nfts_and_from_what_is_malformed(layout):
    world = traced_world([])
    world.by_number[1]["logs"] = [
        log(0, [TRANSFER_TOPIC, word(person(1)), word(W)]),
        log(1, [TRANSFER_TOPIC, word(person(1)), word(W), word(person(3))]),
        log(2, [TRANSFER_TOPIC, word(person(1)), word(W)], "0x" + "1" * 62),
        log(3, [TRANSFER_TOPIC, word(W), "0x" + "f" * 64]),
        log(4, [TRANSFER_TOPIC], "0x" + word(person(1))[2:] + word(W)[2:] + f"{5:064x}"),
        log(5, ["0x" + "1" * 64, word(person(1)), word(W)]),
        log(6, [TRANSFER_TOPIC, word(person(1)), word(W)], "0x" + f"{2**256 - 1:064x}"),
        log(7, [TRANSFER_TOPIC, word(person(1)), word(W).upper().replace("0X", "0x")]),
    ]
    world.by_number[1]["logs"].reverse()  # the order within a block is nothing to be relied upon
    with portal(world) as server:
        report = read(layout, server.url, world, 1, 2, labelled=[W])
    assert [(row[2], row[3], row[6]) for row in stored(layout)] == [
        ("token", 0, "5"),
        ("token", 6, str(2**256 - 1)),
    ]
    assert report.set_aside["nft"] == 1
    assert report.quarantined == {"malformed_transfer_log": 2}


def test_what_was_read_for_other_wallets_is_not_asked_again_and_new_ones_get_their_history(layout, tmp_path):
    chain = FakeChain()
    world = fake_world(chain)
    with portal(world) as server:
        read(layout, server.url, world, 3, 20, labelled=WALLETS[:2])
        first = len(server.queries)
        report = read(layout, server.url, world, 3, 20, labelled=WALLETS[:2])
        assert [query for query in server.queries[first:] if query.get("logs")] == []
        assert (report.blocks_there, report.blocks_read) == (18, 0)
        read(layout, server.url, world, 3, 38, labelled=WALLETS)
        asked = {
            (query["fromBlock"] > 20, tuple(query["transactions"][0]["from"]))
            for query in server.queries[first:]
            if query.get("logs")
        }
        assert asked == {(False, (WALLETS[2],)), (True, tuple(WALLETS))}
        other = Layout(tmp_path / "other")
        read(other, server.url, world, 3, 38, labelled=WALLETS)
    assert rows_of(layout).equals(rows_of(other))


def test_everything_that_is_stored_is_not_asked_again(layout):
    world = fake_world()
    with portal(world) as server:
        read(layout, server.url, world, 3, 20)
        before, asked = tree(layout.raw), len(server.queries)
        report = read(layout, server.url, world, 3, 20)
        assert [query for query in server.queries[asked:] if query.get("logs")] == []
        assert (report.blocks_there, report.blocks_read, tree(layout.raw)) == (18, 0, before)
        read(layout, server.url, world, 3, 38)
    assert stored(layout) == FakeChain().truth(3, 38)


def test_the_queries_are_answered_with_all_that_they_need():
    """Fields are named one by one, else headers and rows are empty; addresses in topics are padded."""
    (asked, headers) = query.evm_queries([W], traces=True, withdrawals=True)
    body = orjson.loads(asked.body(1, 9, "0xab"))
    assert body["fields"]["block"].keys() >= {"number", "hash", "parentHash", "timestamp"}
    assert body["logs"][0]["topic1"] == ["0x" + "0" * 24 + W[2:]]
    assert "includeAllBlocks" not in body
    assert (body["fromBlock"], body["toBlock"], body["parentBlockHash"]) == (1, 9, "0xab")
    assert orjson.loads(headers.body(1, 9))["includeAllBlocks"] is True
    whole = orjson.loads(query.evm_queries(None, traces=True, withdrawals=True)[0].body(1, 9))
    assert whole["transactions"] == [{}]
    assert whole["fields"]["block"]["withdrawals"] is True


@pytest.mark.parametrize("traces", [False, True])
def test_requests_of_many_addresses_stay_below_the_limits(traces):
    addresses = sorted(person(n) for n in range(5_000))
    queries = query.evm_queries(addresses, traces=traces, withdrawals=False)
    bodies = [asked.body(10**9, 2 * 10**9, "0x" + "a" * 64) for asked in queries]
    assert max(len(body) for body in bodies) <= 262_144
    assert [a for asked in queries for a in asked.items["transactions"][0]["from"]] == addresses
    assert all(sum(len(items) for items in asked.items.values()) <= 100 for asked in queries)
    assert min(len(asked.items["transactions"][0]["from"]) for asked in queries[:-1]) > 500
