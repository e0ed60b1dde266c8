import json
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from bitcoin_node import (
    FakeNode,
    basic,
    block,
    block_hash,
    ok,
    output,
    payment,
    real_block,
    refused,
    serving,
    spending,
    tx_id,
)
from typer.testing import CliRunner

from inflows.cli import ingest_bitcoin as command
from inflows.errors import UsageError, WorkError
from inflows.http import HttpClient, Patience
from inflows.layout import Layout
from inflows.raw import list_partitions
from inflows.sources.bitcoin import BitcoinReport, ingest, ingest_bitcoin

HASTY = Patience(attempts=3, first_seconds=0.01, longest_seconds=0.02)


def chain_of(last: int, *, told: bool = True) -> list[dict[str, Any]]:
    """Blocks 1 to last; each but the first spends the coinbase of the one before."""
    return [block(n, *([payment(n, told=told)] if n > 1 else [])) for n in range(1, last + 1)]


def run(layout: Layout, *nodes: FakeNode, first: int = 1, last: int, **options: Any) -> BitcoinReport:
    return ingest_bitcoin(
        layout,
        chain=options.pop("chain", "bitcoin"),
        rpc_urls=[node.url for node in nodes],
        from_block=first,
        to_block=last,
        http=HttpClient(patience=HASTY),
        **options,
    )


def stored(layout: Layout, dataset: str = "utxo", chain: str = "bitcoin") -> pl.DataFrame:
    paths = [path for of, _, path in list_partitions(layout, dataset) if of == chain]
    return (
        pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
        if paths
        else pl.DataFrame()
    )


def partitions(layout: Layout) -> dict[str, bytes]:
    return {
        str(path.relative_to(layout.root)): path.read_bytes()
        for path in sorted(layout.raw.rglob("part.parquet"))
    }


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def test_blocks_become_entries_and_coverage(layout: Layout) -> None:
    with serving(chain_of(9)) as node:
        report = run(layout, node, last=4)
    rows = stored(layout)
    assert rows["block_number"].unique().sort().to_list() == [1, 2, 3, 4]
    assert rows.filter(side="in", block_number=3).row(0, named=True)["amount_raw"] == "312500000"
    assert rows.select(pl.col("exact").all(), pl.col("source").unique().first()).row(0) == (
        True,
        "bitcoin-rpc",
    )
    blocks = stored(layout, "blocks")
    assert blocks.select("block_number", "block_hash", "parent_hash", "has_utxo", "has_native").row(2) == (
        3, block_hash(3), block_hash(2), True, False,
    )  # fmt: skip
    assert report.sentence() == ("4 blocks of bitcoin read, 0 were already there: 17 new inputs and outputs.")


def test_stored_blocks_are_not_asked_for_again_and_nothing_changes(layout: Layout) -> None:
    with serving(chain_of(12)) as node:
        run(layout, node, first=3, last=4)
        before = partitions(layout)
        assert run(layout, node, first=3, last=4).blocks_already_there == 2
        assert partitions(layout) == before
        node.calls.clear()
        assert run(layout, node, first=1, last=6).blocks_read == 4
        assert sorted(params[0] for params in node.asked("getblock")) == [block_hash(n) for n in (1, 2, 5, 6)]


def test_the_parts_give_the_bytes_of_the_whole(layout: Layout, tmp_path: Path) -> None:
    whole = Layout(tmp_path / "whole")
    with serving(chain_of(30)) as node:
        run(whole, node, last=20)
        for first, last in ((11, 20), (1, 4), (3, 12)):
            run(layout, node, first=first, last=last)
    assert partitions(layout) == partitions(whole)


def test_blocks_without_enough_confirmations_are_not_stored_and_said(layout: Layout) -> None:
    with serving(chain_of(10)) as node:
        with pytest.raises(
            WorkError, match=r"Block 10 .* does not have 6 confirmations yet: .* is 5"
        ) as caught:
            run(layout, node, last=10)
        assert "The blocks up to 5 are stored" in caught.value.problem
        assert stored(layout, "blocks")["block_number"].max() == 5
        assert run(layout, node, last=10, confirmations=1).blocks_read == 5
        with pytest.raises(WorkError, match="Nothing was stored"):
            run(layout, node, first=11, last=12, confirmations=1)


