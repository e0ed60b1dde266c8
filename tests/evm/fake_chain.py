"""A small chain in memory that answers JSON-RPC as a node does, or as badly as a test wants it to."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from network.playing import Asked, Play, json_play

from inflows.http import Patience
from inflows.layout import Layout
from inflows.sources.evm import Pace
from inflows.sources.evm.logs import TRANSFER_BLOOM
from inflows.sources.evm_logs import TRANSFER_TOPIC

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
START = int(dt.datetime(2024, 6, 30, 23, 50, tzinfo=dt.UTC).timestamp())
QUICK = Pace(
    workers=2,
    aside_seconds=0.02,
    poll_seconds=0.02,
    patience=Patience(first_seconds=0.01, longest_seconds=0.02),
)


def digest(*parts: object) -> str:
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


def person(number: int) -> str:
    return "0x" + hashlib.sha256(f"person {number}".encode()).hexdigest()[:40]


def error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    """An error item in place of a result."""
    return {"error": {"code": code, "message": message} | ({} if data is None else {"data": data})}


@dataclass
class FakeChain:
    """Blocks 0 to `head`; block n has `per_block` transactions: a token transfer, then one with value."""

    head: int = 40
    per_block: int = 2
    chain_id: int = 1
    finalized: int | None = None
    """None: the head."""
    fork: tuple[int, str] = (10**9, "")
    """Blocks from this number on have other hashes."""
    quiet: frozenset[int] = frozenset()
    """Blocks without transactions."""
    methods: frozenset[str] = frozenset(
        {"eth_chainId", "eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs", "eth_getBlockReceipts",
         "eth_getTransactionReceipt"}
    )  # fmt: skip
    before: Callable[[str, list[Any]], Any] | None = None
    """Answers a call instead of the chain: a dict with `error`, or anything but None as the result."""
    whole: Callable[[Asked, Any], Play | None] | None = None
    """Answers a request instead of the chain; is given the answer that there would be."""
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)

    def hash_of(self, number: int) -> str:
        return digest("block", number, self.fork[1] if number >= self.fork[0] else "")

    def transactions(self, number: int) -> list[dict[str, Any]]:
        """The transactions of a block, as full objects."""
        count = 0 if number in self.quiet or number == 0 else self.per_block
        mark = self.fork[1] if number >= self.fork[0] else ""
        return [
            {
                "hash": digest("tx", number, place, mark),
                "blockHash": self.hash_of(number),
                "blockNumber": hex(number),
                "transactionIndex": hex(place),
                "from": person(number),
                "to": USDT if place % 2 == 0 else person(number + 1),
                "value": "0x0" if place % 2 == 0 else hex(10**18 + number),
            }
            for place in range(count)
        ]

    def logs(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "address": USDT,
                "topics": [TRANSFER_TOPIC, *("0x" + p[2:].rjust(64, "0") for p in (tx["from"], person(7)))],
                "data": "0x" + f"{number * 1000 + place:064x}",
                "blockNumber": hex(number),
                "blockHash": self.hash_of(number),
                "transactionHash": tx["hash"],
                "transactionIndex": hex(place),
                "logIndex": hex(place),
                "removed": False,
            }
            for place, tx in enumerate(self.transactions(number))
            if tx["to"] == USDT
        ]

    def block(self, number: int, full: bool) -> dict[str, Any] | None:
        if number > self.head:
            return None
        found = self.transactions(number)
        return {
            "number": hex(number),
            "hash": self.hash_of(number),
            "parentHash": self.hash_of(number - 1),
            "timestamp": hex(START + 60 * number),
            "logsBloom": f"0x{TRANSFER_BLOOM if self.logs(number) else 0:0512x}",
            "transactions": found if full else [tx["hash"] for tx in found],
            "withdrawals": [
                {
                    "index": hex(number),
                    "validatorIndex": "0x1",
                    "address": person(9),
                    "amount": hex(17 + number),
                }
            ],
        }

    def receipts(self, number: int) -> list[dict[str, Any]]:
        by_tx = {log["transactionHash"]: log for log in self.logs(number)}
        return [
            {
                "transactionHash": tx["hash"],
                "blockHash": self.hash_of(number),
                "blockNumber": hex(number),
                "status": "0x1",
                "contractAddress": None,
                "logs": [by_tx[tx["hash"]]] if tx["hash"] in by_tx else [],
                "logsBloom": f"0x{TRANSFER_BLOOM if tx['hash'] in by_tx else 0:0512x}",
            }
            for tx in self.transactions(number)
        ]

    def answer(self, method: str, params: list[Any]) -> Any:
        """The result of a call, or a dict with `error`."""
        self.calls.append((method, params))
        if self.before is not None and (instead := self.before(method, params)) is not None:
            return instead
        if method not in self.methods:
            return error(-32601, f"the method {method} does not exist/is not available")
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_blockNumber":
            return hex(self.head)
        if method == "eth_getBlockByNumber":
            if params[0] == "finalized":
                return self.block(self.head if self.finalized is None else self.finalized, False)
            return self.block(int(params[0], 16), params[1])
        if method == "eth_getBlockReceipts":
            return self.receipts(int(params[0], 16))
        if method == "eth_getTransactionReceipt":
            return next(
                (
                    r
                    for n in range(self.head + 1)
                    for r in self.receipts(n)
                    if r["transactionHash"] == params[0]
                ),
                None,
            )
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        if last > self.head:
            return error(-32602, "block range extends beyond current head block")
        wanted = params[0]["topics"]
        return [
            log
            for number in range(first, last + 1)
            for log in self.logs(number)
            if all(want is None or log["topics"][place] == want or log["topics"][place] in want
                   for place, want in enumerate(wanted))
        ]  # fmt: skip

    def __call__(self, asked: Asked) -> Play:
        """The answer to a request: a call or a batch."""
        body = asked.json()
        items = []
        for call in body if isinstance(body, list) else [body]:
            found = self.answer(call["method"], call["params"])
            inner = found if isinstance(found, dict) and "error" in found else {"result": found}
            items.append({"jsonrpc": "2.0", "id": call["id"], **inner})
        answer = items if isinstance(body, list) else items[0]
        if self.whole is not None and (play := self.whole(asked, answer)) is not None:
            return play
        return json_play(answer)

    def truth(self, first: int, last: int) -> list[tuple[Any, ...]]:
        """What the store must hold of blocks: number, hash, kind, position, from, to, amount."""
        rows = []
        for number in range(first, last + 1):
            rows.append(
                (number, "", "withdrawal", number, "0x" + "0" * 40, person(9), str((17 + number) * 10**9))
            )
            for place, tx in enumerate(self.transactions(number)):
                if tx["to"] == USDT:
                    rows.append((number, tx["hash"], "token", place, tx["from"], person(7),
                                 str(number * 1000 + place)))  # fmt: skip
                else:
                    rows.append(
                        (number, tx["hash"], "native", 0, tx["from"], tx["to"], str(int(tx["value"], 16)))
                    )
        return sorted(rows)


def stored(layout: Layout) -> list[tuple[Any, ...]]:
    """What the store holds, in the form of `truth`."""
    paths = sorted((layout.raw / "transfers").rglob("*.parquet"))
    if not paths:
        return []
    frame = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    names = ("block_number", "tx_hash", "kind", "position", "from_address", "to_address", "amount_raw")
    return sorted(frame.select(names).iter_rows())


def blocks_read(layout: Layout) -> list[int]:
    """Blocks of which token and native transfers are known to be read."""
    paths = sorted((layout.raw / "blocks").rglob("*.parquet"))
    if not paths:
        return []
    frame = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    return sorted(frame.filter("has_token", "has_native")["block_number"].to_list())


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their bytes, but for look-aside files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
        if path.is_file()
    }
