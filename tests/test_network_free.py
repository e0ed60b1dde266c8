"""What reading files, building and asking load: no client of the network, which costs time and memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

CLIENTS = ("requests", "urllib3", "inflows.http.client")


@pytest.mark.parametrize(
    "module", ["inflows", "inflows.sources.ingest_files", "inflows.build.steps", "inflows.warehouse.query"]
)
def test_working_on_files_loads_no_network_client(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({CLIENTS!r})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_the_door_to_the_network_would_be_seen() -> None:
    code = f"import sys, inflows.http; print(*sorted(set(sys.modules) & set({CLIENTS!r})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == sorted(CLIENTS)
