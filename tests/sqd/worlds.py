"""Chains for the Portal that plays: made of what a node answers by JSON-RPC, so that both say the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from evm.fake_chain import FakeChain
from sqd.portal_server import World

from inflows.http import Patience
from inflows.layout import Layout
from inflows.sources.sqd import SqdPace, SqdReport, ingest_sqd

QUICK = SqdPace(
    workers=2,
    requests=10_000,
    unasked_seconds=0.05,
    silent_seconds=1.0,
    patience=Patience(attempts=4, first_seconds=0.01, longest_seconds=0.02),
)
Call = Callable[..., Any]


def world_of_rpc(call: Call, first: int, last: int, *, traces: bool = False, **options: Any) -> World:
    """Blocks of a node as the Portal gives them."""
    blocks = []
    for number in range(first, last + 1):
        block = call("eth_getBlockByNumber", hex(number), True)
        receipts = call("eth_getBlockReceipts", hex(number)) or []
        traced = call("trace_block", hex(number)) if traces and block["transactions"] else []
        blocks.append(portal_block(block, receipts, traced))
    return World("ethereum-mainnet", "evm", blocks, **{"start": first} | options)


def portal_block(block: dict[str, Any], receipts: list[Any], traces: list[Any]) -> dict[str, Any]:
    """One block, from JSON-RPC's form into the Portal's."""
    by_hash = {receipt["transactionHash"]: receipt for receipt in receipts}
    place_of = {tx["hash"]: place for place, tx in enumerate(block["transactions"])}
    found: dict[str, Any] = {
        "header": {
            "number": int(block["number"], 16),
            "hash": block["hash"],
            "parentHash": block["parentHash"],
            "timestamp": int(block["timestamp"], 16),
            "withdrawals": block.get("withdrawals") or [],
        },
        "transactions": [
            {
                "transactionIndex": place,
                "hash": tx["hash"],
                "from": tx["from"],
                "to": tx.get("to"),
                "value": tx["value"],
                "status": _number(by_hash.get(tx["hash"], {}).get("status")),
                "contractAddress": by_hash.get(tx["hash"], {}).get("contractAddress"),
                "type": 2,
                "nonce": 2**60,
            }
            for place, tx in enumerate(block["transactions"])
        ],
        "logs": [
            {
                "logIndex": int(log["logIndex"], 16),
                "transactionIndex": place_of[log["transactionHash"]],
                "transactionHash": log["transactionHash"],
                "address": log["address"],
                "topics": log["topics"],
                "data": log["data"],
            }
            for receipt in receipts
            for log in receipt["logs"]
        ],
        "traces": [
            {
                "transactionIndex": place_of[item["transactionHash"]],
                "traceAddress": item["traceAddress"],
                "type": item["type"],
                "subtraces": item.get("subtraces", 0),
                "error": item.get("error"),
                "action": item["action"],
                "result": item.get("result") or {"address": None},
            }
            for item in traces
            if item.get("transactionHash")
        ],
    }
    return {name: rows for name, rows in found.items() if rows}


def fake_world(chain: FakeChain | None = None, **options: Any) -> World:
    """The small chain of the JSON-RPC tests, from block 0 to its head."""
    chain = chain or FakeChain()
    return world_of_rpc(lambda method, *params: chain.answer(method, list(params)), 0, chain.head, **options)


def at(world: World, number: int) -> dt.datetime:
    """The time of a block."""
    return dt.datetime.fromtimestamp(world.by_number[number]["header"]["timestamp"], dt.UTC)


def read(layout: Layout, url: str, world: World, first: int, last: int, **options: Any) -> SqdReport:
    """Read blocks `first` to `last` (below the head) of a world."""
    options = {
        "chain": "ethereum",
        "labelled": None,
        "traces": False,
        "pace": QUICK,
        "say": lambda _: None,
    } | options
    return ingest_sqd(
        layout, portal_url=url, from_time=at(world, first), to_time=at(world, last + 1), **options
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text, 16)
