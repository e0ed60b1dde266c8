"""A real EVM node for tests: anvil, started on loopback on a free port, with its cheat codes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from filelock import FileLock

ROOT = Path(__file__).parents[2]
_PACKAGE = Path(__file__).parent / "node"
_PLACE = ROOT / ".venv" / "node"


def anvil_binary() -> Path:
    """The node's program, installed into .venv/node by npm on first use; skips where npm is missing."""
    found = sorted(_PLACE.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"))
    if found:
        return found[0]
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: the tests against a real EVM node need it to install anvil")
    _PLACE.mkdir(parents=True, exist_ok=True)
    with FileLock(_PLACE / ".lock"):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_PACKAGE / name, _PLACE / name)
        done = subprocess.run(
            [
                npm,
                "install",
                "--prefix",
                str(_PLACE),
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ],
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    found = sorted(_PLACE.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"))
    assert found, f"npm could not install anvil: {done.stderr[-500:]}"
    return found[0]


class Anvil:
    """A running node."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def __call__(self, method: str, *params):
        reply = self.session.post(
            self.url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, timeout=600
        ).json()
        assert "error" not in reply, (method, params, reply)
        return reply["result"]

    def many(self, calls):
        """A batch of calls, in order."""
        body = [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, *p) in enumerate(calls)]
        found = self.session.post(self.url, json=body, timeout=600).json()
        assert not (bad := [item for item in found if "error" in item]), bad[:2]
        return [item["result"] for item in sorted(found, key=lambda item: item["id"])]

    def send(self, sender: str, to: str | None, *, value: int = 0, data: str = "0x", gas: int = 3_000_000):
        """A transaction of any account, into the pool."""
        tx = {"from": sender, "value": hex(value), "data": data, "gas": hex(gas)}
        return self("eth_sendTransaction", tx | ({"to": to} if to else {}))

    def mine(self, time: int | None = None) -> int:
        """A block with what is in the pool; its number."""
        if time is not None:
            self("evm_setNextBlockTimestamp", time)
        self("evm_mine")
        return int(self("eth_blockNumber"), 16)

    def rich(self, *addresses: str) -> None:
        """Let anybody act and pay."""
        for address in addresses:
            self("anvil_impersonateAccount", address)
            self("anvil_setBalance", address, hex(10**24))


@contextmanager
def anvil(*options: str, chain_id: int = 1) -> Iterator[Anvil]:
    """A node for the time of the block, without mining of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(anvil_binary()), "--port", str(port), "--chain-id", str(chain_id), "--no-mining"]
    command += [
        "--timestamp",
        "1672531200",
        "--order",
        "fifo",
        "--silent",
        "--base-fee",
        "0",
        "--gas-limit",
        "300000000",
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    node = Anvil(f"http://127.0.0.1:{port}")
    try:
        for _ in range(12_000):
            try:
                node("eth_chainId")
                break
            except requests.ConnectionError:
                assert process.poll() is None, "anvil ended at once"
                time.sleep(0.05)
        yield node
    finally:
        process.terminate()
        process.wait(600)
