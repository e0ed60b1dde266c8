"""Answers that real nodes gave: decoded, and read into the store as the same blocks' files are."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from evm.fake_chain import QUICK
from network.playing import json_play, playing

from inflows.layout import Layout
from inflows.sources import ingest_files
from inflows.sources.evm import ingest_evm
from inflows.sources.evm.blocks import Header, header_of
from inflows.sources.evm.decode import internals, natives, tokens
from inflows.sources.evm.logs import NO_LOGS, TRANSFER_BLOOM, doubtful_blocks, read_logs
from inflows.sources.evm.traces import SOURCES, read_call_tracer, read_trace_block

REAL = Path(__file__).parents[3] / "shared" / "realdata"
ANSWERS = REAL / "eth_rpc_responses"
MAINNET = REAL / "eth_mainnet_17173049"
needs_answers = pytest.mark.skipif(not ANSWERS.exists(), reason="recorded answers are not beside the project")
needs_mainnet = pytest.mark.skipif(not MAINNET.exists(), reason="recorded blocks are not beside the project")


def result(*parts: str):
    found = sorted((ANSWERS.joinpath(*parts[:-1])).glob(parts[-1]))
    return json.loads(found[0].read_text(encoding="utf-8"))["result"]


def header(number: int, block_hash: str = "", transactions: frozenset[str] | None = None) -> Header:
    return Header(number, block_hash, "", 1_450_000_000, 0, transactions)


def expected(job: str, case: str) -> list[dict[str, str]]:
    """The reference decoding of a case."""
    text = (ANSWERS / job / case / "expected_traces.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


CASES = ("block_with_create", "block_with_error", "block_with_subtraces", "block_with_suicide")


def transfers_of(rows: list[dict[str, str]]) -> list[tuple[str, str, str, int]]:
    """Our rule in the reference's terms: what is below the transaction, moves a value, and did not fail."""
    return [
        (row["transaction_hash"], row["from_address"], row["to_address"], int(row["value"]))
        for row in rows
        if row["trace_address"] != ""
        and int(row["value"] or 0)
        and row["status"] == "1"
        and (row["trace_type"] != "call" or row["call_type"] == "call")
    ]


@needs_answers
@pytest.mark.parametrize("case", CASES)
def test_trace_block_gives_the_moves_of_the_reference_but_those_that_move_nothing(case):
    found = result("test_export_traces_job", case, "web3_response.trace_block_*.json")
    traced = read_trace_block(found, header(0, found[0]["blockHash"]), "node")
    reference = expected("test_export_traces_job", case)
    assert [(m.tx_hash, m.sender, m.receiver, m.amount) for m in traced.moves] == transfers_of(reference)
    top = [row for row in reference if row["trace_address"] == "" and row["trace_type"] != "reward"]
    assert traced.outcomes == {row["transaction_hash"]: row["status"] == "1" for row in top}


@needs_answers
def test_a_selfdestruct_pays_the_heir_and_a_callcode_pays_nobody():
    found = result("test_export_traces_job", "block_with_suicide", "web3_response.trace_block_*.json")
    (move,) = read_trace_block(found, header(0, found[0]["blockHash"]), "node").moves
    assert (move.amount, move.position) == (50_000_000_000_000_000, 1)
    assert move.receiver == "0x83973747eec131bf9a08ac64fb1a518e891bdf4b"
    found = result("test_export_traces_job", "block_with_subtraces", "web3_response.trace_block_*.json")
    assert found[1]["action"]["callType"] == "callcode"
    assert int(found[1]["action"]["value"], 16) == 100 * 10**18
    assert read_trace_block(found, header(0, found[0]["blockHash"]), "node").moves == ()


@needs_answers
@pytest.mark.parametrize("case", CASES)
def test_both_forms_of_traces_agree_on_what_moved_and_what_failed(case):
    flat = result("test_export_traces_job", case, "web3_response.trace_block_*.json")
    order = [item["transactionHash"] for item in flat if not item["traceAddress"] and item["transactionHash"]]
    tree = result("test_extract_geth_traces_job", case, "web3_response.debug_trace*.json")
    by_flat = read_trace_block(flat, header(0, flat[0]["blockHash"]), "node")
    by_tree = read_call_tracer(tree, header(0), order, "node")
    assert by_flat.outcomes == by_tree.outcomes
    if case == "block_with_suicide":
        # This geth told neither heir nor amount of a selfdestruct: quarantined, not dropped.
        (move,) = by_tree.moves
        assert (move.amount, move.position) == (None, by_flat.moves[0].position)
        rows = internals("ethereum", [(header(1011973), move)], SOURCES["debug_traceBlockByNumber"])
        assert rows["reason"].to_list() == ["trace_incomplete"]
    else:
        assert by_flat.moves == by_tree.moves


@needs_answers
@pytest.mark.parametrize("name", ["0xb872", "0xb873"])
def test_early_transactions_without_a_status_are_not_believed_unless_traces_tell(name):
    job = ("test_export_blocks_job", "blocks_with_transactions")
    block = result(*job, f"web3_response.eth_getBlockByNumber_{name}_true.json")
    head = header_of(block, int(name, 16), "node")
    receipts = {tx["hash"]: {"transactionHash": tx["hash"], "root": "0x"} for tx in block["transactions"]}
    unknown = natives("ethereum", [(head, block)], receipts, {})
    assert set(unknown["reason"]) == {"status_unknown"}
    told = natives("ethereum", [(head, block)], receipts, dict.fromkeys(receipts, True))
    assert told["reason"].null_count() == told.height == len(receipts)
    assert sum(map(int, told["amount_raw"])) == sum(int(tx["value"], 16) for tx in block["transactions"])


