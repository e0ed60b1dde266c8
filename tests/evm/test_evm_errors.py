"""What JSON-RPC errors mean: each message of each provider, code and message together."""

from __future__ import annotations

import pytest

from inflows.errors import BadAnswer, KeyRefused, RateLimited
from inflows.sources.evm.rpc_errors import Fault, RpcError, asked_wait, classify, suggested_size

SPLITS = [
    ("infura results", 200, -32005,
     "query returned more than 10000 results. Try with this block range [0x64, 0x81].", 30),
    ("infura range", 200, -32602, "range 1000000 exceeds limit of 10000", 10_000),
    ("alchemy size", 200, -32602,
     "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit "
     "on the response size, or you can request any block range with a cap of 10K logs in the response. Based "
     "on your parameters and the response size limit, this block range should work: [0x64, 0x6e]", 11),
    ("alchemy without a hint", 200, -32602, "Log response size exceeded. Use up to a 2K block range.", 2_000),
    ("alchemy free", 400, -32600,
     "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your "
     "parameters, this block range should work: [0x64, 0x6d].", 10),
    ("alchemy timeout", 200, -32000,
     "Query timeout exceeded. Consider reducing your block range. Based on your parameters and the response "
     "size limit, this block range should work: [0x64, 0xc8]", 101),
    ("ankr", 200, -32600, "block range is too wide", None),
    ("quicknode range", 200, -32614, "eth_getLogs is limited to a 10,000 range", 10_000),
    ("quicknode 413", 413, 0, "content too large", None),
    ("reth range", 200, -32602, "query exceeds max block range 100000", 100_000),
    ("reth results", 200, -32602, "query exceeds max results 20000, retry with the range 100-200", 101),
    ("erigon range", 200, -32000, "query block range exceeds server limit, narrow your filter: 5000", 5_000),
    ("erigon logs", 200, -32000, "query returns too many logs, narrow your filter", None),
    ("others 1", 200, -32000, "Max range: 2000", 2_000),
    ("others 2", 200, -32000, "maximum block range: 1,000", 1_000),
    ("others 3", 200, -32005, "Block range limit exceeded.", None),
    ("others 4", 200, -32000, "backend response too large", None),
    ("java-tron", 200, -32602, "exceed max block range: 5000", 5_000),
    ("java-tron results", 200, -32005, "query returned more than 10000 results", None),
    ("scroll", 200, -32000, "block range is bigger than maxBlockRange", None),
]  # fmt: skip
WAITS = [
    ("infura 429", 429, -32005, "Too Many Requests", None, None),
    ("infura rate", 200, -32005, "project ID request rate exceeded: exceeded project rate limit",
     {"rate": {"backoff_seconds": 30, "allowed_rps": 13.3}}, 30),
    ("infura daily", 200, -32005, "daily request count exceeded, request rate limited", None, None),
    ("quicknode", 200, -32007, "50/second request limit reached - reduce calls per second", None, None),
    ("therpc", 200, -32029, "Too many requests", None, None),
    ("base", 200, -32016, "over rate limit", None, None),
    ("no backend", 200, -32011, "no backend is currently healthy to serve traffic", None, None),
    ("alchemy", 200, 429, "Your app has exceeded its compute units per second capacity.", None, None),
    ("in words", 200, -32000, "rate limit reached, retry in 1.5s", None, 1.5),
    ("in milliseconds", 200, -32000, "rate limited, try again in 250ms", None, 0.25),
    ("rate before range", 200, -32005, "rate limit exceeded for this block range", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("server", "status", "code", "message", "size"), SPLITS, ids=[s[0] for s in SPLITS])
def test_a_range_that_is_too_large_is_split_where_the_server_says_if_it_says(
    server, status, code, message, size
):
    told = RpcError(code, message, status=status)
    assert classify(told, "eth_getLogs") is Fault.SPLIT
    assert suggested_size(message, 100, 1_000_099) == size


@pytest.mark.parametrize(
    ("server", "status", "code", "message", "data", "seconds"), WAITS, ids=[w[0] for w in WAITS]
)
def test_a_rate_limit_waits_whatever_its_status(server, status, code, message, data, seconds):
    told = RpcError(code, message, data, status)
    assert classify(told, "eth_getLogs") is Fault.WAIT
    assert asked_wait(told) == seconds


@pytest.mark.parametrize(
    ("code", "message", "method", "fault"),
    [
        (-32602, "block range extends beyond current head block", "eth_getLogs", Fault.BEYOND_HEAD),
        (-32602, "block range extends beyond current head block: requested 21000100, head 21000000",
         "eth_getLogs", Fault.BEYOND_HEAD),
        (-32602, "invalid block range params", "eth_getLogs", Fault.BEYOND_HEAD),
        (-32000, "header not found", "eth_getBlockReceipts", Fault.BEYOND_HEAD),
        (-32000, "One of the blocks specified in filter (fromBlock, toBlock) is after last accepted block",
         "eth_getLogs", Fault.BEYOND_HEAD),
        (-32000, "App is inactive", "eth_getLogs", Fault.REFUSED),
        (-32000, "invalid api key", "eth_chainId", Fault.REFUSED),
        (-32601, "the method trace_block does not exist/is not available", "trace_block", Fault.UNSUPPORTED),
        (-32600, "trace_block is not available on the Free tier", "trace_block", Fault.UNSUPPORTED),
        (-32000, "missing trie node 0a1b (path ) state is not available", "trace_block", Fault.PRUNED),
        (4444, "pruned history unavailable", "eth_getLogs", Fault.PRUNED),
        (-32600, "batch limit 100 exceeded", "eth_getBlockByNumber", Fault.SMALLER_BATCH),
        (-32000, "too many requests in batch", "eth_getBlockByNumber", Fault.SMALLER_BATCH),
        (-32000, "execution timed out", "trace_block", Fault.RETRY),
        (-32000, "request timed out", "eth_getLogs", Fault.SPLIT),
        (-32603, "Internal error", "eth_getLogs", Fault.RETRY),
        (-32602, "invalid argument 0: hex string", "eth_getLogs", Fault.FATAL),
        (-32000, "execution reverted", "eth_call", Fault.FATAL),
        (3, "execution reverted: paused", "eth_call", Fault.FATAL),
        (-32015, "VM execution error.", "eth_call", Fault.FATAL),
    ],
)  # fmt: skip
def test_other_errors_mean_what_they_say(code, message, method, fault):
    assert classify(RpcError(code, message), method) is fault


@pytest.mark.parametrize(
    "message",
    [
        "query exceeds max results 20000, retry with the range 100-199",
        "this block range should work: [0x64, 0xc7]",
        "this block range should work: [0x64, 0xffff]",
        "this block range should work: [0x0, 0x70]",
        "this block range should work: [0x64, 0x10]",
        "exceeds limit of 100",
        "Max range: 0",
        "Max range: 100000",
    ],
)
def test_a_suggestion_that_is_not_strictly_smaller_and_from_the_start_is_none(message):
    assert suggested_size(message, 100, 199) is None


def test_the_errors_of_the_door_are_those_of_the_project():
    for kind in (BadAnswer, KeyRefused, RateLimited):
        assert kind("x").exit_code == 1
