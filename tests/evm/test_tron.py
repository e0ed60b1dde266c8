"""Tron by its JSON-RPC: base58 outside, 20 bytes inside, and what its values are."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from evm.fake_chain import QUICK, FakeChain, person, stored
from hypothesis import given
from hypothesis import strategies as st
from network.playing import json_play, playing

from inflows.chains import CHAIN_IDS, EVM_ZERO, TRON_ZERO
from inflows.errors import UsageError
from inflows.http import AdaptiveSize, HttpClient, parse_endpoint
from inflows.layout import Layout
from inflows.sources.evm import ingest_evm
from inflows.sources.evm.client import Client
from inflows.sources.evm.nodes import Node
from inflows.sources.evm.tron import to_base58, to_hex

REAL = Path(__file__).parents[3] / "shared" / "realdata" / "tron_56804500"
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


def test_known_addresses_are_converted_both_ways():
    assert to_base58("0xa614f803b6fd780986a42c78ec9c7f77e6ded13c") == USDT
    assert to_base58("0x41a614f803b6fd780986a42c78ec9c7f77e6ded13c") == USDT
    assert to_hex(USDT) == "0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"
    assert to_base58(EVM_ZERO) == TRON_ZERO


@given(st.binary(min_size=20, max_size=20))
def test_every_address_survives_the_way_there_and_back(raw):
    address = to_base58("0x" + raw.hex())
    assert len(address) == 34
    assert address[0] == "T"
    assert to_hex(address) == "0x" + raw.hex()


@pytest.mark.parametrize(
    "wrong", [USDT[:-1] + "u", USDT[1:], "0" * 34, "", USDT + "1", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"]
)
def test_what_is_no_tron_address_is_refused(wrong):
    with pytest.raises(UsageError, match="no Tron address"):
        to_hex(wrong)


class Tron(FakeChain):
    """A chain as java-tron serves it: no blooms, no withdrawals, no block receipts, no finalized tag."""

    def __init__(self, types: str = "TransferContract", **options) -> None:
        super().__init__(chain_id=CHAIN_IDS["tron"], head=60, **options)
        self.types = types
        self.methods -= {"eth_getBlockReceipts"}
        self.before = lambda m, p: (
            {"error": {"code": -32602, "message": "TAG finalized not supported"}}
            if p[:1] == ["finalized"]
            else None
        )

    def block(self, number, full):
        found = super().block(number, full)
        if found:
            del found["withdrawals"]
            found["logsBloom"] = "0x" + "00" * 256
        return found

    def __call__(self, asked):
        if asked.path == "/wallet/getblockbynum":
            number = asked.json()["num"]
            types = [{"txID": tx["hash"][2:], "raw_data": {"contract": [{"type": self.types}]}}
                     for tx in self.transactions(number)]  # fmt: skip
            return json_play({"blockID": self.hash_of(number)[2:], "transactions": types})
        return super().__call__(asked)


def in_base58(rows):
    return [
        (row[0], row[1].removeprefix("0x"), *row[2:4], to_base58(row[4]), to_base58(row[5]), row[6])
        for row in rows
        if row[2] != "withdrawal"
    ]


def read(layout, chain, path, **options):
    with playing(chain) as stage:
        return ingest_evm(layout, chain="tron", rpc_urls=[stage.url + path], from_block=1, to_block=40,
                          pace=QUICK, **options)  # fmt: skip


def test_tron_is_read_in_base58_up_to_its_solid_block(tmp_path):
    layout, chain = Layout(tmp_path), Tron()
    report = read(layout, chain, "/jsonrpc")
    assert stored(layout) == sorted(in_base58(chain.truth(1, 40)))
    assert report.warnings == []
    contracts = {row["contract"] for path in (layout.raw / "transfers").rglob("*.parquet")
                 for row in pl.read_parquet(path).to_dicts()}  # fmt: skip
    assert contracts == {"", to_base58("0xdac17f958d2ee523a2206206994597c13d831ec7")}


def test_votes_and_other_tokens_are_no_trx(tmp_path):
    layout = Layout(tmp_path)
    for types in ("VoteWitnessContract", "TransferAssetContract"):
        report = read(Layout(tmp_path / types), Tron(types), "/jsonrpc")
        assert report.set_aside["no_transfer"] == 40
        assert {row[2] for row in stored(Layout(tmp_path / types))} == {"token"}
    read(layout, Tron("TriggerSmartContract"), "/jsonrpc")
    assert len([row for row in stored(layout) if row[2] == "native"]) == 40


def test_where_types_cannot_be_told_the_run_says_so(tmp_path):
    layout, chain = Layout(tmp_path), Tron("VoteWitnessContract")
    report = read(layout, chain, "/")
    assert stored(layout) == sorted(in_base58(chain.truth(1, 40)))
    assert any("votes" in warning for warning in report.warnings)


def test_labelled_tron_addresses_are_asked_for_as_topics(tmp_path):
    layout, chain = Layout(tmp_path), Tron()
    read(layout, chain, "/jsonrpc", only_labelled=[to_base58(person(11))])
    assert [row[4] for row in stored(layout)] == [to_base58(person(11))]


def test_a_node_without_blooms_starts_with_no_types_tried():
    with HttpClient() as http:
        node = Node(Client(http, parse_endpoint("http://127.0.0.1:1/jsonrpc")), AdaptiveSize(1, 1))
    assert node.contract_types is None


@pytest.mark.skipif(not REAL.exists(), reason="recorded Tron blocks are not beside the project")
def test_recorded_tron_blocks_are_stored_with_their_hashes_parents_and_times(tmp_path):
    def unpack(text):
        return "0x" + base64.b64decode(text).hex()

    blocks = {b["blockId"]: b for b in map(json.loads, (REAL / "blocks.jsonl").open(encoding="utf-8"))}
    traces = [
        t for t in map(json.loads, (REAL / "traces.jsonl").open(encoding="utf-8")) if t["transfertoAddress"]
    ]

    class Recorded(Tron):
        """The recorded headers; each recorded internal transaction is told as a transfer of USDT."""

        def hash_of(self, number):
            return unpack(blocks[number]["blockHash"])

        def transactions(self, number):
            hashes = dict.fromkeys(t["txHash"] for t in traces if t["blockId"] == number)
            return [{"hash": unpack(h), "from": person(1), "to": person(2), "value": "0x0"} for h in hashes]

        def logs(self, number):
            sides = ("callerAddress", "transfertoAddress")
            return [
                {
                    "address": to_hex(USDT),
                    "topics": ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                               *("0x" + unpack(t[side])[2:].rjust(64, "0") for side in sides)],
                    "data": f"0x{value(t):064x}",
                    "blockNumber": hex(number),
                    "blockHash": self.hash_of(number),
                    "transactionHash": unpack(t["txHash"]),
                    "logIndex": hex(place),
                }
                for place, t in enumerate([t for t in traces if t["blockId"] == number])
            ]  # fmt: skip

        def block(self, number, full):
            return super().block(number, full) and {
                "number": hex(number),
                "hash": self.hash_of(number),
                "parentHash": unpack(blocks[number]["parentHash"]),
                "timestamp": hex(blocks[number]["timestamp"]),
                "logsBloom": unpack(blocks[number]["logsBloom"]),
                "transactions": self.transactions(number),
            }

    first, last = 56_804_980, 56_805_100
    chain = Recorded()
    chain.head = 56_805_200
    layout = Layout(tmp_path)
    with playing(chain) as stage:
        ingest_evm(layout, chain="tron", rpc_urls=[stage.url], from_block=first, to_block=last, pace=QUICK)
    found = pl.read_parquet(layout.raw_partition("blocks", "tron", "2023-11-27"), hive_partitioning=False)
    assert found["block_hash"].to_list() == [unpack(blocks[n]["blockHash"]) for n in range(first, last + 1)]
    assert found["block_time"].dt.epoch("s").to_list() == [
        blocks[n]["timestamp"] for n in range(first, last + 1)
    ]
    rows = stored(layout)
    wanted = [t for t in traces if first <= t["blockId"] <= last]
    assert len(rows) == len(wanted) > 100
    assert sum(int(row[6]) for row in rows) == sum(map(value, wanted))
    for row in rows[:50]:  # the checksum, worked out once more
        assert valid(row[4])
        assert valid(row[5])


def value(trace) -> int:
    """The recorded value; the recording wrapped it at 32 bits."""
    return (trace["callValue"] or 0) % 2**32


def valid(address: str) -> bool:
    number = 0
    for character in address:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(character)
    raw = number.to_bytes(25, "big")
    return raw[0] == 0x41 and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]