def test_a_block_that_does_not_fit_its_parent_is_not_stored(layout: Layout) -> None:
    blocks = chain_of(9)
    blocks[3]["previousblockhash"] = block_hash(3, "b")
    with (
        serving(blocks) as node,
        pytest.raises(WorkError, match=r"Block 4 of bitcoin .* does not fit block 3"),
    ):
        run(layout, node, last=4)
    assert stored(layout, "blocks")["block_number"].to_list() == [1, 2, 3]


def test_a_reorganisation_below_what_is_stored_is_noticed_on_both_sides(layout: Layout) -> None:
    with serving(chain_of(12)) as node:
        run(layout, node, first=4, last=5)
    other = [block(n, branch="b", parent=block_hash(n - 1, "b")) for n in range(1, 13)]
    with serving(other) as node:
        with pytest.raises(WorkError, match=r"Block 3 of bitcoin .* does not fit block 4"):
            run(layout, node, first=3, last=3)
        with pytest.raises(WorkError, match=r"Block 6 of bitcoin .* does not fit block 5"):
            run(layout, node, first=6, last=6)


def test_an_old_node_is_asked_in_its_own_way_and_what_it_omits_is_found_in_our_store(layout: Layout) -> None:
    """Verbosity 3 is refused; spent outputs are in earlier blocks, of this run and of the one before."""

    def old(method: str, params: list[Any]) -> tuple[int, bytes] | None:
        return refused(-8, "Invalid verbosity") if method == "getblock" and params[1] == 3 else None

    with serving(chain_of(12, told=False)) as node:
        node.misbehave = old
        run(layout, node, last=3)
        run(layout, node, first=4, last=6)
        # The form is found once: one refusal, then no more.
        assert sum(params[1] == 3 for params in node.asked("getblock")) <= 2 * 3
    inputs = stored(layout).filter(side="in")
    assert inputs.select("address", "amount_raw").unique().rows() == [("1Pool", "312500000")]
    assert inputs.height == 5


def test_an_input_whose_output_is_nowhere_fails_its_block_by_name_after_storing_the_rest(
    layout: Layout,
) -> None:
    blocks = chain_of(12)
    blocks[4] = block(5, payment(5), {
        "txid": tx_id(5, 9), "vin": [spending("ff" * 32, 3)], "vout": [output(1.0, 0, "1X")],
    })  # fmt: skip
    with (
        serving(blocks) as node,
        pytest.raises(WorkError, match="Block 5 of bitcoin cannot be stored") as caught,
    ):
        run(layout, node, last=6)
    assert "verbosity 3" in caught.value.hint
    assert stored(layout, "blocks")["block_number"].to_list() == [1, 2, 3, 4]


def test_threads_that_find_out_a_nodes_form_at_once_do_not_trip_over_each_other(layout: Layout) -> None:
    """The first refusal of the form is held back until another thread knows the right one."""
    found = threading.Event()

    def slow(method: str, params: list[Any]) -> tuple[int, bytes] | None:
        if method == "getblock" and params[1] == 3:
            if params[0] == block_hash(1):
                assert found.wait(600)
            return refused(-8, "Invalid verbosity")
        if method == "getblockhash" and params[0] == 8:  # asked for when block 2 or 3 is done
            found.set()
        return None

    with serving(chain_of(20)) as node:
        node.misbehave = slow
        assert run(layout, node, last=9).blocks_read == 9


def test_a_full_work_queue_means_wait(layout: Layout) -> None:
    seen: dict[str, int] = {}

    def busy(method: str, params: list[Any]) -> tuple[int, bytes] | None:
        seen[method] = seen.get(method, 0) + 1
        return (500, b"Work queue depth exceeded") if seen[method] % 2 == 1 else None

    with serving(chain_of(9)) as node:
        node.misbehave = busy
        assert run(layout, node, last=3).blocks_read == 3


