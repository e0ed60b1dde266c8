"""How fast blocks get from a node into the raw store, beside a client that fetches and parses them only.

    .venv/bin/python bench/bitcoin.py BLOCK.json.gz [BLOCKS]

BLOCK is an answer of getblock with verbosity 3 (without the JSON-RPC envelope). A server on loopback, in a
process of its own, serves BLOCKS (100) copies of it, renumbered and dated ten minutes apart. Printed are
megabytes of JSON per second of both, and their ratio; it should be no less than a third.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing as mp
import re
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
import requests

from inflows import files
from inflows.layout import Layout
from inflows.sources.bitcoin import ingest_bitcoin

GENESIS = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
FIRST, STARTED = 900_000, 1_735_689_600


def block_hash(number: int) -> str:
    """A made-up hash."""
    return f"{number:064x}"


def serve(path: str, blocks: int, ready: Connection) -> None:
    """Serve the copies; runs in a process of its own."""
    with gzip.open(path) as handle:
        block: dict[str, Any] = json.load(handle)
    transactions = json.dumps(block["tx"], separators=(",", ":"))
    # Bitcoin Core writes amounts as numbers with 8 decimals.
    tail = re.sub(r'"value":"([0-9.]+)"', r'"value":\1', transactions).encode()

    def answer(method: str, params: list[Any]) -> bytes:
        if method == "getblockcount":
            return b'{"result":%d,"error":null,"id":1}' % (FIRST + blocks + 10)
        if method == "getblockhash" and params[0] == 0:
            return b'{"result":"%s","error":null,"id":1}' % GENESIS.encode()
        if method == "getblockhash":
            return b'{"result":"%s","error":null,"id":1}' % block_hash(params[0]).encode()
        number = int(params[0], 16)
        head = {
            "hash": params[0],
            "height": number,
            "time": STARTED + 600 * (number - FIRST),
            "previousblockhash": block_hash(number - 1),
        }
        return b'{"result":' + json.dumps(head).encode()[:-1] + b',"tx":' + tail + b'},"error":null,"id":1}'

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one call."""
            call = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = answer(call["method"], call["params"])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send((server.server_port, len(answer("getblock", [block_hash(FIRST), 3]))))
    server.serve_forever()


def fetch_and_parse(url: str, blocks: int) -> float:
    """Seconds for a plain client: one request after the other, and orjson.loads."""
    session = requests.Session()
    began = time.perf_counter()
    for number in range(FIRST, FIRST + blocks):
        call = {"method": "getblock", "params": [block_hash(number), 3], "id": 1}
        assert orjson.loads(session.post(url, json=call).content)["result"]["height"] == number
    return time.perf_counter() - began


def store(url: str, blocks: int) -> float:
    """Seconds for the ingestion into a new data folder."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        began = time.perf_counter()
        with files.writing(layout):
            report = ingest_bitcoin(layout, rpc_urls=[url], from_block=FIRST, to_block=FIRST + blocks - 1)
        print(report.sentence())
        return time.perf_counter() - began


def main() -> None:
    """Measure both and print them."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    path, blocks = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(path, blocks, there), daemon=True)
    server.start()
    port, size = here.recv()
    url = f"http://127.0.0.1:{port}"
    try:
        megabytes = blocks * size / 1e6
        # The plain client before and after, so that other work on the machine harms both alike.
        before = fetch_and_parse(url, blocks)
        ours = megabytes / store(url, blocks)
        plain = megabytes / ((before + fetch_and_parse(url, blocks)) / 2)
    finally:
        server.terminate()
    print(f"{blocks} blocks, {megabytes:,.0f} MB of JSON")
    print(f"fetched and parsed: {plain:6.1f} MB/s")
    print(f"into the raw store: {ours:6.1f} MB/s")
    print(f"ratio: {ours / plain:.2f} (wanted: at least 0.33)")


if __name__ == "__main__":
    main()