@needs_answers
def test_a_real_answer_of_logs_is_decoded():
    logs = result(
        "test_export_token_transfers_job", "block_with_transfers", "web3_response.eth_getFilterLogs*"
    )
    number = int(logs[0]["blockNumber"], 16)
    logs = read_logs(json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}).encode())
    block = result("test_export_blocks_job", "block_with_logs", "web3_response.*_0x76250_true.json")
    head = header_of(block, number, "node")
    assert head.bloom & TRANSFER_BLOOM == TRANSFER_BLOOM
    assert doubtful_blocks(NO_LOGS, {number: head}) == [number]
    rows = tokens("ethereum", logs, {number: head})
    assert rows["amount_raw"].to_list() == ["100000", "200000"]
    assert rows["reason"].null_count() == 2


class Mainnet:
    """Two blocks of Ethereum, served as a node would."""

    def __init__(self) -> None:
        def lines(name: str):
            return [json.loads(line) for line in (MAINNET / name).open(encoding="utf-8")]

        csv.field_size_limit(10**9)
        self.blocks = {
            int(row["number"]): row for row in csv.DictReader((MAINNET / "blocks.csv").open(encoding="utf-8"))
        }
        self.transactions, self.logs = lines("transactions.jsonl"), lines("logs.jsonl")

    def __call__(self, asked):
        calls = asked.json()
        items = [
            {"jsonrpc": "2.0", "id": call["id"], "result": self.result(call["method"], call["params"])}
            for call in (calls if isinstance(calls, list) else [calls])
        ]
        return json_play(items if isinstance(calls, list) else items[0])

    def result(self, method, params):
        if method == "eth_chainId":
            return "0x1"
        if method == "eth_blockNumber":
            return hex(max(self.blocks))
        if method == "eth_getBlockByNumber":
            return self.block(max(self.blocks) if params[0] == "finalized" else int(params[0], 16))
        if method == "eth_getBlockReceipts":
            return [self.receipt(tx) for tx in self.of(self.transactions, int(params[0], 16))]
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        (topic,) = params[0]["topics"]
        found = [log for number in range(first, last + 1) for log in self.of(self.logs, number)]
        return [self.log(log) for log in found if topic in log["topics"][:1]]

    @staticmethod
    def of(rows, number):
        return [row for row in rows if row["block_number"] == number]

    def block(self, number):
        row = self.blocks.get(number)
        return row and {
            "number": hex(number),
            "hash": row["hash"],
            "parentHash": row["parent_hash"],
            "timestamp": hex(int(row["timestamp"])),
            "logsBloom": row["logs_bloom"],
            "withdrawals": [
                {"index": hex(w["index"]), "address": w["address"], "amount": hex(w["amount"])}
                for w in json.loads("[" + row["withdrawals"] + "]")
            ],
            "transactions": [
                {
                    "hash": tx["hash"],
                    "from": tx["from_address"],
                    "to": tx["to_address"],
                    "value": hex(tx["value"]),
                }
                for tx in self.of(self.transactions, number)
            ],
        }

    def receipt(self, tx):
        return {
            "transactionHash": tx["hash"],
            "blockHash": tx["block_hash"],
            "status": hex(tx["receipt_status"]),
            "contractAddress": tx["receipt_contract_address"],
            "logs": [self.log(log) for log in self.logs if log["transaction_hash"] == tx["hash"]],
        }

    @staticmethod
    def log(log):
        return {
            "address": log["address"],
            "topics": log["topics"],
            "data": log["data"],
            "blockNumber": hex(log["block_number"]),
            "blockHash": log["block_hash"],
            "transactionHash": log["transaction_hash"],
            "logIndex": hex(log["log_index"]),
            "removed": False,
        }


def rows_of(layout: Layout, dataset: str) -> pl.DataFrame:
    paths = sorted((layout.raw / dataset).rglob("*.parquet"))
    found = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    return found.drop("source", strict=False)


@needs_mainnet
def test_real_blocks_by_rpc_and_by_files_give_the_same_store(tmp_path):
    by_rpc, by_files = Layout(tmp_path / "rpc"), Layout(tmp_path / "files")
    with playing(Mainnet()) as stage:
        report = ingest_evm(by_rpc, chain="ethereum", rpc_urls=[stage.url], from_block=17173049,
                            to_block=17173050, pace=QUICK)  # fmt: skip
    paths = [MAINNET / name for name in ("blocks.csv", "transactions.jsonl", "logs.jsonl")]
    filed = ingest_files(by_files, paths, "ethereum-etl", chain="ethereum")
    assert rows_of(by_rpc, "transfers").equals(rows_of(by_files, "transfers"))
    assert rows_of(by_rpc, "blocks").equals(rows_of(by_files, "blocks"))
    assert report.rows_new == filed.rows_new
    assert report.quarantined == filed.quarantined
    for reason in ("failed", "nft", "zero_value"):
        assert report.set_aside[reason] == filed.set_aside[reason]
