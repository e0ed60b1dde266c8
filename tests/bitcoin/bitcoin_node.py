"""A node on loopback that answers as it is told: real HTTP, recorded shapes."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "realdata"
GENESIS_TIME = 1_710_000_000


def real_block() -> dict[str, Any]:
    """Block 866342 of Bitcoin, with every spent output; skips where it is not at hand."""
    path = SHARED / "btc_block_866342" / "block_866342.verbosity3.json.gz"
    if not path.exists():
        pytest.skip(f"the recorded block is not at hand ({path.name})")
    with gzip.open(path) as handle:
        return json.load(handle)


def block_hash(number: int, branch: str = "a") -> str:
    return f"{branch}{number:063x}"


def tx_id(number: int, place: int = 0) -> str:
    return f"{number:032x}{place:032x}"


def output(value: Any, n: int, address: str | None = None, **script: Any) -> dict[str, Any]:
    named = {"address": address} if address else {}
    return {"value": value, "n": n, "scriptPubKey": {"type": "pubkeyhash", **named, **script}}


def spending(txid: str, n: int, value: Any = None, address: str | None = None) -> dict[str, Any]:
    told = (
        {"prevout": {k: v for k, v in output(value, 0, address).items() if k != "n"}}
        if value is not None
        else {}
    )
    return {"txid": txid, "vout": n, "sequence": 1, **told}


def block(
    number: int, *transactions: dict[str, Any], branch: str = "a", parent: str | None = None
) -> dict[str, Any]:
    """A block with its coinbase of 3.125 coins, and more transactions."""
    coinbase = {
        "txid": tx_id(number),
        "vin": [{"coinbase": "00", "sequence": 1}],
        "vout": [output(3.125, 0, "1Pool"), output(0.0, 1, type="nulldata")],
    }
    return {
        "hash": block_hash(number, branch),
        "height": number,
        "time": GENESIS_TIME + 600 * number,
        "previousblockhash": block_hash(number - 1) if parent is None else parent,
        "tx": [coinbase, *transactions],
    }


def payment(number: int, place: int = 1, *, told: bool = True) -> dict[str, Any]:
    """A transaction that spends the coinbase of the block before."""
    spent = (3.125, "1Pool") if told else (None, None)
    return {
        "txid": tx_id(number, place),
        "vin": [spending(tx_id(number - 1), 0, *spent)],
        "vout": [output(0.29, 0, "1Shop"), output(2.834, 1, "1Pool")],
    }


class FakeNode:
    """Blocks by number; `misbehave` may answer a call itself, as (status, body)."""

    def __init__(self, blocks: dict[int, dict[str, Any]]) -> None:
        self.blocks = blocks
        self.calls: list[tuple[str, list[Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.misbehave: Callable[[str, list[Any]], tuple[int, bytes] | None] = lambda method, params: None
        self.most_verbose = 3
        self.height: int | None = None
        self.url = ""

    def answer(self, method: str, params: list[Any]) -> tuple[int, bytes]:
        self.calls.append((method, params))
        special = self.misbehave(method, params)
        if special is not None:
            return special
        if method == "getblockcount":
            return ok(max(self.blocks) if self.height is None else self.height)
        if method == "getblockhash":
            found = self.blocks.get(params[0])
            return ok(found["hash"]) if found else refused(-8, "Block height out of range")
        if method == "getblock":
            if params[1:] not in ([3], [2]):
                return refused(-3, "JSON value of type bool is not of expected type number")
            found = next((b for b in self.blocks.values() if b["hash"] == params[0]), None)
            if found is None:
                return refused(-5, "Block not found")
            return ok(found)
        return refused(-32601, "Method not found")

    def asked(self, method: str) -> list[list[Any]]:
        return [params for name, params in self.calls if name == method]


def ok(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"result": result, "error": None, "id": 1}).encode()


def refused(code: int, message: str, status: int = 500) -> tuple[int, bytes]:
    return status, json.dumps({"result": None, "error": {"code": code, "message": message}, "id": 1}).encode()


@contextmanager
def serving(blocks: dict[int, dict[str, Any]] | list[dict[str, Any]]) -> Iterator[FakeNode]:
    """The node, running."""
    by_number = blocks if isinstance(blocks, dict) else {b["height"]: b for b in blocks}
    node = FakeNode(by_number)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            node.headers.append(dict(self.headers))
            status, body = node.answer(call["method"], call["params"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    node.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
