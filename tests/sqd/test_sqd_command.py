"""`inflows ingest sqd` as users run it: what cannot be done is one sentence, a hint and an exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.command_line import Line, environment
from evm.fake_chain import FakeChain, person, stored, tree
from sqd.portal_server import Turn, portal
from sqd.worlds import at, fake_world

from inflows.layout import Layout

CHAIN = FakeChain()
WALLETS = [person(5), person(6)]
RANGE = ("--from-date", "2024-06-30T23:53", "--to-date", "2024-07-01T00:29")
SENTENCES = {
    "no labels": ((), 2, "No address on ethereum is labelled"),
    "unknown dataset": (("--all", "--dataset", "ethereum"), 2, "has no dataset ethereum"),
    "no dataset known": (
        ("--all", "--chain", "gnosis"),
        2,
        "The Portal's dataset of gnosis is not known here",
    ),
    "another family": (("--all", "--chain", "solana"), 2, "solana is not read from an SQD Portal here"),
    "before the first block": (
        ("--all", "--from-date", "2020-01-01"),
        2,
        "begins with block 0 on 2024-06-30 23:50:00",
    ),
    "after the head": (("--all", "--to-date", "2024-12-31"), 1, "are not there or not final yet"),
    "reversed": (("--all", "--to-date", "2024-01-01"), 2, "The range is reversed"),
    "no address": (("--all", "--portal", "portal.sqd.dev"), 2, "--portal has no scheme"),
    "no network": (("--all", "--portal", "http://127.0.0.1:9"), 1, "http://127.0.0.1:9 cannot be reached"),
    "the header itself": (
        ("--all", "--portal-header", "X-Api-Key: canary"),
        2,
        "--portal-header is the name of an environment variable",
    ),
    "no header there": (
        ("--all", "--portal-header", "NOT_SET"),
        2,
        "The environment variable NOT_SET holds no header",
    ),
}


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "data")


@pytest.fixture
def labelled(line: Line, tmp_path: Path) -> Line:
    labels = tmp_path / "labels.csv"
    rows = "".join(f"evm,{wallet},binance,hot,90,,,2020-01-01,test\n" for wallet in WALLETS)
    head = "chain,address,exchange,role,confidence,valid_from,valid_to,known_at,source\n"
    labels.write_text(head + rows)
    line.does("labels", "import", str(labels))
    return line


def arguments(url: str, *changes: str) -> list[str]:
    words = ["--chain", "ethereum", "--portal", url, *RANGE]
    given, flags = dict(zip(words[::2], words[1::2], strict=True)), []
    rest = list(changes)
    while rest:
        name = rest.pop(0)
        if rest and not rest[0].startswith("--"):
            given[name] = rest.pop(0)
        else:
            flags.append(name)
    return ["ingest", "sqd", *flags, *(word for pair in given.items() for word in pair)]


@pytest.mark.parametrize("case", SENTENCES)
def test_what_cannot_be_done_is_one_sentence_a_hint_and_an_exit_code(line, case):
    changes, code, sentence = SENTENCES[case]
    with portal(fake_world(CHAIN)) as server:
        said = line.says(*arguments(server.url, *changes))
    assert (said.code, said.out) == (code, "")
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert "canary" not in said.err
    assert len([line for line in said.err.strip().splitlines() if "Waiting" not in line]) == 2
    assert not (line.data / "raw").exists()


def test_a_portal_that_wants_a_key_says_so_and_gets_it_by_the_name_of_a_variable(labelled, monkeypatch):
    key = "canary-51c0ffee"
    with portal(fake_world(CHAIN)) as server:
        server.get = lambda n, path: (401, b"no key") if "X-Api-Key" not in server.asked[-1].headers else None
        said = labelled.says(*arguments(server.url))
        assert (said.code, "refuses the key or wants one (HTTP 401)" in said.err) == (1, True)
        monkeypatch.setenv("PORTAL_KEY", f"X-Api-Key: {key}")
        said = labelled.says(*arguments(server.url, "--portal-header", "PORTAL_KEY"))
    assert said.code == 0
    assert key not in said.err
    assert not any(key.encode() in path.read_bytes() for path in labelled.data.rglob("*") if path.is_file())


def test_it_reads_what_touches_labelled_wallets_and_says_what_it_read(labelled):
    with portal(fake_world(CHAIN)) as server:
        said = labelled.says(*arguments(server.url, "--no-traces"))
        assert said.code == 0, said.err
        again = labelled.says(*arguments(server.url, "--no-traces", "--chain", "eth"))
    assert "Blocks 3 to 38 of ethereum, what touches 2 labelled addresses (partial)" in said.err
    assert "0 blocks read, 36 read before" in again.err
    rows = stored(Layout(labelled.data))
    assert rows == [row for row in CHAIN.truth(3, 38) if {row[4], row[5]} & set(WALLETS)]


def test_it_reads_everything_with_all(line, tmp_path):
    with portal(fake_world(CHAIN)) as server:
        said = line.says(*arguments(server.url, "--all"))
    assert said.code == 0, said.err
    assert stored(Layout(line.data)) == CHAIN.truth(3, 38)


def test_killed_at_any_moment_and_started_again_it_is_the_same(line, tmp_path):
    """Each answer takes a moment, so that the process is killed between two of them or while it stores."""
    world = fake_world(FakeChain(head=400))
    words = ("--all", "--no-traces", "--to-date", f"{at(world, 399):%Y-%m-%dT%H:%M}", "--requests", "10000")
    with portal(world) as server:
        server.turn = lambda n, query: Turn(hang_seconds=0.02, stop_after=20) if query.get("logs") else None
        for seconds in (0.9, 1.2, 1.5):
            child = subprocess.Popen(
                [sys.executable, "-m", "inflows", *arguments(server.url, *words), "--data", str(line.data)],
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert line.says(*arguments(server.url, *words)).code == 0
        other = Line(tmp_path / "other")
        other.does(*arguments(server.url, *words))
    assert tree(line.data / "raw") == tree(other.data / "raw")
    assert len(stored(Layout(line.data))) == 3 * 396