def test_a_node_that_is_starting_is_waited_for(layout: Layout) -> None:
    answers = [refused(-28, "Loading block index…"), refused(-28, "Verifying blocks…")]
    with serving(chain_of(9)) as node:
        node.misbehave = lambda method, params: answers.pop() if answers else None
        assert run(layout, node, last=1).blocks_read == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (refused(-1, "Block not available (pruned data)"), "pruned"),
        ((200, b"<html>"), "no JSON-RPC answer"),
        (ok("00ff"), "without its transactions"),
        (ok({"tx": ["ab" * 32]}), "without its transactions"),
        (ok(block(8)), "was asked for"),
        (ok({**block(3), "time": None}), "unusably"),
        ((200, b""), "no JSON-RPC answer"),
        ((401, b""), "key"),
    ],
)
def test_an_unusable_block_fails_by_its_number_and_what_came_before_is_stored(
    layout: Layout, bad: tuple[int, bytes], said: str
) -> None:
    with serving(chain_of(12)) as node:
        node.misbehave = lambda method, params: (
            bad if method == "getblock" and params[0] == block_hash(3) else None
        )
        with pytest.raises(WorkError, match="Block 3 of bitcoin") as caught:
            run(layout, node, last=6)
    assert said in caught.value.problem
    assert stored(layout, "blocks")["block_number"].to_list() == [1, 2]


def test_all_nodes_are_used_and_one_that_lags_or_fails_is_stood_in_for(layout: Layout) -> None:
    with serving(chain_of(30)) as first, serving(chain_of(12)) as lagging, serving(chain_of(30)) as broken:
        broken.misbehave = lambda method, params: (500, b"oops") if method == "getblock" else None
        assert run(layout, first, lagging, broken, last=24).blocks_read == 24
        assert lagging.asked("getblock")
        assert max(params[0] for params in lagging.asked("getblockhash")) == 7
    gone = FakeNode({})
    gone.url = "http://127.0.0.1:9"
    with serving(chain_of(30)) as node:
        assert run(layout, gone, node, first=25, last=25).blocks_read == 1


