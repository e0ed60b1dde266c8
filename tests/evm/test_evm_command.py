"""The command as users run it: one sentence, the right exit code, no key anywhere; killed at any moment."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from evm.fake_chain import QUICK, FakeChain, blocks_read, error, stored, tree
from network.playing import Play, json_play, playing

from inflows.layout import Layout
from inflows.sources.evm import ingest_evm

TESTS = Path(__file__).parents[1]
CANARY = "CANARYkey0123456789"
PRUNED = error(4444, "pruned history unavailable")
INFLOWS = [sys.executable, "-c", "from inflows.cli import main; main()"]


def run(data: Path, *options: str, debug: bool = False) -> subprocess.CompletedProcess[str]:
    command = [*INFLOWS, *(["--debug"] if debug else []), "ingest", "evm", "--data", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, encoding="utf-8")


def asked(url: str, first: int = 1, last: int = 20, chain: str = "ethereum") -> list[str]:
    return ["--chain", chain, "--rpc", url, "--from-block", str(first), "--to-block", str(last)]


def test_the_command_reads_blocks_and_says_so_in_one_line(tmp_path):
    chain = FakeChain()
    with playing(chain) as stage:
        done = run(tmp_path, *asked(stage.url))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.strip().splitlines()[-1].startswith("Blocks 1 to 20 of ethereum")
    assert stored(Layout(tmp_path)) == chain.truth(1, 20)


@pytest.mark.parametrize(
    ("chain", "options", "code", "sentence"),
    [
        (FakeChain(), {"chain": "etherium"}, 2, "no chain that is known here"),
        (FakeChain(), {"chain": "bsc"}, 2, "serves ethereum (chain id 1), not bsc (56)"),
        (FakeChain(), {"first": 9, "last": 8}, 2, "range is reversed"),
        (FakeChain(), {"last": 99}, 1, "is not there or not final yet"),
        (FakeChain(whole=lambda *_: Play(b"", 401)), {}, 1, "refuses the key"),
        (FakeChain(before=lambda m, _: PRUNED if m == "eth_getLogs" else None), {}, 1, "pruned history"),
        (FakeChain(whole=lambda *_: Play(b"", 403)), {}, 1, "refuses the key"),
        (FakeChain(finalized=12), {}, 1, "blocks up to 12 are (the head is 40)"),
        (FakeChain(), {"chain": "tron"}, 2, "serves ethereum (chain id 1), not tron (728126428)"),
        (FakeChain(chain_id=728126428), {"chain": "tron", "last": 99}, 1, "blocks up to 40 are"),
        (FakeChain(whole=lambda *_: Play(b"", 401)), {"chain": "tron"}, 1, "refuses the key"),
    ],
    ids=["unknown chain", "wrong chain", "reversed", "beyond the head", "key refused", "pruned",
         "key forbidden", "node behind", "wrong chain for tron", "beyond the head of tron",
         "key refused by tron"],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_a_hint_and_an_exit_code(
    tmp_path, monkeypatch, capsys, chain, options, code, sentence
):
    from inflows.cli import main

    with playing(chain) as stage:
        command = ["inflows", "ingest", "evm", "--data", str(tmp_path), *asked(stage.url, **options)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    assert ended.value.code == code
    assert said.out == ""
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 2
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_url_without_a_scheme_is_refused_without_showing_it(tmp_path):
    done = run(tmp_path, *asked(f"eth.example/v2/{CANARY}"))
    assert done.returncode == 2
    assert "no scheme" in done.stderr
    assert CANARY not in done.stderr


@pytest.mark.parametrize("fault", ["none", "echo", "401"])
def test_a_key_is_in_no_message_file_or_traceback(tmp_path, fault):
    echo = f"bad key {CANARY} in http://u:{CANARY}@h/{CANARY}".encode()
    answers = {
        "none": lambda *_: None,
        "echo": lambda *_: json_play({"jsonrpc": "2.0", "id": 0, **error(-32602, echo.decode())}, 400),
        "401": lambda *_: Play(echo, 401),
    }
    with playing(FakeChain(whole=answers[fault])) as stage:
        host = stage.url.removeprefix("http://")
        url = f"http://user:{CANARY}@{host}/v2/{CANARY}?apikey={CANARY}"
        done = run(tmp_path, *asked(url, last=6), debug=True)
    assert done.returncode == (0 if fault == "none" else 1), done.stderr
    assert fault == "none" or host in done.stderr
    for text in (done.stdout, done.stderr):
        assert CANARY not in text
        assert base64.b64encode(f"user:{CANARY}".encode()).decode() not in text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or CANARY.encode() not in path.read_bytes()
        assert CANARY not in str(path)


CHILD = """
import sys
from pathlib import Path
from dataclasses import replace
from evm.fake_chain import QUICK
from inflows import files
from inflows.layout import Layout
from inflows.sources.evm import ingest_evm
layout = Layout(Path(sys.argv[2]))
with files.writing(layout):
    ingest_evm(layout, chain="ethereum", rpc_urls=[sys.argv[1]], from_block=1, to_block=60,
               pace=replace(QUICK, commit_rows=20))
