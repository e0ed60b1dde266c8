"""`inflows ingest bitcoin` as users run it: what cannot be done is one sentence, a hint and an exit code."""

import sys
from pathlib import Path
from typing import Any

import pytest
from bitcoin_node import FakeNode, block, payment, refused, serving

LITECOIN = "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"
REGTEST = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
PRUNED = refused(-1, "Block not available (pruned data)")


def begins(node: FakeNode, first: str) -> None:
    node.blocks[0] = {"hash": first}


def answers(method: str, answer: tuple[int, bytes]) -> Any:
    def change(node: FakeNode) -> None:
        node.misbehave = lambda asked, _: answer if asked == method else None

    return change


@pytest.mark.parametrize(
    ("change", "options", "code", "sentence"),
    [
        (lambda node: begins(node, LITECOIN), {}, 2, "is a node of litecoin, not of bitcoin"),
        (lambda node: begins(node, REGTEST), {}, 2, "is a node of the network regtest"),
        (None, {"--network": "mainnet"}, 2, "'mainnet' is no network"),
        (None, {"--chain": "../x"}, 2, "is not a chain's name"),
        (None, {"--rpc": "127.0.0.1:8332"}, 2, "has no scheme"),
        (None, {"--from-block": "4", "--to-block": "3"}, 2, "The blocks 4 to 3 are no range"),
        (None, {"--from-block": "40", "--to-block": "50"}, 1, "the newest that has is 4. Nothing was stored"),
        (lambda node: setattr(node, "height", 2), {}, 1, "none has. Nothing was stored"),
        (answers("getblockcount", (401, b"")), {}, 1, "refuses the key"),
        (answers("getblockcount", (403, b"")), {}, 1, "refuses the key"),
        (answers("getblock", PRUNED), {}, 1, "pruned"),
    ],
    ids=["wrong chain", "wrong network", "unknown network", "no chain", "no scheme", "reversed",
         "beyond the head", "node behind", "key refused", "key forbidden", "pruned"],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_a_hint_and_an_exit_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Any,
    options: dict[str, str],
    code: int,
    sentence: str,
) -> None:
    from inflows.cli import main

    with serving([block(n, *([payment(n)] if n > 1 else [])) for n in range(1, 10)]) as node:
        if change is not None:
            change(node)
        given = {"--rpc": node.url, "--from-block": "1", "--to-block": "3", "--data": str(tmp_path)} | options
        words = [word for pair in given.items() for word in pair]
        monkeypatch.setattr(sys, "argv", ["inflows", "ingest", "bitcoin", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    assert ended.value.code == code
    assert said.out == ""
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 2
    assert not list(tmp_path.rglob("*.parquet"))
