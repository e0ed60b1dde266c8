"""How fast `ingest sqd` is: against a bare client that reads the same streams and drops the lines.

Starts a local server, in a process of its own, that gives `--blocks` blocks of `--transfers` token transfers
in all, packed before, to whatever range is asked for. Prints for the same requests, over as many connections:
transfers a second of ours, from the request to the store; of a bare client that unpacks the answers, parts
them into lines and drops those; and their ratio. Then the peak of memory at two lengths of the range.

    python bench/sqd.py --transfers 1000000 --blocks 20000
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from inflows.layout import Layout
from inflows.sources.evm_logs import TRANSFER_TOPIC
from inflows.sources.sqd import SqdPace, ingest_sqd, pieces

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
WALLET = "0x28c6c06298d514db089934071355e5743bf21d60"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
WORKERS = 4


def packed_blocks(blocks: int, transfers: int) -> list[bytes]:
    """A gzip member a block: a line with its transfers, and none but a header in the last."""
    draw = random.Random(7)  # noqa: S311  # no secret

    def hashed() -> str:
        return "0x" + draw.randbytes(32).hex()

    found, parent, each = [], hashed(), transfers // blocks
    sides = ["0x" + "0" * 24 + draw.randbytes(20).hex() for _ in range(20_000)]
    for number in range(blocks + 1):
        header = {"number": number, "hash": hashed(), "parentHash": parent}
        header["timestamp"] = int(START.timestamp()) + 12 * number
        parent = header["hash"]
        logs = [
            {
                "logIndex": place,
                "transactionHash": hashed(),
                "address": USDT,
                "data": f"0x{draw.randrange(10**12):064x}",
                "topics": [TRANSFER_TOPIC, draw.choice(sides), "0x" + "0" * 24 + WALLET[2:]],
            }
            for place in range(each if number < blocks else 0)
        ]
        line = json.dumps({"header": header, **({"logs": logs} if logs else {})}, separators=(",", ":"))
        found.append(gzip.compress(line.encode() + b"\n", 6))
    return found


def serve(blocks: int, transfers: int, port: Any) -> None:
    """Answer any query with all blocks of its range."""
    packed = packed_blocks(blocks, transfers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _say(self, body: bytes, **headers: str) -> None:
            self.send_response(200)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if "finalized-head" in self.path:
                return self._say(b'{"number":%d,"hash":"0x"}' % blocks)
            if "timestamps" in self.path:
                seconds = int(self.path.split("/")[-2]) - int(START.timestamp())
                return self._say(b'{"block_number":%d}' % -(-seconds // 12))
            return self._say(b'{"start_block":0}')

        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = b"".join(packed[query["fromBlock"] : query["toBlock"] + 1])
            self._say(body, Content_Encoding="gzip")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.put(server.server_address[1])
    server.serve_forever()


def ours(url: str, blocks: int, data: Path) -> tuple[float, float]:
    """Seconds for the range, and those of a processor."""
    began, used = time.perf_counter(), time.process_time()
    report = ingest_sqd(
        Layout(data),
        chain="ethereum",
        from_time=START,
        to_time=START + dt.timedelta(seconds=12 * blocks),
        labelled=[WALLET],
        withdrawals=False,
        portal_url=url,
        pace=SqdPace(workers=WORKERS, requests=10_000),
    )
    assert report.blocks_read == blocks, report.sentence()
    return time.perf_counter() - began, time.process_time() - used


def bare(url: str, ranges: list[tuple[int, int]]) -> tuple[float, float]:
    """The same for the same ranges, unpacked, parted into lines, and dropped."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))

    def drop(span: tuple[int, int]) -> int:
        body = json.dumps({"fromBlock": span[0], "toBlock": span[1]})
        lines = 0
        with session.post(f"{url}/datasets/x/finalized-stream", data=body, stream=True) as answer:
            for line in answer.iter_lines(1 << 20):
                lines += len(line) > 0
        return lines

    began, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(WORKERS) as pool:
        assert sum(pool.map(drop, ranges)) == sum(last - first + 1 for first, last in ranges)
    return time.perf_counter() - began, time.process_time() - used


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--transfers", type=int, default=600_000)
    asked.add_argument("--blocks", type=int, default=12_000)
    asked.add_argument("--memory", metavar="URL", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.memory:
        import resource

        with tempfile.TemporaryDirectory() as folder:
            ours(given.memory, given.blocks, Path(folder))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    port: Any = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(given.blocks, given.transfers, port), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port.get()}"
    ranges: list[tuple[int, int]] = []
    read_piece = pieces.read_piece

    def noted(portal: Any, wanted: Any, span: Any, most_rows: int) -> Any:
        found = read_piece(portal, wanted, span, most_rows)
        ranges.append((found.span.first, found.span.last))
        return found

    pieces.read_piece = noted
    for _ in range(2):
        ranges.clear()
        with tempfile.TemporaryDirectory() as folder:
            mine = ours(url, given.blocks, Path(folder))
        theirs = bare(url, ranges)
        print(
            f"ours {given.transfers / mine[0]:,.0f} transfers/s, bare {given.transfers / theirs[0]:,.0f}, "
            f"ratio {theirs[0] / mine[0]:.2f} ({theirs[1] / mine[1]:.2f} by processor time: "
            f"{mine[1]:.1f} s and {theirs[1]:.1f} s), {len(ranges)} requests"
        )
    for blocks in (given.blocks // 3, given.blocks):
        words = [sys.executable, __file__, "--memory", url, "--blocks", str(blocks)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
        print(f"{blocks:,} blocks: {done.stdout.strip()} MiB at most")
    server.terminate()


if __name__ == "__main__":
    main()