def test_a_node_of_another_chain_is_refused(layout: Layout) -> None:
    blocks = {0: {"hash": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"}}
    with serving({**blocks, **{b["height"]: b for b in chain_of(9)}}) as node:
        with pytest.raises(UsageError, match="a node of bitcoin, not of litecoin"):
            run(layout, node, last=1, chain="litecoin")
        assert run(layout, node, last=1, chain="bitcoincash").blocks_read == 1


GENESIS_OF = {
    "main": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    "test": "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    "signet": "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
    "regtest": "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
}


@pytest.mark.parametrize("network", ["test", "signet", "regtest"])
def test_a_node_of_another_network_is_refused_unless_it_is_asked_for(layout: Layout, network: str) -> None:
    with serving({0: {"hash": GENESIS_OF[network]}, **{b["height"]: b for b in chain_of(9)}}) as node:
        with pytest.raises(UsageError, match=f"is a node of the network {network}"):
            run(layout, node, last=1)
        assert not layout.raw.exists()
        assert run(layout, node, last=1, network=network).blocks_read == 1
        with pytest.raises(UsageError, match="'mainnet' is no network"):
            run(layout, node, last=1, network="mainnet")


@pytest.mark.parametrize(
    ("told", "refused_as"),
    [("regtest", "regtest"), ("testnet4", "test"), ("main", None), ("other", None), (7, None)],
)
def test_where_the_first_block_is_not_known_the_nodes_own_word_counts(
    layout: Layout, told: Any, refused_as: str | None
) -> None:
    with serving(chain_of(9)) as node:
        node.misbehave = lambda method, _: ok({"chain": told}) if method == "getblockchaininfo" else None
        if refused_as is None:
            assert run(layout, node, last=1).blocks_read == 1
        else:
            with pytest.raises(UsageError, match=f"is a node of the network {refused_as}"):
                run(layout, node, last=1, chain="another")


def test_keys_go_to_the_node_and_into_no_message(layout: Layout, tmp_path: Path) -> None:
    cookie = tmp_path / ".cookie"
    cookie.write_text("__cookie__:c0ffee1234", encoding="utf-8")
    with serving(chain_of(9)) as node:
        run(layout, node, last=1, cookie=cookie)
        assert node.headers[-1]["Authorization"] == basic("__cookie__", "c0ffee1234")
        node.url = node.url.replace("http://", "http://alice:hunter2secret@")
        run(layout, node, first=2, last=2)
        assert node.headers[-1]["Authorization"] == basic("alice", "hunter2secret")
        node.misbehave = lambda method, params: refused(-5, f"no: {node.url} hunter2secret")
        with pytest.raises(WorkError) as caught:
            run(layout, node, first=3, last=3)
    assert "hunter2secret" not in str(caught.value)
    for text, said in (("nothing", "no cookie file"), (None, "cannot be read")):
        path = tmp_path / "other"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=said):
            run(layout, node, last=1, cookie=path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"last": 0}, "no range"),
        ({"last": 2, "confirmations": 0}, "too few"),
        ({"last": 2, "chain": "../x"}, "no name|not a chain"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_asked(
    layout: Layout, options: dict[str, Any], said: str
) -> None:
    with serving(chain_of(9)) as node:
        with pytest.raises(UsageError, match=said):
            run(layout, node, **options)
        assert not node.calls


def test_a_coinbase_id_that_occurs_twice_is_two_transactions(layout: Layout) -> None:
    blocks = chain_of(9)
    blocks[6]["tx"][0] = blocks[3]["tx"][0]
    with serving(blocks) as node:
        run(layout, node, last=7, confirmations=1)
    again = stored(layout).filter(tx_hash=tx_id(4), side="out", position=0)
    assert again["block_number"].to_list() == [4, 7]


def test_chunks_are_stored_one_by_one(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the node fails later, the chunks before are there; the end gives the bytes of one go."""
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 10)
    monkeypatch.setattr(ingest, "_BLOCKS_A_DELIVERY", 2)
    with serving(chain_of(20, told=False)) as node:
        run(layout, node, last=12)
    assert stored(layout).filter(side="in")["amount_raw"].null_count() == 0
    assert stored(layout, "blocks").height == 12


def test_the_recorded_block_goes_into_the_store_whole(layout: Layout) -> None:
    recorded = real_block()
    with serving([recorded]) as node:
        node.height = 866_400
        report = run(layout, node, first=866_342, last=866_342)
    assert report.rows_new == 7_972 + 10_327
    assert not report.quarantined
    rows = stored(layout).with_columns(pl.col("amount_raw").cast(pl.Int64))
    spent = rows.filter(side="in")["amount_raw"].sum()
    assert rows.filter(side="out")["amount_raw"].sum() - spent == 312_500_000


def test_the_command_reads_and_says_what_it_did(layout: Layout) -> None:
    app = typer.Typer()
    group = typer.Typer()
    group.callback()(lambda: None)
    command.register(group)
    app.add_typer(group, name="ingest")
    with serving(chain_of(9)) as node:
        done = CliRunner().invoke(
            app,
            [
                "ingest",
                "bitcoin",
                "--rpc",
                node.url,
                "--from-block",
                "1",
                "--to-block",
                "2",
                "--data",
                str(layout.root),
            ],
        )
    assert done.exit_code == 0, done.output
    assert "2 blocks of bitcoin read" in done.stderr
    assert done.stdout == ""


def test_requests_are_json_rpc_with_their_method(layout: Layout) -> None:
    with serving(chain_of(9)) as node:
        run(layout, node, last=1)
    assert json.dumps(node.calls[0]) == '["getblockcount", []]'


class Counting:
    """Progress that remembers what it was told."""

    done = 0

    def advance(self, rows: int) -> None:
        self.done += rows

    def moved_to(self, rows: int) -> None:
        raise AssertionError("blocks come one by one")

    def begin(self, what: str, total: int | None) -> None:
        raise AssertionError("there is one piece of work")


def test_progress_counts_blocks_those_that_are_stored_already_among_them(layout: Layout) -> None:
    with serving(chain_of(12)) as node:
        run(layout, node, last=3)
        progress = Counting()
        run(layout, node, last=6, progress=progress)
    assert progress.done == 6