"""


def test_killed_anywhere_it_goes_on_and_the_store_is_the_same(tmp_path):
    layout, fresh = Layout(tmp_path / "killed"), Layout(tmp_path / "fresh")
    chain = FakeChain(head=60)
    with playing(chain) as stage:
        ingest_evm(fresh, chain="ethereum", rpc_urls=[stage.url], from_block=1, to_block=60, pace=QUICK)
        seen = []
        for kill_at, delay in ((3, 0.0), (2, 0.03), (3, 0.1)):
            chain.before = killing = Killing(kill_at, delay)
            command = [sys.executable, "-c", CHILD, stage.url, str(layout.root)]
            child = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(TESTS)})
            killing.pid = child.pid
            assert child.wait(600) in (-signal.SIGKILL, 0)
            seen.append(len(blocks_read(layout)))
            killing.done.set()
        chain.before = None
        report = ingest_evm(
            layout, chain="ethereum", rpc_urls=[stage.url], from_block=1, to_block=60, pace=QUICK
        )
    assert seen == sorted(seen)
    assert report.blocks_there == seen[-1]
    assert stored(layout) == chain.truth(1, 60)
    assert tree(layout.root) == tree(fresh.root)


class Killing:
    """Kills a process a moment after it asked for logs for the n-th time."""

    def __init__(self, at: int, delay: float) -> None:
        self.left, self.delay, self.pid = at, delay, 0
        self.done = threading.Event()

    def __call__(self, method, _params):
        if method == "eth_getLogs":
            self.left -= 1
            if self.left == 0:
                threading.Thread(target=self.kill, daemon=True).start()
        return None

    def kill(self) -> None:
        time.sleep(self.delay)
        if not self.done.is_set():
            os.kill(self.pid, signal.SIGKILL)


def test_no_more_is_held_in_memory_than_a_commit_and_a_piece(tmp_path, monkeypatch):
    from dataclasses import replace

    from inflows.sources.evm import pending_blocks

    held = []
    whole = pending_blocks.ingest

    def watched(layout, deliveries, **options):
        held.append(sum(d.frame.collect().height for d in deliveries))
        return whole(layout, deliveries, **options)

    monkeypatch.setattr(pending_blocks, "ingest", watched)
    chain = FakeChain(head=600)
    with playing(chain) as stage:
        ingest_evm(Layout(tmp_path), chain="ethereum", rpc_urls=[stage.url], from_block=1, to_block=600,
                   pace=replace(QUICK, commit_rows=100))  # fmt: skip
    assert sum(held) == 4 * 600
    assert max(held) <= 100 + 4 * 400  # what a commit asks for, and the largest piece
