"""How fast `ingest evm` is: against a bare client that drops the bytes, and against ethereum-etl.

Starts anvil, mines `--blocks` blocks of `--transfers` ERC-20 transfers in all, and prints for the same node
in the same run: transfers a second of ours; of a bare client that makes the same requests over as many
connections and drops the bytes; and (with `--etl PATH`, the program `ethereumetl` of a virtual environment of
its own) of ethereum-etl's exports of the same data. Then the peak of memory at two lengths of the range.

    python bench/evm.py --transfers 50000 --blocks 100 --etl /path/to/venv/bin/ethereumetl
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT / "tests")  # this folder has an `evm` too

from evm import contracts as c  # noqa: E402
from evm.anvil import Anvil, anvil  # noqa: E402

from inflows.http import HttpClient, Limits, Request, parse_endpoint  # noqa: E402
from inflows.layout import Layout  # noqa: E402
from inflows.sources.evm import Pace, ingest_evm  # noqa: E402

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
CONNECTIONS = 4


def fill(node: Anvil, transfers: int, blocks: int) -> None:
    """Mint to some senders, then let them send, the same number in each block."""
    node("anvil_setCode", USDT, c.TOKEN)
    senders = ["0x" + f"{0xA0 + n:02x}" * 20 for n in range(8)]
    node.rich(*senders)
    for sender in senders:
        node.send(sender, USDT, data=c.mint(sender, 10**30))
    start = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp())
    node.mine(start)
    each = transfers // blocks
    nonces = [1] * len(senders)
    for block in range(blocks):
        calls = []
        for n in range(each):
            number = block * each + n
            data = c.transfer("0x" + f"{number:040x}", 10**18 + number)
            sender = number % 8
            tx = {"from": senders[sender], "to": USDT, "data": data, "gas": "0x30d40"}
            tx["nonce"] = hex(nonces[sender])
            nonces[sender] += 1
            calls.append(("eth_sendTransaction", tx))
        node.many(calls)
        node.mine(start + 12 * (block + 1))


def bare(url: str, requests: list[bytes]) -> tuple[float, int]:
    """Seconds and bytes of a client that sends the requests over the same number of connections."""
    endpoint = parse_endpoint(url)
    with HttpClient(limits=Limits(connections=CONNECTIONS)) as http, ThreadPoolExecutor(CONNECTIONS) as pool:

        def ask(body: bytes) -> int:
            request = Request(endpoint, "POST", headers={"Content-Type": "application/json"}, body=body)
            return len(http.send(request).body)

        began = time.monotonic()
        size = sum(pool.map(ask, requests))
        return time.monotonic() - began, size


def ours(url: str, blocks: int, folder: Path) -> tuple[float, int, list[bytes]]:
    """Seconds and rows of `ingest evm`, and the requests that it made."""
    made: list[bytes] = []
    whole = HttpClient.send

    def noted(self: HttpClient, request: Request) -> object:
        made.append(request.body or b"")
        return whole(self, request)

    HttpClient.send = noted  # type: ignore[method-assign,assignment]
    try:
        began = time.monotonic()
        report = ingest_evm(Layout(folder), chain="ethereum", rpc_urls=[url], from_block=1,
                            to_block=blocks + 1, confirmations=1, pace=Pace(workers=CONNECTIONS))  # fmt: skip
        return time.monotonic() - began, report.rows_new, made
    finally:
        HttpClient.send = whole  # type: ignore[method-assign]


def etl(program: str, url: str, blocks: int, folder: Path) -> float:
    """Seconds of ethereum-etl's exports of the same: blocks with transactions, and token transfers."""
    span = ["-s", "1", "-e", str(blocks + 1), "-p", url, "-w", str(CONNECTIONS)]
    began = time.monotonic()
    wanted = {
        "export_blocks_and_transactions": {"blocks": "blocks.csv", "transactions": "transactions.csv"},
        "export_token_transfers": {"": "token_transfers.csv"},
    }
    for command, outputs in wanted.items():
        names = [
            word
            for table, name in outputs.items()
            for word in (f"--{table}-output" if table else "--output", str(folder / name))
        ]
        subprocess.run([program, command, *span, *names], check=True, capture_output=True)  # noqa: S603
    return time.monotonic() - began


def peak_mb(url: str, blocks: int, commit_rows: int) -> float:
    """The peak of memory of a process that reads so many blocks (Linux)."""
    code = (
        "import sys, tempfile; from pathlib import Path\n"
        "from inflows.layout import Layout; from inflows.sources.evm import Pace, ingest_evm\n"
        "ingest_evm(Layout(Path(tempfile.mkdtemp())), chain='ethereum', rpc_urls=[sys.argv[1]],\n"
        "  from_block=1, to_block=int(sys.argv[2]), confirmations=1,\n"
        "  pace=Pace(workers=4, commit_rows=int(sys.argv[3])))\n"
        "text = Path('/proc/self/status').read_text()\n"
        "print(int(text.partition('VmHWM:')[2].split()[0]) / 1024)"
    )
    arguments = [url, str(blocks), str(commit_rows)]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, encoding="utf-8"
    )
    return float(done.stdout)


def methods(made: list[bytes]) -> dict[str, int]:
    """How many calls of each method there were."""
    counts: dict[str, int] = {}
    for body in made:
        found = json.loads(body)
        for call in found if isinstance(found, list) else [found]:
            counts[call["method"]] = counts.get(call["method"], 0) + 1
    return counts


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=50_000)
    parser.add_argument("--blocks", type=int, default=100)
    parser.add_argument("--etl", help="the program ethereumetl")
    options = parser.parse_args()
    with anvil() as node, tempfile.TemporaryDirectory() as scratch:
        began = time.monotonic()
        fill(node, options.transfers, options.blocks)
        print(f"filled in {time.monotonic() - began:.1f} s")
        for turn in range(5):
            folder = Path(scratch) / f"ours{turn}"
            seconds, rows, made = ours(node.url, options.blocks, folder)
            bare_seconds, size = bare(node.url, made)
            print(
                f"ours: {rows:,} rows in {seconds:.2f} s, {rows / seconds:,.0f} a second; "
                f"bare: the same {len(made)} requests ({size / 1e6:.0f} MB) in {bare_seconds:.2f} s; "
                f"ratio {bare_seconds / seconds:.2f}"
            )
        print("calls:", methods(made))
        if options.etl:
            theirs = etl(options.etl, node.url, options.blocks, Path(scratch))
            print(f"ethereum-etl: {theirs:.1f} s; ours is {theirs / seconds:.1f} times as fast")
        for part in (options.blocks // 2, options.blocks):
            print(f"peak of memory with {part} blocks: {peak_mb(node.url, part, 10_000):.0f} MB")


if __name__ == "__main__":
    main()
