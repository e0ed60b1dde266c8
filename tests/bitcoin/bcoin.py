"""A real Bitcoin node for tests: bcoin on a regtest chain of its own, on loopback on a free port."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

_PACKAGE = Path(__file__).parent / "node"
_PLACE = Path(__file__).parents[2] / ".venv" / "bitcoin-node"
API_KEY = "a-key-of-this-test"


def _modules() -> tuple[str, Path]:
    """node, and the folder with bcoin: installed by npm on first use; skips where they are missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing: the tests against a real Bitcoin node need them for bcoin")
    modules = _PLACE / "node_modules"
    _PLACE.mkdir(parents=True, exist_ok=True)
    with FileLock(_PLACE / ".lock"):
        if not (_PLACE / ".installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_PACKAGE / name, _PLACE / name)
            done = subprocess.run(
                [npm, "ci", "--prefix", str(_PLACE), "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=_PLACE,
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
            if done.returncode:
                pytest.skip(f"npm could not install bcoin: {done.stderr[-300:]}")
            (_PLACE / ".installed").touch()
    return node, modules


@contextmanager
def bcoin() -> Iterator[str]:
    """A node for the time of the block, with the chain that node/regtest.js makes; yields its URL."""
    node, modules = _modules()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [node, str(_PACKAGE / "regtest.js"), str(modules), str(port), API_KEY],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == "ready\n", said + process.stdout.read()
        yield f"http://x:{API_KEY}@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(600)
